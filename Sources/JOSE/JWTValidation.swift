internal import WireFormat

/// Decides whether a compact JWT is an acceptable access token of one issuer for this resource.
///
/// **Checks**, in this order: algorithm, `typ`, issuer, key, signature, `exp`, `nbf`, `iat`, audience, the claims that
/// the profile and the policy require, claims of ID tokens, and that the token asks for no key binding (`cnf`) but
/// those of ``JWTPolicy/confirmations``. ``UnverifiedJWT`` has checked size, form, base64url, JSON, `crit`, `b64` and
/// `kid` before. For a verifier it has also refused an algorithm and a `typ` that no policy of the verifier accepts.
/// **Does not check** the proof for a key binding, scopes (see `ResourceServer`), revocation, or whether the token was
/// seen before.
///
/// This file calls the rules in order. The rules are in these files:
/// - size, the three parts: `CompactJWS.swift`; `crit`, `b64`, `enc`, `zip`, `cty`, `kid`, the kinds of `typ`:
///   `JOSEHeader.swift`
/// - base64url, JSON: `WireFormat/Base64URL.swift`, `WireFormat/JSONDocument.swift`
/// - the algorithms and their names: `SignatureAlgorithm.swift`
/// - the settings of a policy and their ranges: `JWTPolicy.swift`
/// - the selection of a key (`kid`, none, repeated, unknown): `JSONWebKeySet.swift`
/// - usable keys (`kty`, `crv`, `use`, `key_ops`, `alg`, private members): `JSONWebKey.swift`; sizes and numbers:
///   `PublicKey.swift`; points on their curve, signature lengths, padding: `CLibcrypto`
/// - NumericDate, `iss`, `aud`, `sub`, `client_id`, `jti`: `ClaimRules.swift`; `cnf`: there, and
///   `KeyConfirmation.swift`
///
/// Immutable; any number of tasks may verify with one at once.
///
/// - SeeAlso: [RFC 9068 §4](https://www.rfc-editor.org/rfc/rfc9068#section-4),
///   [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725)
public struct JWTValidation: Sendable {
    /// One object, because a validation is passed on for every token.
    private final class Content: Sendable {
        let policy: JWTPolicy
        let rules: ClaimRules
        let hasStandardAudience: Bool
        /// Copies of a validation share it; see ``PrecheckedJWT``.
        let identity = UniqueNumber()

        init(_ policy: JWTPolicy) {
            self.policy = policy
            rules = ClaimRules(policy)
            hasStandardAudience = policy.audienceClaim.hasSameBytes(as: "aud")
        }
    }

    private let content: Content
    private var rules: ClaimRules { content.rules }

    /// The checked policy.
    public var policy: JWTPolicy { content.policy }
    /// The longest time since `iat` that the policy accepts; nil for no limit.
    package var maximumAge: Int? { policy.maximumAge }

    /// Makes a validation of a policy.
    ///
    /// - Throws: ``JWTPolicy/Invalid`` with every fault.
    public init(_ policy: JWTPolicy) throws(JWTPolicy.Invalid) {
        let faults = policy.faults
        guard faults.isEmpty else { throw JWTPolicy.Invalid(faults: faults) }
        content = Content(policy)
    }

    /// Makes a validation with the default policy.
    ///
    /// - Throws: ``JWTPolicy/Invalid`` for an empty issuer or resource.
    public init(issuer: String, resource: String) throws(JWTPolicy.Invalid) {
        try self.init(JWTPolicy(issuer: issuer, resource: resource))
    }

    /// Whether the `iss` claim, which is not verified yet, names the issuer of the policy.
    package func isNamed(by jwt: UnverifiedJWT) -> Bool {
        guard let iss = jwt.claims.iss else { return false }
        let issuer = rules.issuer
        return jwt.payload.isString(at: iss, issuer.span)
    }

    /// Applies the checks that need neither a key nor the network.
    ///
    /// **Checks** algorithm, `typ` and issuer, in this order. Fetch no keys for a token that fails here.
    /// **Does not check** the signature or any other claim.
    /// - Returns: The value to pass to ``verify(_:keys:now:)-(PrecheckedJWT,_,_)``.
    /// - Throws: ``JOSEError/header(_:)``, or ``JOSEError/claim(_:_:)`` about `iss`.
    public func precheck(_ jwt: consuming UnverifiedJWT) throws(JOSEError) -> PrecheckedJWT {
        let algorithm = try checkHeaderAndIssuer(jwt)
        return PrecheckedJWT(jwt, algorithm: algorithm, validation: content.identity)
    }

    /// Verifies a prechecked token with the keys of its issuer.
    ///
    /// **Checks** key, signature and claims. A token that another validation has prechecked is prechecked again by this
    /// one.
    /// **Does not check** scopes and revocation.
    /// - Parameters:
    ///   - jwt: The result of ``precheck(_:)``.
    ///   - keys: The keys of the policy's issuer. The keys of another issuer are refused.
    ///   - now: Seconds since 1970; compared with `exp`, `nbf` and `iat` after adding the skew.
    /// - Throws: The first check that fails. ``JOSEError/key(_:)`` with ``JOSEError/KeyMismatch/unknown`` is the only
    ///   error that a newer key set can change.
    public func verify(_ jwt: PrecheckedJWT, keys: JSONWebKeySet, now: Double) throws(JOSEError) -> VerifiedJWT {
        let isOwn = jwt.validation == content.identity
        let algorithm = isOwn ? jwt.algorithm : try checkHeaderAndIssuer(jwt.jwt)
        return try verify(jwt.jwt, algorithm, keys: keys, now: now)
    }

    /// Prechecks and verifies a token, for a caller whose keys are present.
    ///
    /// **Checks** what ``precheck(_:)`` and ``verify(_:keys:now:)-(PrecheckedJWT,_,_)`` check.
    /// **Does not check** scopes and revocation.
    /// - Parameters:
    ///   - jwt: The parsed token.
    ///   - keys: The keys of the policy's issuer. The keys of another issuer are refused.
    ///   - now: Seconds since 1970.
    /// - Throws: The first check that fails.
    public func verify(_ jwt: UnverifiedJWT, keys: JSONWebKeySet, now: Double) throws(JOSEError) -> VerifiedJWT {
        try verify(jwt, checkHeaderAndIssuer(jwt), keys: keys, now: now)
    }
}

// The rules, in the order in which they are applied.
extension JWTValidation {
    /// The rules of ``precheck(_:)``. Returns the algorithm that the header names and the policy allows.
    private func checkHeaderAndIssuer(_ jwt: borrowing UnverifiedJWT) throws(JOSEError) -> SignatureAlgorithm {
        // RFC 8725 §3.1: the policy chooses the algorithms.
        let algorithm = try jwt.jws.algorithm(among: policy.algorithms)
        // RFC 8725 §3.11: explicit typing. A DPoP proof, a logout token or a client assertion is not an access token.
        switch (policy.profile, jwt.type) {
        case (_, .accessToken), (.default, .jwt), (.default, .absent): break
        case (.rfc9068, .jwt), (.rfc9068, .absent), (_, .other): throw .header(.type)
        }
        guard let iss = jwt.claims.iss else { throw .claim(.iss, .missing) }
        try rules.checkIssuer(in: jwt.payload, at: iss)
        return algorithm
    }

    /// The other rules.
    private func verify(
        _ jwt: UnverifiedJWT, _ algorithm: SignatureAlgorithm, keys: JSONWebKeySet, now: Double
    ) throws(JOSEError) -> VerifiedJWT {
        // RFC 8725 §3.8: the keys belong to the issuer.
        guard keys.issuerBytes == rules.issuer else { throw .key(.foreignIssuer) }
        try keys.verify(jwt.signature, of: jwt.jws, algorithm)
        let expiresAt = try checkTimes(jwt, now: now)
        try checkAudience(jwt)
        try checkProfile(jwt)
        try checkRequiredClaims(jwt)
        try checkPurpose(jwt)
        let confirmation = try rules.confirmation(in: jwt.payload, at: jwt.claims.cnf)
        return VerifiedJWT(jwt.payload, by: self, expiresAt: expiresAt, confirmation: confirmation)
    }

    /// Returns `exp`, which RFC 9068 §2.2 requires. `iat` is required when the policy limits age or lifetime.
    private func checkTimes(_ jwt: UnverifiedJWT, now: Double) throws(JOSEError) -> Double {
        guard let expiresAt = try rules.expirationTime(in: jwt.payload, at: jwt.claims.exp, now: now) else {
            throw .claim(.exp, .missing)
        }
        try rules.checkNotBefore(in: jwt.payload, at: jwt.claims.nbf, now: now)
        let issuedAt = try rules.issuedAt(
            in: jwt.payload, at: jwt.claims.iat, now: now, future: policy.futureIssuedAt)
        guard policy.maximumAge != nil || policy.maximumLifetime != nil else { return expiresAt }
        guard let issuedAt else { throw .claim(.iat, .missing) }
        try rules.checkAge(issuedAt: issuedAt, expiresAt: expiresAt, now: now, policy)
        return expiresAt
    }

    /// The audience is required. The policy may name another claim in place of `aud`.
    private func checkAudience(_ jwt: UnverifiedJWT) throws(JOSEError) {
        if content.hasStandardAudience {
            guard let aud = jwt.claims.aud else { throw .claim(.aud, .missing) }
            try rules.checkAudience(in: jwt.payload, at: aud)
        } else {
            let name = JOSEError.ClaimName(rawValue: policy.audienceClaim)
            guard let claim = jwt.payload.root[policy.audienceClaim] else { throw .claim(name, .missing) }
            try rules.checkAudience(claim, name)
        }
    }

    /// RFC 9068 §2.2 requires `sub`, `client_id`, `jti` and `iat`.
    private func checkProfile(_ jwt: UnverifiedJWT) throws(JOSEError) {
        try checkIdentity(.sub, jwt.claims.sub, jwt)
        try checkIdentity(.clientID, jwt.claims.clientID, jwt)
        try checkIdentity(.jti, jwt.claims.jti, jwt)
        if policy.profile == .rfc9068, jwt.claims.iat == nil { throw .claim(.iat, .missing) }
    }

    private func checkIdentity(
        _ name: @autoclosure () -> JOSEError.ClaimName, _ position: Int?, _ jwt: UnverifiedJWT
    ) throws(JOSEError) {
        if let position {
            try ClaimRules.checkIdentity(name(), in: jwt.payload, at: position)
        } else if policy.profile == .rfc9068 {
            throw .claim(name(), .missing)
        }
    }

    private func checkRequiredClaims(_ jwt: UnverifiedJWT) throws(JOSEError) {
        for required in policy.requiredClaims {
            let name = JOSEError.ClaimName(rawValue: required.name)
            guard let claim = jwt.payload.root[required.name], claim.kind != .null else { throw .claim(name, .missing) }
            if case .oneOf(let values) = required.rule, !values.contains(claim.value) { throw .claim(name, .mismatch) }
        }
    }

    /// OpenID Connect Core §3.1.3.6 and §3.3.2.11: only an ID token has hashes of the code and of other tokens. RFC
    /// 8417 §2.2: only an event token has events.
    private func checkPurpose(_ jwt: UnverifiedJWT) throws(JOSEError) {
        if jwt.type != .accessToken, policy.idTokens == .refused, jwt.claims.hasForeignClaims {
            throw .notAnAccessToken
        }
    }
}
