// A program that verifies tokens needs keys, policies and scopes by name: one import gives it all of them.
@_exported public import JOSE
@_exported public import OAuthMetadata

/// Decides whether a presented token is a good access token.
///
/// Many tasks call one verifier at the same time. A verifier checks everything about the token except scopes: what an
/// operation needs is not its business. It says *invalid* or *unavailable*: see ``TokenRejection``.
public protocol TokenVerifier: Sendable {
    /// Verifies a token.
    ///
    /// - Throws: ``TokenRejection/invalid(_:)`` or ``TokenRejection/unavailable(_:retryAfter:)``.
    func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken

    /// The issuers whose keys the verifier uses, with the sources of these keys: what a program prepares at its start and
    /// monitors. Empty by default.
    var trustedIssuers: [TrustedIssuer] { get }
}

extension TokenVerifier {
    /// No keys.
    public var trustedIssuers: [TrustedIssuer] { [] }
}
