internal import JOSE
internal import WireFormat

/// Decides whether a response of the introspection endpoint (RFC 7662 §2.2) makes a token acceptable for this resource.
///
/// **Checks**, in this order: `active` is JSON true; `token_type` and `token_use`, if present; `exp`, `nbf` and `iss`,
/// if present; `aud`; the types of `sub`, `client_id` and `jti`, and without `sub` that of `username`; that `cnf`
/// is absent or names only bindings that the configuration allows, and names a key if `token_type` is `DPoP`.
/// **Does not check** `iat` or scopes.
///
/// The rules for the registered claims are those of a JWT: see ``ClaimRules``. Only `aud` is required here. A member
/// that is null counts as absent, apart from `active`, `exp`, `iss`, `aud` and `cnf`, which protect the token.
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
            return .success(
                AccessToken(introspected: answer, issuer: issuer, expiresAt: expiresAt, scopes: scopes))
        } catch {
            return .failure(.invalid(.jwt(error)))
        }
    }

    /// Endpoints also describe refresh tokens, which are not access tokens.
    private func checkKind(_ claims: JSONDocument.Node) throws(JOSEError) {
        // RFC 7662 §2.2, RFC 6749 §7.1: the token type is compared without regard to case.
        if let type = claims["token_type"], type.kind != .null {
            guard let bytes = type.stringBytes,
                Self.acceptedTypes.contains(where: { ASCII.equalsIgnoringCase(bytes, $0.utf8) })
            else { throw .notAnAccessToken }
        }
        // Ory Hydra and AWS Cognito name the kind of token here.
        if let use = claims["token_use"], use.kind != .null {
            guard use.isString("access_token") || use.isString("access") else { throw .notAnAccessToken }
        }
    }

    /// The values of `token_type` for an access token. RFC 6750 §4 and RFC 9449 §6.2: `Bearer` and `DPoP`. `cnf` says
    /// which binding is asked for, and `DPoP` is refused without one. RFC 8693 §2.2.1: `N_A` for a token that has no
    /// type of RFC 6749 §7.1. `access_token` is not a type, but some authorization servers repeat the
    /// `token_type_hint` (RFC 7662 §2.1) here.
    private static let acceptedTypes = ["Bearer", "DPoP", "N_A", "access_token"]

    private func isDPoP(_ claims: JSONDocument.Node) -> Bool {
        claims["token_type"]?.stringBytes.map { ASCII.equalsIgnoringCase($0, "DPoP".utf8) } ?? false
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
        // Without `sub`, `username` is the subject. If another kind of value were ignored, all users of one client
        // would be one principal.
        let hasSubject = claims.sub.map { answer.stringByteCount(at: $0) ?? 0 > 0 } ?? false
        if !hasSubject, let username = answer.root["username"], username.kind != .null, username.kind != .string {
            throw .claim(.username, .wrongType)
        }
        if let clientID = claims.clientID { try ClaimRules.checkIdentity(.clientID, in: answer, at: clientID) }
        if let jti = claims.jti { try ClaimRules.checkIdentity(.jti, in: answer, at: jti) }
        let confirmation = try rules.confirmation(in: answer, at: claims.cnf)
        // RFC 9449 §6.2: an authorization server that calls a token DPoP has bound it. Without the thumbprint, the
        // binding cannot be checked, and the token is not a bearer token.
        if isDPoP(answer.root), confirmation?.keyThumbprint == nil { throw .claim(.cnf, .missing) }
        return expiresAt
    }
}
