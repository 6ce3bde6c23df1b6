internal import HTTPMessages
internal import JOSE
internal import WireFormat

/// A fetched key set, with the data for the next conditional request.
struct KeySetDocument: Sendable {
    var keys: JSONWebKeySet
    var url: AbsoluteURL
    var body: [UInt8]
    var validators: Validators
    /// How long the set is fresh according to the response, within ``RemoteKeySet/Limits/honouredMaxAge``.
    var lifetime: Duration
}

/// One fetch of keys. ``KeySetState`` and ``RemoteKeySet`` share it; requests wait for its `pending`.
struct KeyAttempt: Sendable {
    let number: UInt64
    let cause: KeySourceEvent.RefreshCause
    let startedAt: Duration
    /// The present document, for a conditional request.
    let known: KeySetDocument?
    let pending = SharedResult<Void>()
}

/// The result of an attempt.
enum KeyAttemptResult: Sendable {
    case changed(KeySetDocument)
    /// The issuer's document has not changed. The associated value has its new lifetime.
    case unchanged(KeySetDocument)
    case failed(RemoteKeySet.FetchFailure)
}

/// What an attempt has found, for the decision and for the operator.
struct KeyAttemptAnswer: Sendable {
    var result: KeyAttemptResult
    /// The URL of the key set; nil when the metadata that names it is missing.
    var url: AbsoluteURL?
    /// How far this machine's clock is ahead of the server's, in seconds; nil when the response does not say its time.
    var clockDifference: Int?
}

/// The decision table of a remote key source: which keys to use, when to fetch, which requests wait. It contains no
/// clock, no random numbers and no tasks. They are arguments, so that tests can try every order of events.
struct KeySetState: Sendable {
    private struct Present {
        var document: KeySetDocument
        /// The keys of the newest document, and removed keys in their grace period.
        var keys: JSONWebKeySet
        var fetchedAt: Duration
        var refreshAt: Duration
        var staleAt: Duration
        var expiresAt: Duration
        /// The end of the grace period of removed keys; nil when there are none.
        var removedKeysEndAt: Duration?
        var hasToldStale = false
        var hasToldExpired = false
    }

    /// The result of ``look(now:)``.
    struct Look {
        var keys: JSONWebKeySet?
        /// A background attempt that begins now.
        var begun: KeyAttempt?
        var event: KeySourceEvent?
    }

    /// The result of ``step(for:now:)``.
    enum Step {
        case answer(JSONWebKeySet)
        case wait(KeyAttempt, isNew: Bool)
        case refuse(retryAfter: Int)
    }

    private let settings: RemoteKeySet.Settings
    private var present: Present?
    /// The running fetch. It is stored before any request waits, so that there is never a second one.
    private var underway: KeyAttempt?
    private var lastNumber: UInt64 = 0
    /// The number of the attempt that brought the present set; 0 before the first one.
    private var newestSet: UInt64 = 0
    private var backOff = BackOff()
    private var permits: FetchPermits
    /// When the last successful fetch that asked the issuer began; nil before the first one. Other fetches do not
    /// count: a cache between here and the issuer may answer them with an older set.
    private var askedIssuer: Duration?
    /// When the last fetch for a bad signature began; nil before the first one.
    private var askedForBadSignature: Duration?
    /// Why the last fetch failed; nil when it did not fail.
    private(set) var lastFailure: RemoteKeySet.FetchFailure?
    private let createdAt: Duration
    /// A fast path: until this time, these keys are used and nothing else is checked. Every token reads it.
    private var quiet: (keys: JSONWebKeySet?, until: Duration) = (nil, .seconds(-1))

    init(_ settings: RemoteKeySet.Settings, now: Duration) {
        self.settings = settings
        permits = FetchPermits(now: now)
        createdAt = now
    }

    // MARK: The decision table

    /// The first step of every request: the rows of the table in which no request waits.
    mutating func look(now: Duration) -> Look {
        // Some set, age ≤ 0.8 of its lifetime: verify.
        if let keys = quietKeys(now: now) { return Look(keys: keys) }
        dropRemovedKeys(now)
        guard let present else { return Look() }
        // Some set, past the hard lifetime: it is not used. The request fetches with `step`.
        if now > present.expiresAt {
            self.present?.hasToldExpired = true
            return Look(event: present.hasToldExpired ? nil : .hardExpired)
        }
        var look = Look(keys: present.keys)
        if now > present.staleAt, !present.hasToldStale {
            self.present?.hasToldStale = true
            look.event = .servedStale(age: now - present.fetchedAt)
        }
        // Some set, 0.8 of its lifetime … hard lifetime: use the present set, and fetch in the background unless a
        // fetch runs or the wait after a failure has not ended.
        if now > present.refreshAt, underway == nil, backOff.isOver(now) { look.begun = begin(.aging, now) }
        return look
    }

    /// The usual result of ``look(now:)``. Returns nil when another action may be needed.
    func quietKeys(now: Duration) -> JSONWebKeySet? {
        now <= quiet.until ? quiet.keys : nil
    }

    /// Whether ``quietKeys(now:)`` have this identity. Returns nil when another action may be needed.
    func quietKeysAre(_ identity: JSONWebKeySet.Identity, now: Duration) -> Bool? {
        now <= quiet.until ? quiet.keys.map { $0.identity == identity } : nil
    }

    /// The step of a request that the present keys cannot decide.
    mutating func step(for need: KeyNeed, now: Duration) -> Step {
        dropRemovedKeys(now)
        guard let keys = usableKeys(now) else {
            // No set, or one past the hard lifetime: wait for a fetch, unless the wait after a failure has not ended.
            if let underway { return .wait(underway, isNew: false) }
            guard backOff.isOver(now) else { return .refuse(retryAfter: backOff.secondsLeft(now)) }
            return .wait(begin(.noKeys, now), isNew: true)
        }
        switch need {
        case .noKeys: return .answer(keys)
        case .unknownKey: return stepForUnknownKey(keys, now)
        case .badSignature:
            if let underway { return .wait(underway, isNew: false) }
            // No permit: the signature is bad by the present set.
            if let asked = askedForBadSignature, now - asked < RemoteKeySet.Limits.badSignatureInterval {
                return .answer(keys)
            }
            askedForBadSignature = now
            return .wait(begin(.badSignature, now), isNew: true)
        }
    }

    private mutating func stepForUnknownKey(_ keys: JSONWebKeySet, _ now: Duration) -> Step {
        // The set lacks the key: join the running fetch. A refresh because of age takes no permit, but it decides only
        // if it brings another set: see `stepAfterWait`.
        if let underway, underway.cause.asksIssuer || permits.timeLeft(now) == .zero {
            return .wait(underway, isNew: false)
        }
        if underway == nil, permits.take(now) { return .wait(begin(.unknownKey, now), isNew: true) }
        // No permit: the present set decides only if the issuer has just been asked for it. Otherwise, the key may be
        // a new one, and the token good.
        if let asked = askedIssuer, now - asked <= RemoteKeySet.Limits.unknownKeyDecisionTime {
            return .answer(keys)
        }
        return .refuse(retryAfter: permits.timeLeft(now).retryAfterSeconds)
    }

    /// The step of a request after its wait for `attempt`, with or without success. It returns `wait` only after a
    /// fetch that did not ask the issuer.
    ///
    /// After a successful fetch its set decides. Without one, the present set decides that a signature is bad. It
    /// cannot decide that a key is unknown: the answer is *unavailable*.
    mutating func stepAfterWait(for need: KeyNeed, _ attempt: KeyAttempt, now: Duration) -> Step {
        dropRemovedKeys(now)
        guard let keys = usableKeys(now) else { return .refuse(retryAfter: backOff.secondsLeft(now)) }
        guard need != .noKeys else { return .answer(keys) }
        guard newestSet >= attempt.number else {
            guard need == .unknownKey else { return .answer(keys) }
            return .refuse(retryAfter: permits.timeLeft(now).retryAfterSeconds)
        }
        // RFC 9111 §5.2.1.4: a cache may have answered this fetch with the old set, because it was sent without
        // `no-cache`. The set that does not verify the token is still the same, so the issuer is asked now.
        if !attempt.cause.asksIssuer, newestSet == attempt.number,
            present?.document.keys.identity == attempt.known?.keys.identity
        {
            return step(for: need, now: now)
        }
        return .answer(keys)
    }

    /// Records the result of an attempt.
    ///
    /// - Parameters:
    ///   - fraction: A random number, 0…1: for the lifetime of a set, or for the wait after a failure.
    /// - Returns: Whether the result is used. The result of any attempt but the running one is out of date.
    mutating func finish(
        _ attempt: KeyAttempt, _ result: KeyAttemptResult, now: Duration, fraction: Double
    ) -> Bool {
        guard attempt.number == underway?.number else { return false }
        underway = nil
        switch result {
        case .changed(let document), .unchanged(let document):
            renew(document, now, fraction)
            newestSet = attempt.number
            lastFailure = nil
            if attempt.cause.asksIssuer { askedIssuer = attempt.startedAt }
        case .failed(let failure):
            lastFailure = failure
            // A failure in the lanes of unknown keys and bad signatures does not delay the other lane: a caller could
            // cause it at any time.
            if !attempt.cause.asksIssuer { backOff.fail(now, fraction: fraction) }
        }
        return true
    }

    /// The health of the source.
    func health(now: Duration) -> KeySourceHealth {
        guard let present else { return .unavailable(since: now - createdAt) }
        if now > present.expiresAt { return .unavailable(since: now - present.expiresAt) }
        return now > present.staleAt ? .stale(age: now - present.fetchedAt) : .healthy
    }

    /// The time since the last good fetch; nil without keys that may be used.
    func age(now: Duration) -> Duration? {
        guard let present, now <= present.expiresAt else { return nil }
        return now - present.fetchedAt
    }

    // MARK: Parts

    private func usableKeys(_ now: Duration) -> JSONWebKeySet? {
        guard let present, now <= present.expiresAt else { return nil }
        return present.keys
    }

    private mutating func begin(_ cause: KeySourceEvent.RefreshCause, _ now: Duration) -> KeyAttempt {
        lastNumber &+= 1
        let attempt = KeyAttempt(number: lastNumber, cause: cause, startedAt: now, known: present?.document)
        underway = attempt
        return attempt
    }

    /// Replaces the present set with the new one. A key that is missing in the new set keeps verifying until the end of
    /// its grace period. A key that is already in its grace period does not get another one.
    private mutating func renew(_ document: KeySetDocument, _ now: Duration, _ fraction: Double) {
        // If the hard lifetime is shorter than the freshness of the response, the hard lifetime applies.
        let lifetime = min(document.lifetime, settings.hardLifetime) * (1 - RemoteKeySet.Limits.jitter * fraction)
        var keys = document.keys
        var removedKeysEndAt: Duration?
        if settings.dropRemovedKeys == .afterSecondMiss, let present {
            keys = keys.backed(by: present.document.keys.keys)
            // The grace period ends at the latest with the hard lifetime of the last set that had the key. An expired
            // key must not become valid again.
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
