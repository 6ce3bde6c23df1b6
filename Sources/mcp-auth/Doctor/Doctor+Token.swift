import HTTPMessages
import JOSE
import OAuthMetadata
import WireFormat

extension Doctor {
    /// Examines a token by the documents that were read, and asks the server about it.
    mutating func examine(token: [UInt8]) async {
        let isGood = judge(token)
        guard let text = String(validating: token, as: UTF8.self), HTTPFields.Value("Bearer \(text)") != nil else {
            report.fault(.tokenForm, "The token has bytes that no header field holds.")
            return
        }
        switch await client.post(MCPClient.initialize, token: .bearer(text)) {
        case .failure(let error): report.fault(.tokenAccepted, explain(error, endpoint))
        case .success(let answer): examine(answer, to: text, isGood: isGood)
        }
    }

    private mutating func examine(_ answer: FetchedDocument, to token: String, isGood: Bool?) {
        let place = "\(Self.place("POST", endpoint)) with the token"
        let values = answer.fields.values(of: .wwwAuthenticate).map(\.bytes)
        let bearer = (try? AuthenticationChallenges(parsing: values).bearer)?.first
        var said = ""
        if let error = bearer?.error { said += " It says \(DisplayText.line(error))" }
        if let description = bearer?.errorDescription, !description.contains(token) {
            said += "\(said.isEmpty ? " It says" : ":") \(DisplayText.line(description))"
        }
        if !said.isEmpty { said += "." }
        switch answer.status.code {
        case 401: report.fault(.tokenAccepted, at: place, "The answer is 401.\(said)")
        case 403:
            let scopes = bearer?.scope.map { " It asks for \($0.description)." } ?? ""
            report.fault(.tokenScope, at: place, "The answer is 403.\(said)\(scopes)")
        case 500...: report.fault(.tokenAccepted, at: place, "The answer is \(answer.status).")
        default:
            report.good(.tokenAccepted, "\(answer.status)")
            if isGood == false {
                report.fault(.verdictsAgree, at: place, "The server accepts this token in spite of the ✗ above.")
            }
        }
    }

    /// Whether the token is good for the resource; nil when that cannot be decided here.
    private mutating func judge(_ token: [UInt8]) -> Bool? {
        let jwt: UnverifiedJWT
        do throws(JOSEError) {
            jwt = try UnverifiedJWT(parsing: token, limit: TokenText.maximumBytes)
        } catch {
            if token.contains(UInt8(ascii: ".")) {
                report.fault(.tokenForm, error.explanation)
                return false
            }
            report.note(.tokenForm, "it has no dot: only its issuer knows what it says")
            return nil
        }
        report.good(.tokenForm)
        var results = [judgeAlgorithm(jwt), judgeAudience(jwt), judgeTime(jwt)]
        results.append(judgeIssuer(jwt))
        return results.allSatisfy { $0 }
    }

    private mutating func judgeAlgorithm(_ jwt: UnverifiedJWT) -> Bool {
        let name = jwt.header.root["alg"]?.string ?? ""
        let shown = DisplayText.line(name)
        if SignatureAlgorithm.allowedByDefault.contains(where: { $0.name.hasSameBytes(as: name) }) {
            report.good(.tokenAlgorithm, shown)
            return true
        }
        guard SignatureAlgorithm(name: name) != nil else {
            report.fault(.tokenAlgorithm, "alg is \(shown), which no server may accept from an issuer.")
            return false
        }
        report.warn(.tokenAlgorithm, "alg is \(shown); servers of this library allow RS256 and ES256 by default.")
        return true
    }

    private mutating func judgeAudience(_ jwt: UnverifiedJWT) -> Bool {
        let expected = resource?.resource.text ?? endpoint.text
        let found = jwt.audiences
        let slash = expected.utf8.last == UInt8(ascii: "/")
        let other = slash ? String(decoding: expected.utf8.dropLast(), as: UTF8.self) : expected + "/"
        if found.contains(where: { $0.hasSameBytes(as: expected) || $0.hasSameBytes(as: other) }) {
            report.good(.tokenAudience)
            return true
        }
        let shown = found.isEmpty ? "missing" : found.map { DisplayText.line($0) }.joined(separator: ", ")
        report.fault(.tokenAudience, "aud is \(shown); expected is \(DisplayText.line(expected)).")
        return false
    }

    private mutating func judgeTime(_ jwt: UnverifiedJWT) -> Bool {
        let skew = 60.0
        let root = jwt.payload.root
        guard let expiry = root["exp"]?.double else {
            report.fault(.tokenTime, "exp is missing, or is not a number of seconds.")
            return false
        }
        let shown = DisplayTime.describe(expiry, now: now) ?? "beyond the year 9999"
        if now >= expiry + skew {
            report.fault(.tokenTime, "It expired: exp is \(shown).")
            return false
        }
        if let start = root["nbf"]?.double, start > now + skew {
            report.fault(
                .tokenTime, "It is not valid yet: nbf is \(DisplayTime.describe(start, now: now) ?? "far away").")
            return false
        }
        report.good(.tokenTime, "until \(shown)")
        return true
    }

    /// Checks the issuer, then everything else with its keys.
    private mutating func judgeIssuer(_ jwt: UnverifiedJWT) -> Bool {
        let claimed = jwt.unverifiedIssuer ?? ""
        guard let server = servers.first(where: { $0.metadata.issuer.text.hasSameBytes(as: claimed) }) else {
            let known = (resource?.authorizationServers ?? []).map { DisplayText.line($0.text) }.joined(separator: ", ")
            report.fault(
                .tokenIssuer,
                "iss is \(claimed.isEmpty ? "missing" : DisplayText.line(claimed)); the metadata names "
                    + "\(known.isEmpty ? "no authorization server" : known).")
            return false
        }
        report.good(.tokenIssuer)
        guard let keys = server.keys else {
            report.note(.tokenSignature, "there are no keys to check it with")
            return true
        }
        var policy = JWTPolicy(issuer: claimed, resource: resource?.resource.text ?? endpoint.text)
        policy.algorithms = SignatureAlgorithm.all
        guard let validation = try? JWTValidation(policy) else { return true }
        do throws(JOSEError) {
            _ = try validation.verify(jwt, keys: keys.keys, now: now)
            report.good(.tokenSignature)
            report.good(.tokenKind)
            return true
        } catch {
            return examine(error)
        }
    }

    private mutating func examine(_ error: JOSEError) -> Bool {
        switch error {
        case .key, .badSignature:
            report.fault(.tokenSignature, error.explanation)
            return false
        case .notAnAccessToken, .header(.type):
            report.good(.tokenSignature)
            report.fault(.tokenKind, error.explanation)
            return false
        // These have findings of their own.
        case .header(.algorithmNotAllowed), .header(.algorithmMissing): return false
        case .claim(.aud, _), .claim(.exp, _), .claim(.nbf, _), .claim(.iss, _):
            report.good(.tokenSignature)
            return false
        case .claim, .header, .malformed:
            report.fault(.tokenClaims, error.explanation)
            return false
        case .cryptographyUnavailable:
            report.note(.tokenSignature, "libcrypto failed")
            return true
        }
    }
}

extension UnverifiedJWT {
    /// The audiences that the token names, unverified: `aud` is one text or a list of them.
    var audiences: [String] {
        guard let claim = payload.root["aud"] else { return [] }
        if let text = claim.string { return [text] }
        var audiences: [String] = []
        claim.forEachElement { element in
            if let text = element.string { audiences.append(text) }
            return true
        }
        return audiences
    }
}
