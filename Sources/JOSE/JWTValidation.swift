public import WireFormat

/// Decides whether a compact JWT is an acceptable access token of one issuer for this resource.
///
/// **Checks**, in this order: algorithm, `typ`, issuer, key, signature, `exp`, `nbf`, `iat`, `aud`, the claims of the
/// profile, ID-token claims, and that no binding (`cnf`) is asked for that nobody satisfies.
/// **Does not check** scopes (see `ResourceServer`), revocation, or whether the token was seen before.
///
/// - SeeAlso: [RFC 9068 §4](https://www.rfc-editor.org/rfc/rfc9068#section-4),
///   [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725)
public struct JWTValidation: Sendable {
    /// Which kinds of token are acceptable.
    public enum Profile: Sendable, Hashable {
        /// `typ` absent, `JWT` or `at+jwt`; `exp`, `iss` and `aud` required.
        case `default`
        /// RFC 9068: only `at+jwt`; `sub`, `client_id`, `jti` and `iat` required too.
        case rfc9068
    }

    /// Why a policy is not acceptable.
    public enum ConfigurationFault: Error, Sendable, Hashable {
        /// An empty issuer.
        case noIssuer
        /// No audience, or an empty one: a token for anybody would do.
        case noAudience
        /// No algorithm.
        case noAlgorithm
        /// A skew outside 0…300 seconds.
        case clockSkew
    }

    /// The issuer, byte for byte as in `iss`.
    public let issuer: String
    /// This resource's own identifier; matches `aud` with or without one trailing slash.
    public let resource: String?
    /// Other values of `aud` that name this resource; matched exactly.
    public let audiences: [String]
    /// The algorithms that the policy allows.
    public let algorithms: [SignatureAlgorithm]
    /// The profile.
    public let profile: Profile
    /// How far clocks may differ, in seconds; 0…300.
    public let clockSkew: Double

    // The same as bytes, in the form in which tokens are compared with them.
    private let issuerBytes: [UInt8]
    private let audienceBytes: [[UInt8]]

    /// A policy.
    ///
    /// - Parameters:
    ///   - issuer: The issuer, byte for byte as in `iss`.
    ///   - resource: This resource's own identifier.
    ///   - audiences: Other accepted audiences. With no `resource`, at least one is needed.
    ///   - algorithms: What the header may name; at least one.
    ///   - profile: The kind of token.
    ///   - clockSkew: Seconds, 0…300.
    /// - Throws: ``ConfigurationFault``.
    public init(
        issuer: String, resource: String?, audiences: [String] = [],
        algorithms: [SignatureAlgorithm] = SignatureAlgorithm.allowedByDefault,
        profile: Profile = .default, clockSkew: Int = 60
    ) throws(ConfigurationFault) {
        guard !issuer.isEmpty else { throw .noIssuer }
        let accepted = audiences.map { Array($0.utf8) } + (resource.map(Self.spellings) ?? [])
        guard !accepted.isEmpty, !accepted.contains([]) else { throw .noAudience }
        guard !algorithms.isEmpty else { throw .noAlgorithm }
        guard (0...300).contains(clockSkew) else { throw .clockSkew }
        self.issuer = issuer
        self.resource = resource
        self.audiences = audiences
        self.algorithms = algorithms
        self.profile = profile
        self.clockSkew = Double(clockSkew)
        issuerBytes = Array(issuer.utf8)
        audienceBytes = accepted
    }

    /// The checks that need neither a key nor the network: algorithm, `typ`, issuer.
    ///
    /// A token that fails here causes no fetch of keys.
    public func precheck(_ jwt: UnverifiedJWT) throws(JOSEError) {
        _ = try algorithm(of: jwt)
        try checkType(jwt)
        try checkIssuer(jwt)
    }

    /// Verifies a token against the keys of its issuer.
    ///
    /// - Parameters:
    ///   - jwt: The token, taken apart.
    ///   - keys: The keys of ``issuer``, and of nobody else.
    ///   - now: Seconds since 1970; compared with `exp`, `nbf` and `iat` after allowing for the skew.
    /// - Throws: The first check that fails. ``JOSEError/key(_:)`` with ``JOSEError/KeyMismatch/unknown`` is the only
    ///   answer that a newer key set can change.
    public func verify(_ jwt: UnverifiedJWT, keys: JSONWebKeySet, now: Double) throws(JOSEError) -> VerifiedJWT {
        let algorithm = try algorithm(of: jwt)
        try checkType(jwt)
        try checkIssuer(jwt)
        try checkSignature(jwt, algorithm: algorithm, keys: keys)
        let expiresAt = try checkTimes(jwt.payload.root, now: now)
        try checkAudience(jwt.payload.root["aud"])
        try checkProfile(jwt)
        try checkBinding(jwt.payload.root["cnf"])
        return VerifiedJWT(claims: jwt.payload, issuer: issuer, expiresAt: expiresAt)
    }

    /// RFC 8725 §3.1: the policy chooses the algorithm; the header can only name one that is allowed.
    private func algorithm(of jwt: UnverifiedJWT) throws(JOSEError) -> SignatureAlgorithm {
        guard let algorithm = algorithms.first(where: { $0.name.hasSameBytes(as: jwt.algorithmName) }) else {
            throw .header(.algorithmNotAllowed)
        }
        return algorithm
    }

    /// RFC 8725 §3.11: explicit typing. A DPoP proof, a logout token or a client assertion is not an access token.
    private func checkType(_ jwt: UnverifiedJWT) throws(JOSEError) {
        switch (profile, jwt.type) {
        case (_, .accessToken), (.default, .jwt), (.default, .absent): break
        case (.rfc9068, .jwt), (.rfc9068, .absent), (_, .other): throw .header(.type)
        }
    }

    /// RFC 7519 §4.1.1, RFC 8414 §3.3: the same bytes, no normalisation.
    private func checkIssuer(_ jwt: UnverifiedJWT) throws(JOSEError) {
        guard let claim = jwt.payload.root["iss"] else { throw .claim(.iss, .missing) }
        guard claim.kind == .string else { throw .claim(.iss, .wrongType) }
        guard claim.isString(issuerBytes.span) else { throw .claim(.iss, .mismatch) }
    }

    private func checkSignature(
        _ jwt: UnverifiedJWT, algorithm: SignatureAlgorithm, keys: JSONWebKeySet
    ) throws(JOSEError) {
        let candidates: [JSONWebKey]
        switch keys.selection(keyID: jwt.keyID, algorithm: algorithm) {
        case .mismatch(let why): throw .key(why)
        case .candidates(let fitting): candidates = fitting
        }
        for key in candidates
        where try key.verification.verifies(
            jwt.signature, over: jwt.token, count: jwt.signingInputCount, algorithm: algorithm)
        {
            return
        }
        throw .badSignature
    }

    /// Returns `exp`.
    private func checkTimes(_ claims: JSONNode, now: Double) throws(JOSEError) -> Double {
        // RFC 7519 §4.1.4: on or after `exp` the token must not be accepted. Required here (RFC 9068 §2.2).
        guard let expiresAt = try time(.exp, in: claims) else { throw .claim(.exp, .missing) }
        guard now < expiresAt + clockSkew else { throw .claim(.exp, .expired) }
        // RFC 7519 §4.1.5.
        if let notBefore = try time(.nbf, in: claims), notBefore > now + clockSkew {
            throw .claim(.nbf, .notYetValid)
        }
        // Stricter than RFC 7519 §4.1.6: a token from the future was made by a broken clock or a broken signer.
        if let issuedAt = try time(.iat, in: claims), issuedAt > now + clockSkew {
            throw .claim(.iat, .issuedInFuture)
        }
        return expiresAt
    }

    /// RFC 7519 §2 NumericDate: a JSON number, integer or fraction, |x| < 2^53.
    private func time(_ name: ClaimName, in claims: JSONNode) throws(JOSEError) -> Double? {
        guard let node = claims[name.rawValue] else { return nil }
        guard let seconds = node.double, seconds.magnitude < 9_007_199_254_740_992 else {
            throw .claim(name, .wrongType)
        }
        return seconds
    }

    /// RFC 7519 §4.1.3, RFC 8707 §2: a string, or an array of strings of which one names this resource.
    private func checkAudience(_ claim: JSONNode?) throws(JOSEError) {
        guard let claim else { throw .claim(.aud, .missing) }
        if claim.kind == .string {
            guard names(claim) else { throw .claim(.aud, .mismatch) }
            return
        }
        guard claim.kind == .array else { throw .claim(.aud, .wrongType) }
        var allStrings = true
        var found = false
        claim.forEachElement { element in
            allStrings = element.kind == .string
            found = found || names(element)
            return allStrings
        }
        guard allStrings else { throw .claim(.aud, .wrongType) }
        guard found else { throw .claim(.aud, .mismatch) }
    }

    private func names(_ audience: JSONNode) -> Bool {
        audienceBytes.contains { audience.isString($0.span) }
    }

    /// The resource, and the same with one trailing slash more or less: authorization servers re-serialise
    /// `https://host` as `https://host/`.
    private static func spellings(of resource: String) -> [[UInt8]] {
        let bytes = Array(resource.utf8)
        let slash = UInt8(ascii: "/")
        return [bytes, bytes.last == slash ? Array(bytes.dropLast()) : bytes + [slash]]
    }

    private func checkProfile(_ jwt: UnverifiedJWT) throws(JOSEError) {
        let claims = jwt.payload.root
        for name in [ClaimName.sub, .clientID, .jti] {
            guard let claim = claims[name.rawValue] else {
                // RFC 9068 §2.2.
                if profile == .rfc9068 { throw .claim(name, .missing) }
                continue
            }
            guard claim.kind == .string else { throw .claim(name, .wrongType) }
        }
        if profile == .rfc9068, claims["iat"] == nil { throw .claim(.iat, .missing) }
        // OpenID Connect Core §3.1.3.6, §3.3.2.11: only an ID token carries hashes of its siblings.
        if jwt.type != .accessToken, claims["at_hash"] != nil || claims["c_hash"] != nil { throw .notAnAccessToken }
    }

    /// RFC 7800 §3.1: a binding that is asked for must be satisfied. No binding is configured, so every form fails.
    private func checkBinding(_ claim: JSONNode?) throws(JOSEError) {
        guard claim == nil else { throw .claim(.cnf, .unsatisfied) }
    }
}

/// A JWT that passed every check of a ``JWTValidation``. Only the validation makes one.
public struct VerifiedJWT: Sendable {
    /// The claims: strict JSON, an object.
    public let claims: JSONDocument
    /// The issuer, as configured.
    public let issuer: String
    /// `exp`, seconds since 1970.
    public let expiresAt: Double

    init(claims: JSONDocument, issuer: String, expiresAt: Double) {
        self.claims = claims
        self.issuer = issuer
        self.expiresAt = expiresAt
    }
}
