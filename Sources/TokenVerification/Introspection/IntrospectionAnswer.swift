internal import JOSE
internal import WireFormat

/// Decides whether an answer of the introspection endpoint (RFC 7662 §2.2) makes a token good for this resource.
///
/// **Checks**, in this order: `active` is JSON true, `token_type` and `token_use` when they are there, `exp`, `nbf`, `iss`
/// when they are there, `aud`, the types of `sub`, `client_id` and `jti`, and that there is no `cnf`.
/// **Does not check** `iat` and scopes.
///
/// The rules of the registered claims are those of a JWT: see ``ClaimRules``. Here only `aud` is required.
struct IntrospectionAnswer: Sendable {
    private let issuer: String
    private let rules: ClaimRules
    private let absentAudience: IntrospectionConfiguration.AbsentAudience
    private let scopes: ScopeMapping

    init(
        _ policy: JWTPolicy, _ absentAudience: IntrospectionConfiguration.AbsentAudience, scopes: ScopeMapping
    ) {
        self.scopes = scopes
        issuer = policy.issuer
        rules = ClaimRules(policy)
        self.absentAudience = absentAudience
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
            let expiresAt = try checkClaims(answer, now: now)
            return .success(AccessToken(issuer: issuer, expiresAt: expiresAt, claims: answer, scopes: scopes))
        } catch {
            return .failure(.invalid(.jwt(error)))
        }
    }

    /// An endpoint answers about refresh tokens too, which open nothing here.
    private func checkKind(_ claims: JSONDocument.Node) throws(JOSEError) {
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
    private func checkClaims(_ answer: JSONDocument, now: Double) throws(JOSEError) -> Double? {
        let claims = ClaimPositions(answer)
        let expiresAt = try rules.expirationTime(in: answer, at: claims.exp, now: now)
        try rules.checkNotBefore(in: answer, at: claims.nbf, now: now)
        // RFC 7662 §2.2: `iss` is optional. A different issuer makes it a token of another server.
        if let iss = claims.iss { try rules.checkIssuer(in: answer, at: iss) }
        if let aud = claims.aud {
            try rules.checkAudience(in: answer, at: aud)
        } else if absentAudience != .dangerouslyAccepted {
            throw .claim(.aud, .missing)
        }
        if let sub = claims.sub { try ClaimRules.checkIdentity(.sub, in: answer, at: sub) }
        if let clientID = claims.clientID { try ClaimRules.checkIdentity(.clientID, in: answer, at: clientID) }
        if let jti = claims.jti { try ClaimRules.checkIdentity(.jti, in: answer, at: jti) }
        try ClaimRules.checkConfirmation(at: claims.cnf)
        return expiresAt
    }
}
