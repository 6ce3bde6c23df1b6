public import JOSE

/// What happens at a source of keys. No case holds a URL, a key id or text of a document.
///
/// Bounded: none is sent per request. A source tells of each attempt, and of each change in how it stands, once.
public enum KeySourceEvent: Sendable, Hashable {
    /// A fetch begins.
    case refreshStarted(KeySourceEvent.RefreshCause)
    /// A fetch has brought a usable set, or has found the present one unchanged.
    case refreshSucceeded(usableKeys: Int)
    /// A fetch brought nothing; the present set, if any, stays in use.
    case refreshFailed(RemoteKeySet.FetchFailure)
    /// A fetch brought a document that is no usable key set; the present set, if any, stays in use.
    case setRejected(RemoteKeySet.FetchFailure)
    /// An entry of a new set is not used; its position, and why. At most ``RemoteKeySet.Limits/maximumSkippedKeyEvents`` a set.
    case keySkipped(index: Int, reason: JSONWebKey.Defect)
    /// A new set has more entries than are looked at; the rest is ignored.
    case tooManyKeys(limit: Int)
    /// The present set is used past its soft lifetime; once until the next good fetch.
    case servedStale(age: Duration)
    /// The present set is past its hard lifetime and not used any more; once until the next good fetch.
    case hardExpired
    /// The issuer's metadata could not be read, and there is none from before.
    case discoveryFailed(RemoteKeySet.FetchFailure)
    /// The issuer's metadata could not be read anew; what was read before, so long ago, stays in use.
    case discoveryStale(RemoteKeySet.FetchFailure, age: Duration)
}

extension KeySourceEvent {
    /// Why a fetch of keys begins.
    public enum RefreshCause: String, Sendable, Hashable, CaseIterable {
        /// There is no set that may be used.
        case noKeys = "no_keys"
        /// The present set is getting old.
        case aging
        /// A token names a key that the present set has not.
        case unknownKey = "unknown_kid"
    }
}

/// How a source of keys stands.
public enum KeySourceHealth: Sendable, Hashable {
    /// Its keys are fresh.
    case healthy
    /// Its keys are past their soft lifetime and still used; the time since they were fetched.
    case stale(age: Duration)
    /// It has no keys to use; for how long it has been so.
    case unavailable(since: Duration)
}

extension KeySourceEvent: CustomStringConvertible {
    /// One line: a name, then `key=value` pairs.
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
        case .discoveryFailed(let failure): "discovery_failed reason=\(failure.code)"
        case .discoveryStale(let failure, let age):
            "discovery_stale reason=\(failure.code) age=\(age.components.seconds)"
        }
    }
}
