public import JOSE

/// The source of one issuer's keys.
///
/// Many requests call it at the same time. The present set is available without suspension, so that a token with a
/// known key never waits.
public protocol KeySource: Sendable {
    /// The set to verify with now, or nil when there is no set that may be used.
    ///
    /// While no key is added or removed, the source must return the same set, with the same
    /// ``JOSE/JSONWebKeySet/identity``. Caches of verified tokens compare the identity. A source that parses the set at
    /// each call is correct, but makes these caches useless.
    func presentKeys() -> JSONWebKeySet?

    /// Returns a newer set, because the present one is missing or lacks the token's key.
    ///
    /// A source that cannot get a newer set now, or may not, returns the present one.
    ///
    /// - Throws: ``KeySourceError`` when the keys of the issuer are not known.
    func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet

    /// The health of the source. Reading it does not start a fetch.
    ///
    /// By default, the source is healthy when it has keys. This is right for a source whose keys do not expire.
    var health: KeySourceHealth { get }

    /// The source of the issuer's metadata, when this source reads it; nil by default.
    var discovery: IssuerDiscovery? { get }
}

extension KeySource {
    /// Healthy when there are keys.
    public var health: KeySourceHealth { presentKeys() == nil ? .unavailable(since: .zero) : .healthy }

    /// Nil: the source reads no metadata.
    public var discovery: IssuerDiscovery? { nil }

    /// Fetches the first keys before the first request needs them. If the issuer is down, a program may start anyway:
    /// the source fetches the keys when a request needs them.
    ///
    /// - Throws: ``KeySourceError`` when the keys are not available now.
    public func prepare() async throws(KeySourceError) {
        if presentKeys() == nil { _ = try await keys(for: .noKeys) }
    }
}

/// The reason why a newer set is needed.
public enum KeyNeed: Sendable, Hashable {
    /// There is no present set.
    case noKeys
    /// The present set has no key with the token's `kid`.
    case unknownKey
}

/// There is no usable key of the issuer.
public struct KeySourceError: Error, Sendable, Hashable {
    /// Seconds until a retry makes sense.
    public let retryAfter: Int

    /// Makes an error. `retryAfter` is in seconds.
    public init(retryAfter: Int) {
        self.retryAfter = retryAfter
    }
}

/// A source of keys that never change.
public struct StaticKeySource: KeySource {
    private let keys: JSONWebKeySet

    /// Makes a source with one set.
    public init(_ keys: JSONWebKeySet) {
        self.keys = keys
    }

    /// The set of this source.
    public func presentKeys() -> JSONWebKeySet? { keys }

    /// The set of this source. It never throws.
    public func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet { keys }
}

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
