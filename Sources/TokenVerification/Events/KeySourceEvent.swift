public import JOSE
internal import WireFormat

/// An event of a key source. No case contains a key id or text of a document. A URL in it is one that the configuration
/// stands for.
///
/// The number of events does not grow with the number of requests. A source reports each fetch, and each change of its
/// health once.
public enum KeySourceEvent: Sendable, Hashable {
    /// A fetch of the key set begins.
    case refreshStarted(KeySourceEvent.RefreshCause)
    /// A fetch succeeded: it returned a usable key set, or the present set is unchanged.
    case refreshSucceeded(usableKeys: Int)
    /// A fetch failed. The present set, if there is one, stays in use.
    case refreshFailed(RemoteKeySet.FetchFailure)
    /// A fetch returned a document that is not a usable key set. The present set, if there is one, stays in use.
    case setRejected(RemoteKeySet.FetchFailure)
    /// An entry of a new set is not used. The event has the entry's position, counted from 0, and the reason. There are
    /// at most ``RemoteKeySet/Limits/maximumSkippedKeyEvents`` of these events for each set.
    case keySkipped(index: Int, reason: JSONWebKey.Defect)
    /// A new set has more entries than the limit. The entries after the limit are ignored.
    case tooManyKeys(limit: Int)
    /// The present set is used after the end of its soft lifetime. Reported once until the next successful fetch.
    case servedStale(age: Duration)
    /// The present set has reached the end of its hard lifetime and is no longer used. Reported once until the next
    /// successful fetch.
    case hardExpired
    /// The issuer's metadata could not be read, and there is no earlier document. The event has each location that was
    /// asked, in order.
    case discoveryFailed([IssuerDiscovery.FailedLocation])
    /// The issuer's metadata could not be read again. The earlier document stays in use; `age` is the time since it was
    /// read.
    case discoveryStale([IssuerDiscovery.FailedLocation], age: Duration)
    /// Members of the issuer's metadata have unusable values and count as absent: see
    /// ``OAuthMetadata/AuthorizationServerMetadata/unusableMembers``. Reported once for each document.
    case metadataMembersIgnored([String])
}

extension KeySourceEvent {
    /// The reason why a fetch of keys begins.
    public enum RefreshCause: String, Sendable, Hashable, CaseIterable {
        /// There is no key set that may be used.
        case noKeys = "no_keys"
        /// The present set is near the end of its soft lifetime, or past it.
        case aging
        /// A token has a `kid` that is not in the present set.
        case unknownKey = "unknown_kid"
        /// A token has a bad signature for its key in the present set.
        case badSignature = "bad_signature"

        /// Whether a cache between here and the issuer must not answer the fetch. These are the causes that any caller
        /// can bring about.
        var asksIssuer: Bool { self == .unknownKey || self == .badSignature }
    }
}

extension KeySourceEvent: CustomStringConvertible {
    /// One line: the name of the event, then `key=value` pairs.
    public var description: String {
        switch self {
        case .refreshStarted(let cause): "key_refresh_started cause=\(cause.rawValue)"
        case .refreshSucceeded(let count): "key_refresh_succeeded usable_keys=\(count)"
        case .refreshFailed(let failure): "key_refresh_failed reason=\(failure.code)"
        case .setRejected(let failure): "key_set_rejected reason=\(failure.code)"
        case .keySkipped(let index, let reason): "key_skipped index=\(index) reason=\(reason.rawValue)"
        case .tooManyKeys(let limit): "key_set_too_large limit=\(limit)"
        case .servedStale(let age): "keys_served_stale age=\(age.components.seconds)"
        case .hardExpired: "keys_hard_expired"
        case .discoveryFailed(let locations): "discovery_failed \(Self.text(locations))"
        case .discoveryStale(let locations, let age):
            "discovery_stale age=\(age.components.seconds) \(Self.text(locations))"
        case .metadataMembersIgnored(let names): "metadata_members_ignored names=\(names.joined(separator: ","))"
        }
    }

    private static func text(_ locations: [IssuerDiscovery.FailedLocation]) -> String {
        locations.map { "url=\($0.url.text) reason=\($0.failure.code)" }.joined(separator: " ")
    }
}
