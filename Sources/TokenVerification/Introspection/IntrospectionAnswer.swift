internal import JOSE
internal import WireFormat

/// Decides whether an answer of the introspection endpoint (RFC 7662 §2.2) makes a token good for this resource.
///
/// **Checks**, in this order: `active` is JSON true, `token_type` and `token_use` when they are there, `exp`, `nbf`, `iss`
/// when they are there, `aud`, the types of `sub`, `client_id` and `jti`, and that there is no `cnf`.
/// **Does not check** `iat` and scopes.
struct IntrospectionAnswer: Sendable {
    private let issuer: String
    private let issuerBytes: [UInt8]
    private let audiences: [[UInt8]]
    private let absentAudience: IntrospectionConfiguration.AbsentAudience
    private let skew: Double
    private let scopes: ScopeMapping

    init(
        _ policy: JWTPolicy, _ absentAudience: IntrospectionConfiguration.AbsentAudience, scopes: ScopeMapping
    ) {
        self.scopes = scopes
        issuer = policy.issuer
        issuerBytes = Array(policy.issuer.utf8)
        audiences = policy.acceptedAudiences
        self.absentAudience = absentAudience
        skew = Double(policy.clockSkew)
    }

    /// The verdict on a token that the endpoint said this about.
    func verdict(
        on answer: JSONDocument, now: Double
    ) throws(IntrospectionTokenVerifier.Failure) -> Result<AccessToken, TokenRejection> {
        let claims = answer.root
        // RFC 7662 §2.2: required, a Boolean. A text or a number is no answer.
        guard claims.kind == .object, let isActive = claims["active"]?.bool else { throw .notAnAnswer }
        guard isActive else { return .failure(.invalid(.inactive)) }
        do throws(JOSEError) {
            try checkKind(claims)
            let expiresAt = try checkTimes(claims, now: now)
            // RFC 7662 §2.2 has it optional; a different one is another server's token.
            if let iss = claims["iss"], !iss.isString(issuerBytes.span) {
                throw JOSEError.claim(.iss, iss.kind == .string ? .mismatch : .wrongType)
            }
            try checkAudience(claims)
            for name in [ClaimName.sub, .clientID, .jti] {
                if let claim = claims[name.rawValue], claim.kind != .string { throw JOSEError.claim(name, .wrongType) }
            }
            // RFC 7800 §3.1: a binding that is asked for must be satisfied, and none is configured.
            guard claims["cnf"] == nil else { throw JOSEError.claim(.cnf, .unsatisfied) }
            return .success(AccessToken(issuer: issuer, expiresAt: expiresAt, claims: answer, scopes: scopes))
        } catch {
            return .failure(.invalid(.jwt(error)))
        }
    }

    /// An endpoint answers about refresh tokens too, which open nothing here.
    private func checkKind(_ claims: JSONNode) throws(JOSEError) {
        // RFC 7662 §2.2, RFC 6749 §7.1: compared without case.
        if let type = claims["token_type"] {
            guard let bytes = type.stringBytes, ASCII.equalsIgnoringCase(bytes, "bearer".utf8) else {
                throw .notAnAccessToken
            }
        }
        // What Ory Hydra and AWS Cognito call the kind.
        if let use = claims["token_use"] {
            guard use.isString("access_token") || use.isString("access") else { throw .notAnAccessToken }
        }
    }

    /// Returns `exp`.
    private func checkTimes(_ claims: JSONNode, now: Double) throws(JOSEError) -> Double? {
        let expiresAt = try Self.time(.exp, claims["exp"])
        if let expiresAt, now >= expiresAt + skew { throw .claim(.exp, .expired) }
        if let notBefore = try Self.time(.nbf, claims["nbf"]), notBefore > now + skew {
            throw .claim(.nbf, .notYetValid)
        }
        return expiresAt
    }

    /// RFC 7519 §2 NumericDate: a JSON number, integer or fraction, |x| < 2^53.
    private static func time(_ name: ClaimName, _ claim: JSONNode?) throws(JOSEError) -> Double? {
        guard let claim else { return nil }
        guard let seconds = claim.double, seconds.magnitude < 9_007_199_254_740_992 else {
            throw .claim(name, .wrongType)
        }
        return seconds
    }

    /// RFC 7662 §2.2: a string or an array of strings, of which one names this resource.
    private func checkAudience(_ claims: JSONNode) throws(JOSEError) {
        guard let aud = claims["aud"] else {
            guard absentAudience == .dangerouslyAccepted else { throw .claim(.aud, .missing) }
            return
        }
        var allStrings = aud.kind == .string || aud.kind == .array
        var found = aud.kind == .string && isAccepted(aud)
        if aud.kind == .array {
            aud.forEachElement { element in
                allStrings = element.kind == .string
                found = found || isAccepted(element)
                return allStrings
            }
        }
        guard allStrings else { throw .claim(.aud, .wrongType) }
        guard found else { throw .claim(.aud, .mismatch) }
    }

    private func isAccepted(_ audience: JSONNode) -> Bool {
        audiences.contains { audience.isString($0.span) }
    }
}
