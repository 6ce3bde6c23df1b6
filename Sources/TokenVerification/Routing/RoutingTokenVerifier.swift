internal import JOSE
internal import WireFormat

/// Passes each token to one verifier. The kind of the token selects it. The decision of this verifier is final: no
/// other verifier is asked afterwards.
///
/// | the token | the verifier |
/// |---|---|
/// | is in the list of static tokens, or has their prefix | the verifier of static tokens |
/// | is a JWT (RFC 7519: three parts, of which the first is a JSON object) | the JWT verifier |
/// | is a JWT of an issuer that is not configured | depends on ``ForeignJWTs`` |
/// | is anything else | the verifier of opaque tokens |
///
/// A token whose kind has no verifier is refused without I/O.
public struct RoutingTokenVerifier: TokenVerifier {
    /// What to do with a JWT of an issuer that is not configured.
    public enum ForeignJWTs: Sendable, Hashable {
        /// Refuse it, without I/O.
        case refused
        /// Treat it as an opaque token. For an authorization server that issues JWTs which only introspection can
        /// verify. Every client can then cause a request to the authorization server with a forged JWT.
        case opaque
    }

    private let jwt: JWTTokenVerifier?
    private let opaque: (any TokenVerifier)?
    private let staticTokens: StaticTokenVerifier?
    private let foreignJWTs: ForeignJWTs

    /// Makes a verifier for several kinds of token.
    ///
    /// - Parameters:
    ///   - jwt: The verifier of JWTs from known issuers.
    ///   - opaque: The verifier of opaque tokens, such as ``IntrospectionTokenVerifier``.
    ///   - staticTokens: The verifier of static tokens.
    ///   - foreignJWTs: What to do with a JWT of an issuer that is not configured.
    /// - Throws: ``ConfigurationError`` when there is no verifier, or when `foreignJWTs` is `.opaque` and there is no
    ///   verifier of opaque tokens.
    public init(
        jwt: JWTTokenVerifier? = nil, opaque: (any TokenVerifier)? = nil, staticTokens: StaticTokenVerifier? = nil,
        foreignJWTs: ForeignJWTs = .refused
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        if jwt == nil, opaque == nil, staticTokens == nil {
            faults.add("verifiers", "are missing, so no token can be accepted", "give at least one")
        }
        if foreignJWTs == .opaque, opaque == nil {
            faults.add("foreignJWTs", "is .opaque without a verifier of opaque tokens", "give one, or choose .refused")
        }
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        self.init(checked: jwt, opaque: opaque, staticTokens: staticTokens, foreignJWTs: foreignJWTs)
    }

    /// Makes a verifier from arguments that a configuration check has accepted.
    package init(
        checked jwt: JWTTokenVerifier?, opaque: (any TokenVerifier)?, staticTokens: StaticTokenVerifier?,
        foreignJWTs: ForeignJWTs
    ) {
        self.jwt = jwt
        self.opaque = opaque
        self.staticTokens = staticTokens
        self.foreignJWTs = foreignJWTs
    }

    /// The issuers of the JWT verifier and of the verifier of opaque tokens.
    public var trustedIssuers: [TrustedIssuer] { (jwt?.trustedIssuers ?? []) + (opaque?.trustedIssuers ?? []) }

    /// Verifies a token with the verifier of its kind.
    public func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        let token = token.withDigest()
        if let known = jwt?.rememberedToken(token) { return known }
        if let staticTokens {
            if let known = staticTokens.knownToken(token) { return known }
            // A removed or mistyped static token must not be sent to another verifier.
            if token.bytes.starts(with: StaticToken.prefix.utf8) { throw .invalid(.unknownStaticToken) }
        }
        if isJWT(token) {
            if foreignJWTs == .opaque, jwt?.namesForeignIssuer(token) ?? true {
                return try await verifyAsOpaque(token)
            }
            guard let jwt else { throw .invalid(.unknownIssuer(.other)) }
            return try await jwt.verify(token)
        }
        return try await verifyAsOpaque(token)
    }

    private func verifyAsOpaque(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        guard let opaque else { throw .invalid(.unknownKind) }
        return try await opaque.verify(token)
    }

    /// Whether the token has the form of a compact JWS (RFC 7515 §7.1): three parts, of which the first is base64url of
    /// a text that begins like a JSON object. A malformed JWT counts as a JWT, so that it is refused here and not sent
    /// to an introspection endpoint.
    private func isJWT(_ token: PresentedToken) -> Bool {
        let dot = UInt8(ascii: ".")
        guard let end = token.bytes.firstIndex(of: dot), token.bytes[end...].count(where: { $0 == dot }) == 2,
            let header = Base64URL.decode(token.bytes.span.extracting(0..<end))
        else { return false }
        return header.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
    }
}
