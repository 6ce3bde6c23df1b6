public import JOSE
internal import Synchronization
internal import WireFormat

/// Combines the keys of an authorization server in the same program with the keys that it publishes elsewhere.
///
/// A key is looked up by its `kid`, first in the local set, then in the remote one. If the local set has the `kid`,
/// only its key is used. If neither set has the key, the remote source may fetch; without a remote source, the key is
/// unknown. If there is no local set, the remote set is used alone, and a key that it lacks is *unavailable*, because
/// the local set may have it. A token without `kid` is verified with the local set, if there is one.
public final class LocalFirstKeySource: KeySource {
    private struct Joined {
        let local: JSONWebKeySet.Identity
        let remote: JSONWebKeySet.Identity
        let keys: JSONWebKeySet
    }

    private let local: any KeySource
    private let remote: (any KeySource)?
    /// The combined set. It is kept while neither set changes, so that its identity is stable.
    private let joined = Mutex<Joined?>(nil)

    /// Makes a source that uses `local` first. `remote` is nil when there is no other source.
    public init(_ local: any KeySource, otherwise remote: (any KeySource)?) {
        self.local = local
        self.remote = remote
    }

    /// The present keys of both sources.
    public func presentKeys() -> JSONWebKeySet? {
        let remoteKeys = remote?.presentKeys()
        guard let localKeys = local.presentKeys() else { return remoteKeys }
        guard let remoteKeys else { return localKeys }
        return join(localKeys, remoteKeys)
    }

    /// The local keys, combined with the keys of the remote source for this need.
    ///
    /// - Throws: ``KeySourceError`` when the remote source has no keys; without a remote source, when the local source
    ///   has none; without local keys, also when the remote source has no other set than before.
    public func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
        guard let remote else { return try await local.keys(for: need) }
        // The local set does not verify the token. If the remote source has no set yet, it needs its first one.
        let before = remote.presentKeys()
        // The local set has the key. No caller may make the remote source fetch its first set for a bad signature.
        if need == .badSignature, before == nil, let localKeys = local.presentKeys() { return localKeys }
        let remoteKeys = try await remote.keys(for: before == nil ? .noKeys : need)
        if let localKeys = local.presentKeys() { return join(localKeys, remoteKeys) }
        // The set that lacks the key is still the same, and the local set could not be looked at.
        if need == .unknownKey, remoteKeys.identity == before?.identity { throw KeySourceError(retryAfter: 1) }
        return remoteKeys
    }

    /// The health of the local source. When that one has no keys, the health of the remote source.
    public var health: KeySourceHealth {
        let own = local.health
        if case .unavailable = own, let remote { return remote.health }
        return own
    }

    /// The metadata of the remote source.
    public var discovery: IssuerDiscovery? { remote?.discovery }

    /// The age of the local keys. When they have none, the age of the remote keys.
    public var age: Duration? { local.presentKeys() == nil ? remote?.age : local.age }

    private func join(_ local: JSONWebKeySet, _ remote: JSONWebKeySet) -> JSONWebKeySet {
        // RFC 8725 §3.8: the keys of another issuer must not verify tokens of the local issuer.
        guard remote.issuer.hasSameBytes(as: local.issuer) else { return local }
        return joined.withLock { joined in
            if let joined, joined.local == local.identity, joined.remote == remote.identity { return joined.keys }
            let keys = local.backed(by: remote.keys)
            joined = Joined(local: local.identity, remote: remote.identity, keys: keys)
            return keys
        }
    }
}
