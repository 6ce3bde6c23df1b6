package import WireFormat

/// A compact JWT (RFC 7519 §3, RFC 7515 §7.1) that was parsed and not verified.
///
/// **Checks** size, form, canonical base64url, strict JSON, and the header parameters that are refused under every
/// policy.
/// **Does not check** the signature or any claim: never show its content to a handler. Use ``unverifiedIssuer`` only to
/// look up the configured issuer.
public struct UnverifiedJWT: Sendable {
    /// The limits of a header.
    public enum Limits {
        /// The largest decoded header in bytes.
        public static let headerBytes = 8_192
        /// The largest `kid` in bytes.
        public static let keyIDBytes = 512
    }

    /// The compact form with its header.
    let jws: CompactJWS
    /// The payload: strict JSON, an object.
    package let payload: JSONDocument
    /// The positions of the registered claims in the payload.
    let claims: ClaimPositions
    let signature: [UInt8]

    /// Parses a token.
    ///
    /// - Parameters:
    ///   - token: The bytes behind `Bearer ` or `DPoP `, to the end of the field.
    ///   - limit: The largest acceptable token in bytes, compared before anything else is read.
    /// - Throws: ``JOSEError/malformed(_:)`` and ``JOSEError/header(_:)``.
    public init(parsing token: [UInt8], limit: Int) throws(JOSEError) {
        try self.init(parsing: token, limit: limit, known: nil)
    }

    /// Parses a token for a verifier, which refuses some tokens by their header alone.
    ///
    /// - Parameters:
    ///   - known: Headers that need not be parsed again.
    ///   - algorithms: The algorithms that some issuer of the verifier allows. A token with another one, and a JWT of
    ///     another kind by its `typ`, is refused before its claims are read, which cost far more than the header.
    package init(
        parsing token: [UInt8], limit: Int, known: KnownHeaders?, algorithms: [SignatureAlgorithm]? = nil
    ) throws(JOSEError) {
        let jws = try CompactJWS(parsing: token, limit: limit) { known?.header($0) }
        if let algorithms { try Self.refuseByHeader(jws, algorithms) }
        let payload = try jws.claims()
        // The private initializer writes all members at once. In one that throws, Swift copies a large value whose
        // members are written one by one.
        self.init(jws: jws, payload: payload, claims: ClaimPositions(payload), signature: try jws.signature())
    }

    /// RFC 8725 §3.1, §3.11: refuses what no policy of a verifier accepts. The rules of one policy are in
    /// ``JWTValidation``.
    private static func refuseByHeader(_ jws: CompactJWS, _ algorithms: [SignatureAlgorithm]) throws(JOSEError) {
        _ = try jws.algorithm(among: algorithms)
        guard jws.header.tokenType != .other else { throw .header(.type) }
    }

    private init(jws: CompactJWS, payload: JSONDocument, claims: ClaimPositions, signature: [UInt8]) {
        self.jws = jws
        self.payload = payload
        self.claims = claims
        self.signature = signature
    }

    /// The header: strict JSON, an object.
    package var header: JSONDocument { jws.header.document }

    var type: JOSEHeader.TokenType { jws.header.tokenType }

    /// The `iss` claim before any check. Use it only as a key into the table of configured issuers.
    public var unverifiedIssuer: String? { claims.iss.flatMap { payload.root.node(at: $0).string } }
}
