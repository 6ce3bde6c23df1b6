// A program that verifies tokens names keys, policies and scopes. With these exports, one import is enough.
@_exported public import JOSE
@_exported public import OAuthMetadata

/// Decides whether a presented token is an acceptable access token.
///
/// **Checks** everything about the token except scopes.
/// **Does not check** the scopes that an operation requires.
///
/// Many tasks call one verifier at the same time. A verifier must distinguish *invalid* from *unavailable*: see
/// ``TokenRejection``.
public protocol TokenVerifier: Sendable {
    /// Verifies a token and returns its content.
    ///
    /// - Throws: ``TokenRejection/invalid(_:)`` or ``TokenRejection/unavailable(_:retryAfter:)``.
    func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken

    /// The issuers whose keys the verifier uses, with the source of each issuer's keys. A program fetches these keys
    /// when it starts, and monitors the sources. Empty by default.
    var trustedIssuers: [TrustedIssuer] { get }
}

extension TokenVerifier {
    /// Empty: the verifier uses no issuer's keys.
    public var trustedIssuers: [TrustedIssuer] { [] }
}
