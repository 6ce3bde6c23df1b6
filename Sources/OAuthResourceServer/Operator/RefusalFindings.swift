internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// Finds what the operator needs to know about a refusal besides its code: what was expected, by the configuration, and
/// which usual mistake it looks like.
///
/// Values of a token are named only if the operator asks for them: see
/// ``ResourceServerConfiguration/Events-swift.struct/tokenDetails``. What a token looks like is one of a few constants.
final class RefusalFindings: Sendable {
    /// What was found out.
    struct Found: Sendable {
        var attributes: [(key: String, value: String)] = []
        /// The hint, if the code alone does not lead to it.
        var hint: String?

        mutating func add(_ key: String, _ value: String) {
            if !value.isEmpty { attributes.append((key, value)) }
        }
    }

    /// The longest value of a request or token that is shown, in bytes.
    static let maximumValueBytes = 128
    /// The largest number of issuers and audiences that are shown.
    static let maximumListed = 4
    /// Claims in which issuers put permissions that this server does not read unless it is told to.
    static let otherScopeClaims = [
        "permissions", "roles", "role", "groups", "authorities", "scopes", "scope_list", "entitlements",
    ]
    /// Claims of a person, which ID tokens have.
    private static let personalClaims = [
        "nonce", "at_hash", "c_hash", "s_hash", "email", "preferred_username", "picture", "given_name",
    ]

    private let resource: String
    private let resourceHost: String
    private let introspectionAudiences: [String]
    private let issuers: [TrustedIssuer]
    private let details: Set<ResourceServerConfiguration.Events.TokenDetail>

    init(_ configuration: CheckedConfiguration, _ issuers: [TrustedIssuer]) {
        resource = configuration.resource.text
        resourceHost = configuration.resource.url.host
        introspectionAudiences = configuration.introspectionAudiences
        self.issuers = issuers
        details = configuration.events.tokenDetails
    }

    /// Looks at a refused request. It is called only if there is an observer.
    func look(
        at refusal: ResourceServer.Refusal, of request: GuardedRequest, _ token: PresentedToken?,
        _ principal: Principal
    ) -> Found {
        var found = Found()
        switch refusal {
        case .originNotAllowed: found.add("origin", Self.value(of: .origin, in: request))
        case .hostNotServed:
            found.add("host", Self.value(of: .host, in: request))
            found.add("expected", resourceHost)
        case .insufficientScope(let scopes):
            found.add("needs", Self.list(scopes.tokens))
            if let claims = principal.accessToken?.claims { Self.lookForScopes(scopes, in: claims.root, &found) }
        case .insufficientAuthentication(let needed):
            found.add("acr", Self.list(needed.acrValues))
            if let age = needed.maximumAge { found.add("max_age", "\(age.components.seconds)") }
        case .token(let rejection): look(at: rejection, token, &found)
        default: break
        }
        return found
    }

    // MARK: Tokens

    private func look(at rejection: TokenRejection, _ token: PresentedToken?, _ found: inout Found) {
        let jwt = token.flatMap { try? UnverifiedJWT(parsing: $0.bytes, limit: JWTTokenVerifier.maximumTokenBytes) }
        // The unverified `iss` only selects among the configured issuers.
        let named = jwt?.unverifiedIssuer.flatMap { name in issuers.first { $0.issuer.hasSameBytes(as: name) } }
        let issuer = named ?? (issuers.count == 1 ? issuers.first : nil)
        switch rejection {
        case .invalid(.unknownIssuer): lookAtIssuer(jwt, &found)
        case .invalid(.jwt(.claim(let claim, let defect))):
            lookAtClaim(claim, defect, jwt, issuer, &found)
        case .invalid(.jwt(.header(.algorithmNotAllowed))), .invalid(.jwt(.header(.algorithmMissing))):
            let allowed = (issuer.map { [$0] } ?? issuers).flatMap(\.policy.algorithms).map(\.name)
            found.add("allowed", Self.list(allowed.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }))
        case .invalid(.jwt(.key)), .invalid(.jwt(.badSignature)), .unavailable(.keys, _):
            found.add("issuer", issuer?.issuer ?? "")
        case .invalid(.jwt(.malformed(.parts))):
            found.add("parts", "\((token?.bytes.count { $0 == UInt8(ascii: ".") } ?? 0) + 1)")
        default: break
        }
        if case .invalid = rejection, let jwt { showDetails(of: jwt, &found) }
    }

    private func lookAtIssuer(_ jwt: UnverifiedJWT?, _ found: inout Found) {
        found.add("expected", Self.list(issuers.map(\.issuer)))
        guard let name = jwt?.unverifiedIssuer, let url = try? AbsoluteURL(parsing: name) else { return }
        let isOtherTenant = issuers.contains { issuer in
            guard let expected = try? AbsoluteURL(parsing: issuer.issuer) else { return false }
            return expected.scheme == url.scheme && expected.host.hasSameBytes(as: url.host)
                && expected.effectivePort == url.effectivePort
                && JOSEError.IssuerDifference.between(name, issuer.issuer) == .other
        }
        guard isOtherTenant else { return }
        found.add("differs_by", "path")
        found.hint = GuardRemedies.otherTenant
    }

    private func lookAtClaim(
        _ claim: JOSEError.ClaimName, _ defect: JOSEError.ClaimDefect, _ jwt: UnverifiedJWT?, _ issuer: TrustedIssuer?,
        _ found: inout Found
    ) {
        switch defect {
        case .expired, .notYetValid, .issuedInFuture: found.add("skew", "\(issuer?.clockSkew ?? 60)")
        case .mismatch, .missing:
            guard claim.rawValue.hasSameBytes(as: issuer?.policy.audienceClaim ?? "aud") else { return }
            let policies = (issuer.map { [$0] } ?? issuers).map(\.policy)
            let audiences = [resource] + policies.flatMap(\.audiences) + introspectionAudiences
            found.add("expected", Self.list(audiences))
            if let jwt, Self.looksLikeIDToken(jwt.payload.root) {
                found.add("looks_like", "id_token")
                found.hint = TokenRemedies.idToken
            }
        default: break
        }
    }

    /// An ID token without hashes of other tokens: it says who the user is, and has no scope.
    private static func looksLikeIDToken(_ claims: JSONDocument.Node) -> Bool {
        claims["scope"] == nil && claims["scp"] == nil && personalClaims.contains { claims[$0] != nil }
    }

    private static func lookForScopes(_ needed: ScopeSet, in claims: JSONDocument.Node, _ found: inout Found) {
        let claim = otherScopeClaims.first { name in
            guard let claim = claims[name] else { return false }
            var values = ScopeSet(keepingValidOf: claim.string ?? "").tokens
            claim.forEachElement { element in
                if let value = element.string { values.append(value) }
                return values.count < 1_000
            }
            return values.contains(where: needed.contains)
        }
        guard let claim else { return }
        found.add("scopes_in", claim)
        found.hint = GuardRemedies.scopesInOtherClaim
    }

    // MARK: Values

    private func showDetails(of jwt: UnverifiedJWT, _ found: inout Found) {
        guard !details.isEmpty else { return }
        for detail in ResourceServerConfiguration.Events.TokenDetail.allCases where details.contains(detail) {
            let holder = detail == .audience || detail == .issuer ? jwt.payload.root : jwt.header.root
            guard let value = holder[detail.rawValue] else { continue }
            var texts = value.string.map { [$0] } ?? []
            value.forEachElement { element in
                if let text = element.string { texts.append(text) }
                return texts.count < Self.maximumListed
            }
            found.add("token_\(detail.rawValue)", Self.cut(texts.joined(separator: " ")))
        }
    }

    private static func value(of name: HTTPFields.Name, in request: GuardedRequest) -> String {
        switch request.fields.occurrence(of: name) {
        case .absent: "none"
        case .repeated: "repeated"
        case .once(let value): cut(String(decoding: value.bytes, as: UTF8.self))
        }
    }

    private static func list(_ values: [String]) -> String {
        values.prefix(maximumListed).joined(separator: " ") + (values.count > maximumListed ? " ..." : "")
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumValueBytes else { return text }
        return String(decoding: text.utf8.prefix(maximumValueBytes), as: UTF8.self) + "..."
    }
}
