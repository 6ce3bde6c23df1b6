import JOSE
import OAuthMetadata
import TokenVerification
import WireFormat

/// `token verify`: decides whether a token is good for an audience with the keys of a set. Prints one JSON object.
struct TokenVerifyCommand {
    private let options: VerificationOptions

    /// Parses the arguments after `token verify`.
    init(_ arguments: [String]) throws(CommandFault) {
        options = try VerificationOptions(arguments)
    }

    func run(in environment: CommandEnvironment) async throws(CommandFault) -> Outcome {
        let keyText: [UInt8]
        if let keys = options.keys {
            keyText = try await keys.read(in: environment)
        } else {
            keyText = try await IssuerKeys(
                issuer: options.issuer ?? "", network: environment.network(options.network)
            ).read()
        }
        let token = TokenText.withoutScheme(try TokenText.read(from: options.tokenFile, in: environment))
        let now = options.now.map(Double.init) ?? environment.now()

        let parsed = Self.parse(token)
        let jwt = try? parsed.get()
        // A policy needs an issuer. A token without `iss` fails the issuer check under any policy, so a placeholder
        // suffices.
        let claimed = jwt?.unverifiedIssuer.flatMap { $0.isEmpty ? nil : $0 }
        let issuer = options.issuer ?? claimed ?? "https://issuer.invalid"
        let document = try KeyDocument(parsing: keyText, issuer: issuer, pemKeyID: jwt?.header.root["kid"]?.stringBytes)

        let validation = try validation(issuer)
        var answer: JSONDocument.Object
        do throws(JOSEError) {
            let verified = try validation.verify(parsed.get(), keys: document.keys, now: now)
            answer = judgeScopes(verified, accepted(verified, jwt, now: now))
        } catch {
            guard error != .cryptographyUnavailable else { throw CommandFault(error.explanation) }
            let refusal = RefusalExplanation(error: error, options: options, jwt: jwt, now: now)
            answer = ["valid": false, "code": .string(error.code), "explanation": .string(refusal.text)]
            if let (expected, found) = refusal.difference {
                answer["expected"] = expected
                answer["found"] = found
            }
        }
        if options.issuer == nil {
            answer["issuer_from"] = "token"
            answer["note"] = "No --issuer was given: the token's own iss was taken for it, and is not checked."
        } else {
            answer["issuer_from"] = "--issuer"
        }
        answer["fingerprint"] = .string(PresentedToken(token).fingerprint)
        let unused = document.entries.compactMap(Self.describe)
        if !unused.isEmpty { answer["unusable_keys"] = .array(unused) }
        let text = DisplayText.json(.object(answer), isIndented: environment.outputIsTerminal)
        return Outcome(status: answer["valid"]?.bool == true ? .good : .refused, output: text + "\n")
    }

    private func validation(_ issuer: String) throws(CommandFault) -> JWTValidation {
        var policy = JWTPolicy(issuer: issuer, resource: nil)
        policy.audiences = [options.audience]
        policy.algorithms = options.algorithms
        policy.clockSkew = options.skew
        policy.profile = options.profile
        do throws(JWTPolicy.Invalid) {
            return try JWTValidation(policy)
        } catch {
            throw CommandFault(error.faults.map(\.description))
        }
    }

    private func accepted(_ verified: VerifiedJWT, _ jwt: UnverifiedJWT?, now: Double) -> JSONDocument.Object {
        var answer: JSONDocument.Object = ["valid": true]
        answer["alg"] = jwt?.header.root["alg"]?.value
        answer["kid"] = (jwt?.header.root["kid"]?.string).map { .string(DisplayText.cut($0)) }
        answer["issuer"] = .string(verified.issuer)
        answer["audience"] = .string(options.audience)
        answer["profile"] = options.profile == .rfc9068 ? "rfc9068" : "default"
        answer["expires"] = DisplayTime.describe(verified.expiresAt, now: now).map { .string($0) }
        answer["claims"] = verified.claims.root.value
        return answer
    }

    /// The answer for a token whose claims are good: it may lack scopes.
    private func judgeScopes(_ verified: VerifiedJWT, _ answer: JSONDocument.Object) -> JSONDocument.Object {
        let granted = Self.scopes(of: verified.claims.root)
        guard !granted.isSuperset(of: options.requiredScopes) else { return answer }
        let required = options.requiredScopes
        return [
            "valid": false, "code": "insufficient_scope",
            "explanation": "The token lacks scopes that --required-scope names.",
            "expected": .array(required.tokens.map { .string($0) }),
            "found": .array(granted.tokens.map { .string($0) }),
        ]
    }

    /// The scopes of a token: `scope`, or `scp` if it is absent or empty. Each is a text with spaces, or a list.
    private static func scopes(of claims: JSONDocument.Node) -> ScopeSet {
        for name in ["scope", "scp"] {
            guard let claim = claims[name] else { continue }
            var texts = claim.string.map { [$0] } ?? []
            claim.forEachElement { element in
                if let text = element.string { texts.append(text) }
                return true
            }
            let scopes = ScopeSet(keepingValidOf: texts.joined(separator: " "))
            if !scopes.isEmpty { return scopes }
        }
        return ScopeSet()
    }

    private static func parse(_ token: [UInt8]) -> Result<UnverifiedJWT, JOSEError> {
        do throws(JOSEError) {
            return .success(try UnverifiedJWT(parsing: token, limit: TokenText.maximumBytes))
        } catch {
            return .failure(error)
        }
    }

    private static func describe(_ entry: KeyDocument.Entry) -> JSONValue? {
        guard let defect = entry.defect else { return nil }
        return [
            "index": .number(JSONDocument.Number(entry.index)), "kid": entry.keyID.map { .string($0) } ?? .null,
            "reason": .string(defect.rawValue),
            "explanation": .string(defect.explanation),
        ]
    }
}
