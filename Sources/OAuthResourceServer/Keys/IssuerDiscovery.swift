public import HTTPMessages
public import OAuthMetadata
internal import Synchronization
internal import WireFormat

/// An issuer's metadata document, read and found to be its own.
public struct DiscoveredMetadata: Sendable {
    /// The document as it came, at most ``IssuerDiscovery/Limits/maximumDocumentBytes``.
    public let body: [UInt8]
    /// The document, parsed.
    public let metadata: AuthorizationServerMetadata
}

/// No metadata of the issuer is at hand.
public struct DiscoveryError: Error, Sendable, Hashable {
    /// Why the last attempt failed.
    public let failure: KeyFetchFailure
    /// Seconds until asking again makes sense.
    public let retryAfter: Int
}

/// The metadata of an issuer, found at its well-known locations (RFC 8414, OpenID Connect Discovery) and kept.
///
/// **Checks** that the document is about this issuer, byte for byte (RFC 8414 §3.3). **Does not check** the endpoints in
/// it: see ``KeySetOrigin`` for the keys. One cache for all who need it, keys and forwarding alike; one fetch at a time.
/// A document that was read once is used until another is read, whatever its age.
public final class IssuerDiscovery: Sendable {
    /// The times and sizes of discovery.
    public enum Limits {
        /// After this age the metadata is read anew.
        public static let softLifetime: Duration = .seconds(86_400)
        /// After so many failures of the key set in a row the metadata is read anew, once: it may have moved the keys.
        public static let keySetFailuresBeforeReading = 3
        /// The largest metadata document in bytes.
        public static let maximumDocumentBytes = 262_144
    }

    /// What became of the key set that the metadata names.
    enum KeySetNote {
        case fetched
        case failed
        /// There is no acceptable `jwks_uri`.
        case notNamed
    }

    private typealias Answer = Result<DiscoveredMetadata, KeyFetchFailure>

    private struct State {
        var present: DiscoveredMetadata?
        var readAt = Duration.zero
        var underway: Landing<Answer>?
        var backOff = BackOff()
        var lastFailure: KeyFetchFailure?
        var keySetFailures = 0

        /// Whether what is there should be read anew.
        func isOld(_ now: Duration) -> Bool {
            present == nil || now - readAt > Limits.softLifetime
                || keySetFailures >= Limits.keySetFailuresBeforeReading
        }
    }

    /// The issuer.
    public let issuer: IssuerIdentifier
    private let fetch: TimedFetch
    private let observer: EventObserver?
    private let state = Mutex(State())

    /// A source that fetches at first use.
    ///
    /// - Parameters:
    ///   - issuer: The issuer whose metadata it is.
    ///   - fetcher: How to fetch, under its own policy of hosts, sizes and times.
    ///   - clock: For ages and waits.
    ///   - jitter: Chance in the waits after failures.
    ///   - observer: Told when the metadata cannot be read.
    public convenience init(
        of issuer: IssuerIdentifier, fetcher: any DocumentFetcher, clock: MonotonicClock = .system,
        jitter: Jitter = .system, observer: EventObserver? = nil
    ) {
        self.init(
            of: issuer, TimedFetch(fetcher: fetcher, timing: RefreshTiming(clock: clock, jitter: jitter)), observer)
    }

    init(of issuer: IssuerIdentifier, _ fetch: TimedFetch, _ observer: EventObserver?) {
        self.issuer = issuer
        self.fetch = fetch
        self.observer = observer
    }

    /// The metadata at hand, without suspension. When it is old, it is read anew behind it, unless backing off.
    public func presentMetadata() -> DiscoveredMetadata? {
        let now = fetch.timing.clock.now()
        let (present, begun) = state.withLock { state -> (DiscoveredMetadata?, Landing<Answer>?) in
            guard state.present != nil, state.isOld(now), state.underway == nil, state.backOff.isOver(now) else {
                return (state.present, nil)
            }
            return (state.present, Self.begin(&state))
        }
        if let begun { start(begun) }
        return present
    }

    /// The metadata at hand, or else what a fetch brings, for which this waits ``KeySetLimits/patience`` at most.
    ///
    /// May be called for any caller's request: after a failure nothing is fetched for a while.
    public func metadata() async throws(DiscoveryError) -> DiscoveredMetadata {
        if let present = presentMetadata() { return present }
        let now = fetch.timing.clock.now()
        let (landing, isNew) = try state.withLock { state throws(DiscoveryError) -> (Landing<Answer>, Bool) in
            if let underway = state.underway { return (underway, false) }
            guard state.backOff.isOver(now) else { throw Self.refusal(state, now) }
            return (Self.begin(&state), true)
        }
        if isNew { start(landing) }
        if case .success(let metadata) = await landing.value(within: KeySetLimits.patience, fetch.timing) {
            return metadata
        }
        let later = fetch.timing.clock.now()
        throw state.withLock { Self.refusal($0, later) }
    }

    /// The metadata for an attempt to get keys, which has its own lanes: read anew when it is old, and at once.
    func metadataForKeys() async throws(KeyFetchFailure) -> DiscoveredMetadata {
        let now = fetch.timing.clock.now()
        let (present, landing, isNew) = state.withLock { state -> (DiscoveredMetadata?, Landing<Answer>?, Bool) in
            guard state.isOld(now) else { return (state.present, nil, false) }
            if let underway = state.underway { return (state.present, underway, false) }
            return (state.present, Self.begin(&state), true)
        }
        guard let landing else {
            guard let present else { throw .fetch(.unavailable) }
            return present
        }
        if isNew { start(landing) }
        // The fetches behind it have their own times; three locations at most.
        switch await landing.value(within: KeySetLimits.fetchTime * 3, fetch.timing) {
        case .success(let metadata): return metadata
        case .failure(let failure):
            // What was found once is used until something else is found.
            guard let present else { throw failure }
            return present
        case nil:
            guard let present else { throw .fetch(.timedOut) }
            return present
        }
    }

    /// Notes what became of the key set.
    func noteKeySet(_ note: KeySetNote) {
        state.withLock { state in
            switch note {
            case .fetched: state.keySetFailures = 0
            case .failed: state.keySetFailures = min(state.keySetFailures + 1, Limits.keySetFailuresBeforeReading)
            case .notNamed: state.keySetFailures = Limits.keySetFailuresBeforeReading
            }
        }
    }

    // MARK: Reading

    private static func refusal(_ state: borrowing State, _ now: Duration) -> DiscoveryError {
        DiscoveryError(
            failure: state.lastFailure ?? .fetch(.timedOut), retryAfter: state.backOff.secondsLeft(now))
    }

    private static func begin(_ state: inout State) -> Landing<Answer> {
        let landing = Landing<Answer>()
        state.underway = landing
        return landing
    }

    /// Not a child of the request's task: a caller that goes away must not cancel what others wait for.
    private func start(_ landing: Landing<Answer>) {
        Task(executorPreference: fetch.timing.executor) { [self] in
            do throws(KeyFetchFailure) {
                finish(landing, .success(try await read()))
            } catch {
                finish(landing, .failure(error))
            }
        }
    }

    private func finish(_ landing: Landing<Answer>, _ answer: Answer) {
        let now = fetch.timing.clock.now()
        let fraction = fetch.timing.jitter.next()
        let event = state.withLock { state -> KeySourceEvent? in
            state.underway = nil
            switch answer {
            case .success(let metadata):
                state.present = metadata
                state.readAt = now
                state.backOff = BackOff()
                state.keySetFailures = 0
                return nil
            case .failure(let failure):
                state.lastFailure = failure
                state.backOff.fail(now, fraction: fraction)
                return state.present == nil
                    ? .discoveryFailed(failure) : .discoveryStale(failure, age: now - state.readAt)
            }
        }
        if let event { observer?(.keySource(event, issuer: issuer.text)) }
        landing.land(answer)
    }

    /// Tries the well-known locations in order; the next one only after a 4xx, for anything else is a failure of the
    /// right location.
    private func read() async throws(KeyFetchFailure) -> DiscoveredMetadata {
        var lastStatus = 404
        for url in WellKnown.authorizationServerMetadataURLs(of: issuer) {
            let document: FetchedDocument
            do throws(FetchError) {
                document = try await fetch.document(
                    DocumentRequest(url: url, maximumBodyBytes: Limits.maximumDocumentBytes))
            } catch {
                throw .fetch(error)
            }
            lastStatus = document.status.code
            if (400..<500).contains(lastStatus) { continue }
            guard document.status == .ok else { throw .status(lastStatus) }
            guard document.body.count <= Limits.maximumDocumentBytes else {
                throw .fetch(.tooLarge(limit: Limits.maximumDocumentBytes))
            }
            do throws(MetadataError) {
                let metadata = try AuthorizationServerMetadata(parsing: document.body, expecting: issuer)
                return DiscoveredMetadata(body: document.body, metadata: metadata)
            } catch {
                throw .metadata(error)
            }
        }
        throw .status(lastStatus)
    }
}
