public import JOSE

/// A source of keys that never change.
public struct StaticKeySource: KeySource {
    private let keys: JSONWebKeySet

    /// Makes a source with one set.
    public init(_ keys: JSONWebKeySet) {
        self.keys = keys
    }

    /// The set of this source.
    public func presentKeys() -> JSONWebKeySet? { keys }

    /// Whether this is the identity of the set.
    public func presents(_ identity: JSONWebKeySet.Identity) -> Bool { keys.identity == identity }

    /// The set of this source. It never throws.
    public func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet { keys }
}
