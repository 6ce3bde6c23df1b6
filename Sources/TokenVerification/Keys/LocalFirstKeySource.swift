public import JOSE
internal import Synchronization
internal import WireFormat

/// The keys of an authorization server in the same program, and what it published elsewhere.
///
/// A key is looked for by its `kid` in the local set, then in the remote one; a `kid` that the local set has is decided by
/// it alone. What neither has is asked of the remote source; without one the miss is final. When there is no local set,
/// the remote one stands for it. A token without `kid` is decided by the local set, when there is one.
public final class LocalFirstKeySource: KeySource {
    private struct Joined {
        let local: JSONWebKeySet.Identity
        let remote: JSONWebKeySet.Identity
        let keys: JSONWebKeySet
    }

    private let local: any KeySource
    private let remote: (any KeySource)?
    /// The two sets as one, kept as long as neither changes, so that its identity stays.
    private let joined = Mutex<Joined?>(nil)

    /// A source that asks `local` first; nil for no other.
    public init(_ local: any KeySource, otherwise remote: (any KeySource)?) {
        self.local = local
        self.remote = remote
    }

    /// The keys of both at hand.
    public func presentKeys() -> JSONWebKeySet? {
        let remoteKeys = remote?.presentKeys()
        guard let localKeys = local.presentKeys() else { return remoteKeys }
        guard let remoteKeys else { return localKeys }
        return join(localKeys, remoteKeys)
    }

    /// What the remote source has for the need, behind the local keys.
    ///
    /// - Throws: ``KeySourceError`` when the remote source cannot say; when there is none, only if there are no local keys.
    public func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
        let localKeys = local.presentKeys()
        guard let remote else { return try await local.keys(for: need) }
        // A local set without the key says nothing about a remote set that is not there yet.
        let isThere = remote.presentKeys() != nil
        let remoteKeys = try await remote.keys(for: isThere ? need : .noKeys)
        return localKeys.map { join($0, remoteKeys) } ?? remoteKeys
    }

    /// The local source's health, unless it has no keys and the remote one has.
    public var health: KeySourceHealth {
        let own = local.health
        if case .unavailable = own, let remote { return remote.health }
        return own
    }

    /// The remote source's.
    public var discovery: IssuerDiscovery? { remote?.discovery }

    private func join(_ local: JSONWebKeySet, _ remote: JSONWebKeySet) -> JSONWebKeySet {
        // RFC 8725 §3.8: keys of another issuer would become the local issuer's.
        guard remote.issuer.hasSameBytes(as: local.issuer) else { return local }
        return joined.withLock { joined in
            if let joined, joined.local == local.identity, joined.remote == remote.identity { return joined.keys }
            let keys = local.backed(by: remote.keys)
            joined = Joined(local: local.identity, remote: remote.identity, keys: keys)
            return keys
        }
    }
}
