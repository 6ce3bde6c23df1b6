public import HTTPMessages
public import JOSE
public import OAuthMetadata
internal import Synchronization

/// The keys of an issuer, fetched from its key set URL and kept for a while.
///
/// A token whose key is known never waits: the present set is there without suspension, and is fetched anew behind it
/// before it grows old. One fetch at a time, whoever asks: a request that is cancelled leaves the fetch to the others. A
/// failed fetch keeps the present set until its hard lifetime is over. Unknown key ids cause one fetch per
/// ``KeySetLimits/unknownKeyInterval`` at most, however many tokens carry one. Only a set with a usable key replaces the
/// present one.
///
/// The decisions are `KeySetState`'s; this carries them out. Every number is in ``KeySetLimits``.
public final class RemoteKeySet: KeySource {
    /// The metadata that names the key set, to share with whoever forwards it; nil when a URL was configured.
    public let discovery: IssuerDiscovery?
    private let issuer: IssuerIdentifier
    private let fetch: KeySetFetch
    private let clock: MonotonicClock
    private let observer: EventObserver?
    private let state: Mutex<KeySetState>

    /// A source that fetches at first use.
    ///
    /// - Parameters:
    ///   - issuer: The issuer to which the keys are bound.
    ///   - location: Where the key set stands.
    ///   - settings: What else the operator chooses.
    ///   - fetcher: How to fetch, under its own policy of hosts, sizes and times.
    ///   - clock: For ages and waits.
    ///   - jitter: Chance in lifetimes and waits.
    ///   - observer: Told about each fetch.
    public convenience init(
        of issuer: IssuerIdentifier, at location: KeyLocation = .discovered, settings: RemoteKeySettings = .standard,
        fetcher: any DocumentFetcher, clock: MonotonicClock = .system, jitter: Jitter = .system,
        observer: EventObserver? = nil
    ) {
        self.init(
            of: issuer, at: location, settings: settings, fetcher: fetcher,
            timing: RefreshTiming(clock: clock, jitter: jitter), observer: observer)
    }

    package init(
        of issuer: IssuerIdentifier, at location: KeyLocation, settings: RemoteKeySettings,
        fetcher: any DocumentFetcher, timing: RefreshTiming, observer: EventObserver?
    ) {
        let timed = TimedFetch(fetcher: fetcher, timing: timing)
        switch location {
        case .url(let url):
            discovery = nil
            fetch = KeySetFetch(issuer: issuer, place: .url(url), fetch: timed)
        case .discovered:
            let discovery = IssuerDiscovery(of: issuer, timed, observer)
            self.discovery = discovery
            fetch = KeySetFetch(issuer: issuer, place: .discovered(discovery, settings.keySetOrigin), fetch: timed)
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
            _ = await attempt.landing.value(within: KeySetLimits.patience, timing)
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
        // Told before anybody goes on: who waited finds the events of it.
        if counts { tell(result) }
        attempt.landing.land(())
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
        for skipped in keys.skipped.prefix(KeySetLimits.maximumSkippedKeyEvents) where skipped.reason != .beyondLimit {
            tell(.keySkipped(index: skipped.index, reason: skipped.reason))
        }
        if keys.skipped.last?.reason == .beyondLimit { tell(.tooManyKeys(limit: JSONWebKeySet.maximumKeys)) }
    }

    private func tell(_ event: KeySourceEvent) {
        observer?(.keySource(event, issuer: issuer.text))
    }
}
