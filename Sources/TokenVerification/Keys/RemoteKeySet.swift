public import HTTPMessages
public import JOSE
public import OAuthMetadata
internal import Synchronization
public import WireFormat

/// The keys of an issuer, fetched from its key set URL and cached.
///
/// A token with a known key never waits: the present set is available without suspension, and a background fetch renews
/// it before it is old. There is one fetch at a time; a cancelled request does not cancel the fetch. When a fetch
/// fails, the present set is used until the end of its hard lifetime. Unknown key ids cause at most
/// ``Limits/unknownKeyFetches`` fetches in a row and then one per ``Limits/unknownKeyInterval``, for any number of
/// tokens. Bad signatures cause one fetch per ``Limits/badSignatureInterval``, since the issuer may have a new key
/// under its old `kid`. If the issuer could not be asked for a token's key, the source throws, and the token gets
/// *unavailable*, not *invalid*. A set replaces the present one only if it has a usable key.
///
/// `KeySetState` makes the decisions; this type executes them. All numbers are in ``Limits``.
public final class RemoteKeySet: KeySource {
    /// The source of the metadata that contains the `jwks_uri`; nil when a URL is configured.
    public let discovery: IssuerDiscovery?
    private let issuer: TokenIssuer
    private let fetch: KeySetFetch
    private let clock: MonotonicClock
    private let observer: TokenVerificationEvent.Observer?
    private let state: Mutex<KeySetState>
    /// Whether the last response with a `Date` had another time than this machine.
    private let clockDiffers = Mutex(false)

    /// Makes a source. It fetches at the first use.
    ///
    /// - Parameters:
    ///   - issuer: The issuer to which the keys are bound.
    ///   - location: Where the key set is.
    ///   - settings: The other settings.
    ///   - fetcher: Fetches the documents. It has its own policy for hosts, sizes and times.
    ///   - clock: The clock for ages and waits.
    ///   - observer: Receives the events of the source.
    /// - Throws: ``ConfigurationError`` when a setting is out of range.
    public convenience init(
        of issuer: IssuerIdentifier, at location: Location = .discovered, settings: Settings = Settings(),
        fetcher: any DocumentFetcher, clock: MonotonicClock = .system, observer: TokenVerificationEvent.Observer? = nil
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        settings.check(at: "settings", &faults)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        self.init(
            of: issuer, at: location, checked: settings, fetcher: fetcher, timing: RefreshTiming(clock: clock),
            observer: observer)
    }

    /// Makes a source for an issuer whose name need not be a URL. It fetches at the first use.
    ///
    /// - Parameters:
    ///   - issuer: The issuer to which the keys are bound.
    ///   - url: The URL of the key set. No metadata is read.
    ///   - settings: The other settings.
    ///   - fetcher: Fetches the key set. It has its own policy for hosts, sizes and times.
    ///   - clock: The clock for ages and waits.
    ///   - observer: Receives the events of the source.
    /// - Throws: ``ConfigurationError`` when a setting is out of range.
    public convenience init(
        of issuer: TokenIssuer, at url: AbsoluteURL, settings: Settings = Settings(), fetcher: any DocumentFetcher,
        clock: MonotonicClock = .system, observer: TokenVerificationEvent.Observer? = nil
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        settings.check(at: "settings", &faults)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        self.init(
            of: issuer, at: .url(url), checked: settings, fetcher: fetcher, timing: RefreshTiming(clock: clock),
            observer: observer)
    }

    package convenience init(
        of issuer: IssuerIdentifier, at location: Location, checked settings: Settings,
        fetcher: any DocumentFetcher, timing: RefreshTiming, observer: TokenVerificationEvent.Observer?
    ) {
        let place =
            switch location {
            case .discovered: Place.metadata(of: issuer)
            case .url(let url): Place.url(url)
            }
        self.init(
            of: TokenIssuer(issuer), at: place, checked: settings, fetcher: fetcher, timing: timing,
            observer: observer)
    }

    /// Where the keys are. Only an issuer that is a URL has metadata.
    enum Place: Sendable, Hashable {
        case metadata(of: IssuerIdentifier)
        case url(AbsoluteURL)
    }

    /// - Parameter purpose: What else the metadata is read for, if it is read.
    init(
        of issuer: TokenIssuer, at place: Place, sharedFor purpose: IssuerDiscovery.Purpose? = nil,
        checked settings: Settings, fetcher: any DocumentFetcher, timing: RefreshTiming,
        observer: TokenVerificationEvent.Observer?
    ) {
        let timed = TimedFetch(fetcher: fetcher, timing: timing)
        switch place {
        case .url(let url):
            discovery = nil
            fetch = KeySetFetch(issuer: issuer, place: .url(url), fetch: timed)
        case .metadata(of: let identifier):
            let purposes = [.keySet] + (purpose.map { [$0] } ?? [])
            let discovery = IssuerDiscovery(of: identifier, for: purposes, keySet: settings.origin, timed, observer)
            self.discovery = discovery
            fetch = KeySetFetch(issuer: issuer, place: .discovered(discovery), fetch: timed)
        }
        self.issuer = issuer
        self.observer = observer
        clock = timing.clock
        state = Mutex(KeySetState(settings, now: timing.clock.now()))
    }

    /// The present set, or nil when it is older than the hard lifetime. If the set is near the end of its soft
    /// lifetime, a fetch starts in the background.
    public func presentKeys() -> JSONWebKeySet? {
        let now = clock.now()
        if let keys = state.withLock({ $0.quietKeys(now: now) }) { return keys }
        let look = state.withLock { $0.look(now: now) }
        if let event = look.event { tell(event) }
        if let attempt = look.begun { start(attempt) }
        return look.keys
    }

    /// Whether the present set has this identity. Does what ``presentKeys()`` does.
    public func presents(_ identity: JSONWebKeySet.Identity) -> Bool {
        let now = clock.now()
        return state.withLock { $0.quietKeysAre(identity, now: now) } ?? (presentKeys()?.identity == identity)
    }

    /// Fetches a set or waits for the running fetch. Returns the present set for ``KeyNeed/unknownKey`` without a fetch
    /// only when the issuer was asked for it at most ``Limits/unknownKeyDecisionTime`` ago. Returns the present set for
    /// ``KeyNeed/badSignature`` when the fetch fails, and without a fetch when the last one for this need began less
    /// than ``Limits/badSignatureInterval`` ago.
    ///
    /// - Throws: ``KeySourceError`` when there is no set that can decide, with the failure of the last fetch.
    public func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
        let timing = fetch.timing
        let now = clock.now()
        var step = state.withLock { $0.step(for: need, now: now) }
        // A second wait follows when the first one was for a fetch that did not ask for an unknown key.
        for _ in 0..<2 {
            guard case .wait(let attempt, let isNew) = step else { break }
            if isNew { start(attempt) }
            _ = await attempt.pending.value(within: now + Limits.patience - clock.now(), timing)
            let later = clock.now()
            step = state.withLock { $0.stepAfterWait(for: need, attempt, now: later) }
        }
        switch step {
        case .answer(let keys): return keys
        case .refuse(let seconds):
            throw KeySourceError(retryAfter: seconds, failure: state.withLock { $0.lastFailure })
        case .wait: throw KeySourceError(retryAfter: 1, failure: state.withLock { $0.lastFailure })
        }
    }

    /// The health of the source. Reading it does not start a fetch.
    public var health: KeySourceHealth {
        let now = clock.now()
        return state.withLock { $0.health(now: now) }
    }

    /// The time since the issuer last confirmed the present keys; nil without keys that may be used.
    public var age: Duration? {
        let now = clock.now()
        return state.withLock { $0.age(now: now) }
    }

    /// This is not a child of the caller's task: a caller that is cancelled must not cancel the fetch of other callers.
    private func start(_ attempt: KeyAttempt) {
        tell(.refreshStarted(attempt.cause))
        Task(executorPreference: fetch.timing.executor) { [self] in
            finish(attempt, await fetch.result(of: attempt))
        }
    }

    private func finish(_ attempt: KeyAttempt, _ answer: KeyAttemptAnswer) {
        let now = clock.now()
        let fraction = fetch.timing.jitter.next()
        let counts = state.withLock { $0.finish(attempt, answer.result, now: now, fraction: fraction) }
        // The observer is called before the waiting requests continue, so that they find the events.
        if counts { tell(answer) }
        attempt.pending.deliver(())
    }

    private func tell(_ answer: KeyAttemptAnswer) {
        if let difference = answer.clockDifference {
            let differs = abs(difference) > Limits.toleratedClockDifference
            let isNew = clockDiffers.withLock { known in
                defer { known = differs }
                return differs && !known
            }
            if isNew { tell(.clockDiffers(seconds: difference)) }
        }
        switch answer.result {
        case .changed(let document):
            tellSkipped(Self.reportedDefects(of: document.keys.skipped))
            tell(.refreshSucceeded(usableKeys: document.keys.keys.count))
        case .unchanged(let document): tell(.refreshSucceeded(usableKeys: document.keys.keys.count))
        case .failed(let failure):
            if case .noUsableKey(let skipped) = failure { tellSkipped(skipped) }
            tell(
                failure.isRejectedSet
                    ? .setRejected(failure, at: answer.url) : .refreshFailed(failure, at: answer.url))
        }
    }

    private func tellSkipped(_ skipped: [JSONWebKeySet.Skipped]) {
        for entry in skipped {
            tell(
                entry.reason == .beyondLimit
                    ? .tooManyKeys(limit: JSONWebKeySet.maximumKeys)
                    : .keySkipped(index: entry.index, reason: entry.reason))
        }
    }

    /// The unused entries that are reported: the first ones, and the one for all entries beyond the limit.
    static func reportedDefects(of skipped: [JSONWebKeySet.Skipped]) -> [JSONWebKeySet.Skipped] {
        skipped.filter { $0.reason != .beyondLimit }.prefix(Limits.maximumSkippedKeyEvents)
            + skipped.filter { $0.reason == .beyondLimit }
    }

    private func tell(_ event: KeySourceEvent) {
        observer?(.keySource(event, issuer: issuer.text))
    }
}
