/// The port that decides whether a presented token is a good access token.
///
/// Implementations are called by many requests at once. They check everything but scopes, and choose between *invalid*
/// and *unavailable*: see ``TokenRejection``.
public protocol TokenVerifier: Sendable {
    /// Verifies a token.
    ///
    /// - Throws: ``TokenRejection/invalid(_:)`` or ``TokenRejection/unavailable(_:retryAfter:)``.
    func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken
}
