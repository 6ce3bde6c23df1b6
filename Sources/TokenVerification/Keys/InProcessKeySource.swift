public import JOSE

/// The keys of an authorization server in the same program. No document is fetched, and a key rotation takes effect at
/// once.
public struct InProcessKeySource: KeySource {
    private let current: @Sendable () -> JSONWebKeySet?

    /// Makes a source from a closure. Every request calls the closure, so it must return quickly. Nil means that there
    /// are no keys yet.
    public init(_ current: @escaping @Sendable () -> JSONWebKeySet?) {
        self.current = current
    }

    /// The result of the closure.
    public func presentKeys() -> JSONWebKeySet? { current() }

    /// The result of the closure.
    ///
    /// - Throws: ``KeySourceError`` when the closure returns nil.
    public func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
        guard let keys = current() else { throw KeySourceError(retryAfter: 1) }
        return keys
    }
}
