public import JOSE

/// The port to the keys of one issuer.
///
/// Called by many requests at once. The present set is there without suspension, so that a token signed with a known
/// key never waits.
public protocol KeySource: Sendable {
    /// The set to verify with now, or nil when there is none that may still be used.
    ///
    /// As long as no key is gained or lost this is one set, with one ``JOSE/JSONWebKeySet/identity``: whoever remembers a
    /// verdict compares it. A source that parses anew at each call is correct, but makes such memories useless.
    func presentKeys() -> JSONWebKeySet?

    /// A set for a token that the present one cannot decide.
    ///
    /// A source that cannot or may not get a newer set now answers with the present one.
    ///
    /// - Throws: ``KeySourceError`` when nobody can say which keys the issuer has.
    func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet

    /// How the source stands. Asking fetches nothing.
    ///
    /// By default it is healthy when it has keys: right for a source that has no document to grow old.
    var health: KeySourceHealth { get }

    /// The issuer's metadata, when the source reads it; nil by default.
    var discovery: IssuerDiscovery? { get }
}

extension KeySource {
    /// Healthy when there are keys.
    public var health: KeySourceHealth { presentKeys() == nil ? .unavailable(since: .zero) : .healthy }

    /// Nil: the source reads no metadata.
    public var discovery: IssuerDiscovery? { nil }

    /// Gets the first keys before anybody asks for them. A program that starts while its issuer is down may go on: the
    /// keys are fetched as soon as they can be.
    ///
    /// - Throws: ``KeySourceError`` when there are none to be had now.
    public func prepare() async throws(KeySourceError) {
        if presentKeys() == nil { _ = try await keys(for: .noKeys) }
    }
}

/// Why a newer set is wanted.
public enum KeyNeed: Sendable, Hashable {
    /// There is no present set.
    case noKeys
    /// The present set has no key of the token's `kid`.
    case unknownKey
}

/// There are no usable keys of the issuer.
public struct KeySourceError: Error, Sendable, Hashable {
    /// Seconds until asking again makes sense.
    public let retryAfter: Int

    /// No keys for `retryAfter` seconds.
    public init(retryAfter: Int) {
        self.retryAfter = retryAfter
    }
}

/// Keys that never change.
public struct StaticKeySource: KeySource {
    private let keys: JSONWebKeySet

    /// A source of one set.
    public init(_ keys: JSONWebKeySet) {
        self.keys = keys
    }

    /// The set.
    public func presentKeys() -> JSONWebKeySet? { keys }

    /// The set.
    public func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet { keys }
}

/// The keys of an authorization server in the same program: no document is fetched, a rotation is seen at once.
public struct InProcessKeySource: KeySource {
    private let current: @Sendable () -> JSONWebKeySet?

    /// A source that asks `current` each time. The closure must be quick; nil means that there are no keys yet.
    public init(_ current: @escaping @Sendable () -> JSONWebKeySet?) {
        self.current = current
    }

    /// What the closure answers.
    public func presentKeys() -> JSONWebKeySet? { current() }

    /// What the closure answers.
    public func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
        guard let keys = current() else { throw KeySourceError(retryAfter: 1) }
        return keys
    }
}
