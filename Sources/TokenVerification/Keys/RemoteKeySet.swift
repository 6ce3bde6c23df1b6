public import HTTPMessages
public import JOSE
public import OAuthMetadata
internal import Synchronization

/// The keys of an issuer, fetched from its key set URL and kept for a while.
///
/// A token whose key is known never waits: the present set is there without suspension, and a background fetch renews it before
/// it grows old. There is one fetch at a time; a request that is cancelled leaves the fetch to the others. A failed fetch keeps
/// the present set until the end of its hard lifetime. Unknown key ids cause at most one fetch per ``Limits/unknownKeyInterval``,
/// however many tokens carry one. Only a set with a usable key replaces the present one.
///
/// `KeySetState` makes the decisions; this type carries them out. Every number is in ``Limits``.
public final class RemoteKeySet: KeySource {
    /// The metadata that names the key set; nil when a URL was configured.
    public let discovery: IssuerDiscovery?
    private let issuer: IssuerIdentifier
    private let fetch: KeySetFetch
    private let clock: MonotonicClock
    private let observer: TokenVerificationEvent.Observer?
    private let state: Mutex<KeySetState>

    /// A source that fetches at first use.
    ///
    /// - Parameters:
    ///   - issuer: The issuer to which the keys are bound.
    ///   - location: Where the key set is.
    ///   - settings: What else the operator may choose.
    ///   - fetcher: How to fetch, under its own policy of hosts, sizes and times.
    ///   - clock: For ages and waits.
    ///   - observer: Receives an event for each fetch.
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

    package init(
        of issuer: IssuerIdentifier, at location: Location, checked settings: Settings,
        fetcher: any DocumentFetcher, timing: RefreshTiming, observer: TokenVerificationEvent.Observer?
    ) {
        let timed = TimedFetch(fetcher: fetcher, timing: timing)
        switch location {
        case .url(let url):
            discovery = nil
            fetch = KeySetFetch(issuer: issuer, place: .url(url), fetch: timed)
        case .discovered:
            let discovery = IssuerDiscovery(of: issuer, timed, observer)
            self.discovery = discovery
            fetch = KeySetFetch(issuer: issuer, place: .discovered(discovery, settings.origin), fetch: timed)
        }
        self.issuer = issuer
        self.observer = observer
        clock = timing.clock
        state = Mutex(KeySetState(settings, now: timing.clock.now()))
    }

    /// The set to verify with, while it is not older than the hard lifetime. When it is getting old, a fetch starts
    /// behind it.
    public func presentKeys() -> JSONWebKeySet? {
        let now = clock.now()
        if let keys = state.withLock({ $0.quietKeys(now: now) }) { return keys }
        let look = state.withLock { $0.look(now: now) }
        if let event = look.event { tell(event) }
        if let attempt = look.begun { start(attempt) }
        return look.keys
    }

    /// Fetches, joins the fetch under way, or answers with the present set when fetching is not allowed now.
    public func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
        let timing = fetch.timing
        let now = clock.now()
        var step = state.withLock { $0.step(for: need, now: now) }
        if case .wait(let attempt, let isNew) = step {
            if isNew { start(attempt) }
            _ = await attempt.pending.value(within: Limits.patience, timing)
            let later = clock.now()
            step = state.withLock { $0.stepAfterWait(for: need, now: later) }
        }
        switch step {
        case .answer(let keys): return keys
        case .refuse(let seconds): throw KeySourceError(retryAfter: seconds)
        case .wait: throw KeySourceError(retryAfter: 1)
        }
    }

    /// How the source stands. Asking fetches nothing.
    public var health: KeySourceHealth {
        let now = clock.now()
        return state.withLock { $0.health(now: now) }
    }

    /// Not a child of the request's task: a caller that goes away must not cancel what others wait for.
    private func start(_ attempt: KeyAttempt) {
        tell(.refreshStarted(attempt.cause))
        Task(executorPreference: fetch.timing.executor) { [self] in
            finish(attempt, await fetch.result(of: attempt))
        }
    }

    private func finish(_ attempt: KeyAttempt, _ result: KeyAttemptResult) {
        let now = clock.now()
        let fraction = fetch.timing.jitter.next()
        let counts = state.withLock { $0.finish(attempt, result, now: now, fraction: fraction) }
        // The observer comes before the waiting requests: when they go on, the events exist.
        if counts { tell(result) }
        attempt.pending.deliver(())
    }

    private func tell(_ result: KeyAttemptResult) {
        switch result {
        case .changed(let document):
            tellSkipped(in: document.keys)
            tell(.refreshSucceeded(usableKeys: document.keys.keys.count))
        case .unchanged(let document): tell(.refreshSucceeded(usableKeys: document.keys.keys.count))
        case .failed(let failure): tell(failure.isRejectedSet ? .setRejected(failure) : .refreshFailed(failure))
        }
    }

    private func tellSkipped(in keys: JSONWebKeySet) {
        for skipped in keys.skipped.prefix(Limits.maximumSkippedKeyEvents) where skipped.reason != .beyondLimit {
            tell(.keySkipped(index: skipped.index, reason: skipped.reason))
        }
        if keys.skipped.last?.reason == .beyondLimit { tell(.tooManyKeys(limit: JSONWebKeySet.maximumKeys)) }
    }

    private func tell(_ event: KeySourceEvent) {
        observer?(.keySource(event, issuer: issuer.text))
    }
}
