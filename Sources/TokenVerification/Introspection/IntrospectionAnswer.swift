internal import JOSE
internal import WireFormat

/// Decides whether a response of the introspection endpoint (RFC 7662 §2.2) makes a token acceptable for this resource.
///
/// **Checks**, in this order: `active` is JSON true; `token_type` and `token_use`, if present; `exp`, `nbf` and `iss`,
/// if present; `aud`; the types of `sub`, `client_id` and `jti`; the absence of `cnf`.
/// **Does not check** `iat` or scopes.
///
/// The rules for the registered claims are those of a JWT: see ``ClaimRules``. Only `aud` is required here.
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

    /// The verdict on the token that the response describes.
    func verdict(
        on answer: JSONDocument, now: Double
    ) throws(IntrospectionEndpoint.RequestFailure) -> Result<AccessToken, TokenRejection> {
        let claims = answer.root
        // RFC 7662 §2.2: `active` is a required Boolean. With a string or number there, this is not an introspection
        // response.
        guard claims.kind == .object, let isActive = claims["active"]?.bool else {
            throw IntrospectionEndpoint.RequestFailure(.notAnAnswer)
        }
        guard isActive else { return .failure(.invalid(.inactive)) }
        do throws(JOSEError) {
            try checkKind(claims)
            let expiresAt = try checkClaims(answer, now: now)
            return .success(AccessToken(issuer: issuer, expiresAt: expiresAt, claims: answer, scopes: scopes))
        } catch {
            return .failure(.invalid(.jwt(error)))
        }
    }

    /// Endpoints also describe refresh tokens, which are not access tokens.
    private func checkKind(_ claims: JSONDocument.Node) throws(JOSEError) {
        // RFC 7662 §2.2, RFC 6749 §7.1: the token type is compared without regard to case.
        if let type = claims["token_type"] {
            guard let bytes = type.stringBytes, ASCII.equalsIgnoringCase(bytes, "bearer".utf8) else {
                throw .notAnAccessToken
            }
        }
        // Ory Hydra and AWS Cognito name the kind of token here.
        if let use = claims["token_use"] {
            guard use.isString("access_token") || use.isString("access") else { throw .notAnAccessToken }
        }
    }

    /// Returns `exp`.
    private func checkClaims(_ answer: JSONDocument, now: Double) throws(JOSEError) -> Double? {
        let claims = ClaimPositions(answer)
        let expiresAt = try rules.expirationTime(in: answer, at: claims.exp, now: now)
        try rules.checkNotBefore(in: answer, at: claims.nbf, now: now)
        // RFC 7662 §2.2: `iss` is optional. With a different issuer, the token belongs to another authorization server.
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
