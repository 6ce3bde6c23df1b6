internal import WireFormat

/// Decides whether a compact JWT is an acceptable access token of one issuer for this resource.
///
/// **Checks**, in this order: algorithm, `typ`, issuer, key, signature, `exp`, `nbf`, `iat`, audience, the claims of the
/// profile and of the policy, ID-token claims, and that no binding (`cnf`) is asked for that nobody satisfies. Size, form,
/// base64url, JSON, `crit`, `b64` and `kid` come before all of them: see ``UnverifiedJWT``.
/// **Does not check** scopes (see `ResourceServer`), revocation, or whether the token was seen before.
///
/// Where the rules are that this file only calls upon:
/// - size, the three parts, `crit`, `b64`, `enc`, `zip`, `cty`, `kid`, reading `typ`: `UnverifiedJWT.swift`
/// - base64url, JSON: `WireFormat/Base64URL.swift`, `WireFormat/JSONDocument.swift`
/// - which algorithms there are and what they are called: `SignatureAlgorithm.swift`
/// - what a policy may say: `JWTPolicy.swift`
/// - which key is tried (`kid`, none, repeated, unknown): `JSONWebKeySet.swift`
/// - which keys are usable (`kty`, `crv`, `use`, `key_ops`, `alg`, private members): `JSONWebKey.swift`; sizes and numbers:
///   `PublicKey.swift`; points on their curve, signature lengths, padding: `CLibcrypto`
///
/// Immutable; any number of tasks may verify with one at once.
///
/// - SeeAlso: [RFC 9068 §4](https://www.rfc-editor.org/rfc/rfc9068#section-4),
///   [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725)
public struct JWTValidation: Sendable {
    /// The policy, checked.
    public let policy: JWTPolicy

    // The policy's texts as bytes, in the form in which tokens are compared with them.
    private let issuer: [UInt8]
    private let audiences: [[UInt8]]
    private let skew: Double
    private let hasStandardAudience: Bool

    /// A validation by a policy.
    ///
    /// - Throws: ``JWTPolicy.Invalid`` with every fault.
    public init(_ policy: JWTPolicy) throws(JWTPolicy.Invalid) {
        let faults = policy.faults
        guard faults.isEmpty else { throw JWTPolicy.Invalid(faults: faults) }
        self.policy = policy
        issuer = Array(policy.issuer.utf8)
        audiences = policy.acceptedAudiences
        skew = Double(policy.clockSkew)
        hasStandardAudience = policy.audienceClaim.hasSameBytes(as: "aud")
    }

    /// A validation with the default policy.
    ///
    /// - Throws: ``JWTPolicy.Invalid`` for an empty issuer or resource.
    public init(issuer: String, resource: String) throws(JWTPolicy.Invalid) {
        try self.init(JWTPolicy(issuer: issuer, resource: resource))
    }

    /// The checks that need neither a key nor the network: algorithm, `typ`, issuer.
    ///
    /// A token that fails here causes no fetch of keys.
    public func precheck(_ jwt: UnverifiedJWT) throws(JOSEError) {
        _ = try checkHeaderAndIssuer(jwt)
    }

    /// Whether the policy allows the algorithm that the header names.
    public func admitsAlgorithm(of jwt: UnverifiedJWT) -> Bool {
        algorithm(of: jwt) != nil
    }

    /// Verifies a token against the keys of its issuer.
    ///
    /// - Parameters:
    ///   - jwt: The token, taken apart.
    ///   - keys: The keys of the policy's issuer; those of another one are refused.
    ///   - now: Seconds since 1970; compared with `exp`, `nbf` and `iat` after allowing for the skew.
    /// - Throws: The first check that fails. ``JOSEError/key(_:)`` with ``JOSEError/KeyMismatch/unknown`` is the only
    ///   answer that a newer key set can change.
    public func verify(_ jwt: UnverifiedJWT, keys: JSONWebKeySet, now: Double) throws(JOSEError) -> VerifiedJWT {
        let algorithm = try checkHeaderAndIssuer(jwt)
        try checkSignature(jwt, algorithm: algorithm, keys: keys)
        let expiresAt = try checkTimes(jwt, now: now)
        try checkAudience(jwt)
        try checkProfile(jwt)
        try checkRequiredClaims(jwt)
        try checkPurpose(jwt)
        try checkBinding(jwt)
        return VerifiedJWT(jwt, policy: policy, expiresAt: expiresAt)
    }

    private func checkHeaderAndIssuer(_ jwt: UnverifiedJWT) throws(JOSEError) -> SignatureAlgorithm {
        // RFC 8725 §3.1: the policy chooses the algorithm; the header can only name one that is allowed.
        guard let algorithm = algorithm(of: jwt) else { throw .header(.algorithmNotAllowed) }
        // RFC 8725 §3.11: explicit typing. A DPoP proof, a logout token or a client assertion is not an access token.
        switch (policy.profile, jwt.type) {
        case (_, .accessToken), (.default, .jwt), (.default, .absent): break
        case (.rfc9068, .jwt), (.rfc9068, .absent), (_, .other): throw .header(.type)
        }
        // RFC 7519 §4.1.1, RFC 8414 §3.3: the same bytes, no normalisation.
        guard let iss = jwt.claims.iss else { throw .claim(.iss, .missing) }
        guard jwt.payload.isString(at: iss, issuer.span) else {
            throw .claim(.iss, jwt.payload.kind(at: iss) == .string ? .mismatch : .wrongType)
        }
        return algorithm
    }

    private func algorithm(of jwt: UnverifiedJWT) -> SignatureAlgorithm? {
        guard let name = jwt.algorithmName else { return nil }
        return policy.algorithms.first { $0.isNamed(name) }
    }

    private func checkSignature(
        _ jwt: UnverifiedJWT, algorithm: SignatureAlgorithm, keys: JSONWebKeySet
    ) throws(JOSEError) {
        // RFC 8725 §3.8: the keys belong to the issuer.
        guard keys.issuerBytes == issuer else { throw .key(.foreignIssuer) }
        let isGood = try keys.anyKey(for: jwt, algorithm) { (key) throws(JOSEError) in
            try key.verifies(jwt.signature, over: jwt.token, count: jwt.signingInputCount, algorithm: algorithm)
        }
        guard isGood else { throw .badSignature }
    }

    /// Returns `exp`.
    private func checkTimes(_ jwt: UnverifiedJWT, now: Double) throws(JOSEError) -> Double {
        // RFC 7519 §4.1.4: on or after `exp` the token must not be accepted. Required here (RFC 9068 §2.2).
        guard let expiresAt = try time(.exp, jwt.claims.exp, jwt) else { throw .claim(.exp, .missing) }
        guard now < expiresAt + skew else { throw .claim(.exp, .expired) }
        // RFC 7519 §4.1.5.
        if let notBefore = try time(.nbf, jwt.claims.nbf, jwt), notBefore > now + skew {
            throw .claim(.nbf, .notYetValid)
        }
        guard let issuedAt = try time(.iat, jwt.claims.iat, jwt) else {
            let isNeeded = policy.maximumAge != nil || policy.maximumLifetime != nil
            if isNeeded { throw .claim(.iat, .missing) }
            return expiresAt
        }
        // Stricter than RFC 7519 §4.1.6: a token from the future was made by a broken clock or a broken signer.
        if policy.futureIssuedAt == .refused, issuedAt > now + skew { throw .claim(.iat, .issuedInFuture) }
        if let age = policy.maximumAge, now - issuedAt > Double(age) + skew { throw .claim(.iat, .tooOld) }
        if let lifetime = policy.maximumLifetime, expiresAt - issuedAt > Double(lifetime) {
            throw .claim(.exp, .lifetimeTooLong)
        }
        return expiresAt
    }

    /// RFC 7519 §2 NumericDate: a JSON number, integer or fraction, |x| < 2^53.
    private func time(
        _ name: @autoclosure () -> ClaimName, _ position: Int?, _ jwt: UnverifiedJWT
    ) throws(JOSEError) -> Double? {
        guard let position else { return nil }
        guard let seconds = jwt.payload.double(at: position), seconds.magnitude < 9_007_199_254_740_992 else {
            throw .claim(name(), .wrongType)
        }
        return seconds
    }

    /// RFC 7519 §4.1.3, RFC 8707 §2: a string, or an array of strings of which one names this resource.
    private func checkAudience(_ jwt: UnverifiedJWT) throws(JOSEError) {
        if hasStandardAudience {
            guard let aud = jwt.claims.aud else { throw .claim(.aud, .missing) }
            // The usual form, a string, without a look at anything else.
            if audiences.contains(where: { jwt.payload.isString(at: aud, $0.span) }) { return }
            try checkAudience(jwt.payload.root.node(at: aud), .aud)
        } else {
            let name = ClaimName(rawValue: policy.audienceClaim)
            guard let claim = jwt.payload.root[policy.audienceClaim] else { throw .claim(name, .missing) }
            try checkAudience(claim, name)
        }
    }

    private func checkAudience(_ claim: JSONNode, _ name: ClaimName) throws(JOSEError) {
        if claim.kind == .string {
            guard isAccepted(claim) else { throw .claim(name, .mismatch) }
            return
        }
        guard claim.kind == .array else { throw .claim(name, .wrongType) }
        var allStrings = true
        var found = false
        claim.forEachElement { element in
            allStrings = element.kind == .string
            found = found || isAccepted(element)
            return allStrings
        }
        guard allStrings else { throw .claim(name, .wrongType) }
        guard found else { throw .claim(name, .mismatch) }
    }

    private func isAccepted(_ audience: JSONNode) -> Bool {
        audiences.contains { audience.isString($0.span) }
    }

    /// `sub`, `client_id` and `jti` are strings when they are there; RFC 9068 §2.2 requires them, and `iat`.
    private func checkProfile(_ jwt: UnverifiedJWT) throws(JOSEError) {
        try checkIdentity(.sub, jwt.claims.sub, jwt)
        try checkIdentity(.clientID, jwt.claims.clientID, jwt)
        try checkIdentity(.jti, jwt.claims.jti, jwt)
        if policy.profile == .rfc9068, jwt.claims.iat == nil { throw .claim(.iat, .missing) }
    }

    private func checkIdentity(
        _ name: @autoclosure () -> ClaimName, _ position: Int?, _ jwt: UnverifiedJWT
    ) throws(JOSEError) {
        if let position {
            guard jwt.payload.kind(at: position) == .string else { throw .claim(name(), .wrongType) }
        } else if policy.profile == .rfc9068 {
            throw .claim(name(), .missing)
        }
    }

    private func checkRequiredClaims(_ jwt: UnverifiedJWT) throws(JOSEError) {
        for required in policy.requiredClaims {
            let name = ClaimName(rawValue: required.name)
            guard let claim = jwt.payload.root[required.name], claim.kind != .null else { throw .claim(name, .missing) }
            if case .oneOf(let values) = required.rule, !values.contains(claim.value) { throw .claim(name, .mismatch) }
        }
    }

    /// OpenID Connect Core §3.1.3.6, §3.3.2.11 and RFC 8417 §2.2: only an ID token carries hashes of its siblings, only an
    /// event token carries events.
    private func checkPurpose(_ jwt: UnverifiedJWT) throws(JOSEError) {
        if jwt.type != .accessToken, policy.idTokens == .refused, jwt.claims.hasForeignClaims {
            throw .notAnAccessToken
        }
    }

    /// RFC 7800 §3.1: a binding that is asked for must be satisfied. No binding is configured, so every form fails.
    private func checkBinding(_ jwt: UnverifiedJWT) throws(JOSEError) {
        guard jwt.claims.cnf == nil else { throw .claim(.cnf, .unsatisfied) }
    }
}
