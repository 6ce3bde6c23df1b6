internal import HTTPMessages
internal import JOSE
internal import WireFormat

/// A key set as it came, and what is needed to ask for it again.
struct KeySetDocument: Sendable {
    var keys: JSONWebKeySet
    var url: AbsoluteURL
    var body: [UInt8]
    var validators: Validators
    /// How long the response calls it fresh, within ``RemoteKeySet.Limits/honouredMaxAge``.
    var lifetime: Duration
}

/// One fetch of keys. State and shell share it; those who wait stand at its `pending`.
struct KeyAttempt: Sendable {
    let number: UInt64
    let cause: KeySourceEvent.RefreshCause
    /// The present document: it need not be sent again.
    let known: KeySetDocument?
    let pending = SharedResult<Void>()
}

/// What an attempt brought.
enum KeyAttemptResult: Sendable {
    case changed(KeySetDocument)
    /// The known document is still the issuer's; with its new lifetime.
    case unchanged(KeySetDocument)
    case failed(RemoteKeySet.FetchFailure)
}

/// The decision table of a remote source: which keys to use, when to fetch, who waits. No clock, no chance, no task:
/// they are arguments, so that every order of events can be tried.
struct KeySetState: Sendable {
    private struct Present {
        var document: KeySetDocument
        /// The keys to verify with: the document's, and those that one refresh has missed.
        var keys: JSONWebKeySet
        var fetchedAt: Duration
        var refreshAt: Duration
        var staleAt: Duration
        var expiresAt: Duration
        /// When the keys that one refresh has missed stop verifying; nil when there are none.
        var removedKeysEndAt: Duration?
        var hasToldStale = false
        var hasToldExpired = false
    }

    /// The answer to ``look(now:)``.
    struct Look {
        var keys: JSONWebKeySet?
        /// An attempt that begins now, in the background.
        var begun: KeyAttempt?
        var event: KeySourceEvent?
    }

    /// The answer to ``step(for:now:)``.
    enum Step {
        case answer(JSONWebKeySet)
        case wait(KeyAttempt, isNew: Bool)
        case refuse(retryAfter: Int)
    }

    private let settings: RemoteKeySet.Settings
    private var present: Present?
    /// The fetch under way, stored before anybody waits, so that there is never a second one.
    private var underway: KeyAttempt?
    private var lastNumber: UInt64 = 0
    private var lastAttempt: Duration?
    private var backOff = BackOff()
    private let createdAt: Duration
    /// The present keys, until when nothing but using them is to be done. By themselves, because every token looks here.
    private var quiet: (keys: JSONWebKeySet?, until: Duration) = (nil, .seconds(-1))

    init(_ settings: RemoteKeySet.Settings, now: Duration) {
        self.settings = settings
        createdAt = now
    }

    // MARK: The decision table

    /// What every request does first: the rows in which nobody waits.
    mutating func look(now: Duration) -> Look {
        // Some set, age ≤ 0.8 of its lifetime: verify.
        if let keys = quietKeys(now: now) { return Look(keys: keys) }
        dropRemovedKeys(now)
        guard let present else { return Look() }
        // Some set, past the hard lifetime: not used. A request fetches by `step`.
        if now > present.expiresAt {
            self.present?.hasToldExpired = true
            return Look(event: present.hasToldExpired ? nil : .hardExpired)
        }
        var look = Look(keys: present.keys)
        if now > present.staleAt, !present.hasToldStale {
            self.present?.hasToldStale = true
            look.event = .servedStale(age: now - present.fetchedAt)
        }
        // Some set, 0.8 of its lifetime … hard: the present set, and a fetch behind it unless that lane is busy.
        if now > present.refreshAt, underway == nil, backOff.isOver(now) { look.begun = begin(.aging, now) }
        return look
    }

    /// What ``look(now:)`` answers almost always; nil when there is more to it.
    func quietKeys(now: Duration) -> JSONWebKeySet? {
        now <= quiet.until ? quiet.keys : nil
    }

    /// What a request does that the present keys cannot decide.
    mutating func step(for need: KeyNeed, now: Duration) -> Step {
        dropRemovedKeys(now)
        guard let keys = usableKeys(now) else {
            // No set, or one past the hard lifetime: wait for a fetch, unless backing off.
            if let underway { return .wait(underway, isNew: false) }
            guard backOff.isOver(now) else { return .refuse(retryAfter: backOff.secondsLeft(now)) }
            return .wait(begin(.noKeys, now), isNew: true)
        }
        guard need == .unknownKey else { return .answer(keys) }
        // Some set without the key: wait for a fetch, unless one for unknown keys may not begin yet.
        if let underway { return .wait(underway, isNew: false) }
        guard lastAttempt.map({ now - $0 >= RemoteKeySet.Limits.unknownKeyInterval }) ?? true else {
            return .answer(keys)
        }
        return .wait(begin(.unknownKey, now), isNew: true)
    }

    /// What a request does whose wait is over, however it ended. `wait` does not come again.
    ///
    /// A fetch that went well has left a fresh set. After any other, a set within its soft lifetime still decides about
    /// an unknown key: it is the caller's fault. An older one does not.
    mutating func stepAfterWait(for need: KeyNeed, now: Duration) -> Step {
        dropRemovedKeys(now)
        if let keys = usableKeys(now), need == .noKeys || health(now: now) == .healthy { return .answer(keys) }
        return .refuse(retryAfter: backOff.secondsLeft(now))
    }

    /// Takes what an attempt brought.
    ///
    /// - Parameters:
    ///   - fraction: Chance, 0…1: for the lifetime of a set, or for the wait after a failure.
    /// - Returns: Whether it counts. An answer to any attempt but the one under way is older than what is known.
    mutating func finish(
        _ attempt: KeyAttempt, _ result: KeyAttemptResult, now: Duration, fraction: Double
    ) -> Bool {
        guard attempt.number == underway?.number else { return false }
        underway = nil
        switch result {
        case .changed(let document): renew(document, now, fraction)
        case .unchanged(let document): renew(document, now, fraction)
        case .failed: backOff.fail(now, fraction: fraction)
        }
        return true
    }

    /// How the source stands.
    func health(now: Duration) -> KeySourceHealth {
        guard let present else { return .unavailable(since: now - createdAt) }
        if now > present.expiresAt { return .unavailable(since: now - present.expiresAt) }
        return now > present.staleAt ? .stale(age: now - present.fetchedAt) : .healthy
    }

    // MARK: Parts

    private func usableKeys(_ now: Duration) -> JSONWebKeySet? {
        guard let present, now <= present.expiresAt else { return nil }
        return present.keys
    }

    private mutating func begin(_ cause: KeySourceEvent.RefreshCause, _ now: Duration) -> KeyAttempt {
        lastNumber &+= 1
        lastAttempt = now
        let attempt = KeyAttempt(number: lastNumber, cause: cause, known: present?.document)
        underway = attempt
        return attempt
    }

    /// The swap: the new set replaces the present one. What it misses of that one gets its grace; what it misses of the
    /// keys that already have theirs does not get another.
    private mutating func renew(_ document: KeySetDocument, _ now: Duration, _ fraction: Double) {
        // A hard lifetime below what the response calls fresh wins.
        let lifetime = min(document.lifetime, settings.hardLifetime) * (1 - RemoteKeySet.Limits.jitter * fraction)
        var keys = document.keys
        var removedKeysEndAt: Duration?
        if settings.dropRemovedKeys == .afterSecondMiss, let present {
            keys = keys.backed(by: present.document.keys.keys)
            // Never beyond the hard lifetime of the set that had the key last: an expired key does not rise again.
            if keys.identity != document.keys.identity { removedKeysEndAt = min(now + lifetime, present.expiresAt) }
        }
        let refreshAt = now + lifetime * RemoteKeySet.Limits.refreshAhead
        present = Present(
            document: document, keys: keys, fetchedAt: now, refreshAt: refreshAt, staleAt: now + lifetime,
            expiresAt: now + settings.hardLifetime, removedKeysEndAt: removedKeysEndAt)
        quiet = (keys, min(refreshAt, removedKeysEndAt ?? refreshAt))
        backOff = BackOff()
    }

    private mutating func dropRemovedKeys(_ now: Duration) {
        guard let present, let end = present.removedKeysEndAt, now > end else { return }
        self.present?.keys = present.document.keys
        self.present?.removedKeysEndAt = nil
    }
}
