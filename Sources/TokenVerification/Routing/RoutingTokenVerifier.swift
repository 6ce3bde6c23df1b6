internal import JOSE
internal import WireFormat

/// Sends each token to the one verifier that can know it, by what the token *is*. No other one is asked afterwards: its
/// answer is the answer.
///
/// | the token | who decides |
/// |---|---|
/// | is on the list of static tokens, or begins like a static token | the list |
/// | is a JWT (RFC 7519: three parts, the first of which is a JSON object) | the JWT verifier |
/// | is a JWT of an issuer that the JWT verifier does not know | ``ForeignJWTs`` |
/// | is anything else | the verifier of opaque tokens |
///
/// What has no verifier is refused without I/O.
public struct RoutingTokenVerifier: TokenVerifier {
    /// What to do with a JWT of an issuer that is not configured.
    public enum ForeignJWTs: Sendable, Hashable {
        /// Refuse it, without I/O.
        case refused
        /// Treat it as an opaque token: for an authorization server whose JWTs only itself can judge. Anybody can then cause
        /// a request to it by a JWT of his own.
        case opaque
    }

    private let jwt: JWTTokenVerifier?
    private let opaque: (any TokenVerifier)?
    private let staticTokens: StaticTokenVerifier?
    private let foreignJWTs: ForeignJWTs

    /// A verifier of several kinds of token.
    ///
    /// - Parameters:
    ///   - jwt: For JWTs of known issuers.
    ///   - opaque: For tokens that say nothing by themselves, such as ``IntrospectionTokenVerifier``.
    ///   - staticTokens: For pre-shared tokens.
    ///   - foreignJWTs: What to do with a JWT of an issuer that is not configured.
    /// - Throws: ``ConfigurationError`` when there is no verifier, or foreign JWTs have none.
    public init(
        jwt: JWTTokenVerifier? = nil, opaque: (any TokenVerifier)? = nil, staticTokens: StaticTokenVerifier? = nil,
        foreignJWTs: ForeignJWTs = .refused
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        if jwt == nil, opaque == nil, staticTokens == nil {
            faults.add("verifiers", "are missing, so that no token could be accepted", "give at least one")
        }
        if foreignJWTs == .opaque, opaque == nil {
            faults.add("foreignJWTs", "is .opaque without a verifier of opaque tokens", "give one, or choose .refused")
        }
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        self.init(checked: jwt, opaque: opaque, staticTokens: staticTokens, foreignJWTs: foreignJWTs)
    }

    /// A verifier of what a configuration check has accepted.
    package init(
        checked jwt: JWTTokenVerifier?, opaque: (any TokenVerifier)?, staticTokens: StaticTokenVerifier?,
        foreignJWTs: ForeignJWTs
    ) {
        self.jwt = jwt
        self.opaque = opaque
        self.staticTokens = staticTokens
        self.foreignJWTs = foreignJWTs
    }

    /// The issuers of both verifiers.
    public var trustedIssuers: [TrustedIssuer] { (jwt?.trustedIssuers ?? []) + (opaque?.trustedIssuers ?? []) }

    /// Verifies a token with the verifier of its kind.
    public func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        if let known = jwt?.rememberedToken(token) { return known }
        if let staticTokens {
            if let known = staticTokens.knownToken(token) { return known }
            // One that was taken off the list, or mistyped, is nobody else's business.
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

    /// Whether the token claims to be a JWS in compact form (RFC 7515 §7.1): three parts, and the first is base64url of
    /// something that begins like a JSON object. A broken JWT is a JWT too: it is refused, and not sent anywhere.
    private func isJWT(_ token: PresentedToken) -> Bool {
        let dot = UInt8(ascii: ".")
        guard let end = token.bytes.firstIndex(of: dot), token.bytes[end...].count(where: { $0 == dot }) == 2,
            let header = Base64URL.decode(token.bytes.span.extracting(0..<end))
        else { return false }
        return header.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
    }
}
