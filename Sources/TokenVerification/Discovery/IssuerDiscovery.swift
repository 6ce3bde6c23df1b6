public import HTTPMessages
public import OAuthMetadata
internal import Synchronization
internal import WireFormat

/// Finds the metadata of an issuer at its well-known locations (RFC 8414, OpenID Connect Discovery) and caches it.
///
/// **Checks** that the document's `issuer` is this issuer, byte for byte (RFC 8414 §3.3).
/// **Does not check** the endpoints in the document: for the keys see ``RemoteKeySet/OriginRule``. Key fetches and
/// metadata forwarding share one cache, with one fetch at a time. A document stays in use until another one replaces
/// it, even when it is old.
public final class IssuerDiscovery: Sendable {
    /// The limits of discovery.
    public enum Limits {
        /// The age after which the metadata is read again.
        public static let softLifetime: Duration = .seconds(86_400)
        /// The number of consecutive failed fetches of the key set after which the metadata is read again, once. The
        /// key set may have moved.
        public static let keySetFailuresBeforeReading = 3
        /// The largest metadata document in bytes.
        public static let maximumDocumentBytes = 262_144
    }

    /// A metadata document of the issuer.
    public struct Document: Sendable {
        /// The bytes of the document, at most ``Limits/maximumDocumentBytes``.
        public let body: [UInt8]
        /// The parsed document.
        public let metadata: AuthorizationServerMetadata
    }

    /// There is no metadata of the issuer at present.
    public struct Unavailable: Error, Sendable, Hashable {
        /// The reason why the last attempt failed.
        public let failure: RemoteKeySet.FetchFailure
        /// Seconds until a retry makes sense.
        public let retryAfter: Int
    }

    /// The result of the last use of the `jwks_uri`.
    enum KeySetNote {
        case fetched
        case failed
        /// The metadata has no acceptable `jwks_uri`.
        case notNamed
    }

    private typealias Answer = Result<Document, RemoteKeySet.FetchFailure>

    private struct State {
        var present: Document?
        var readAt = Duration.zero
        var underway: SharedResult<Answer>?
        var backOff = BackOff()
        var lastFailure: RemoteKeySet.FetchFailure?
        var keySetFailures = 0

        /// Whether the metadata should be read again.
        func isOld(_ now: Duration) -> Bool {
            present == nil || now - readAt > Limits.softLifetime
                || keySetFailures >= Limits.keySetFailuresBeforeReading
        }
    }

    /// The issuer that the metadata describes.
    public let issuer: IssuerIdentifier
    private let fetch: TimedFetch
    private let observer: TokenVerificationEvent.Observer?
    private let state = Mutex(State())

    /// Makes a source. It fetches at the first use.
    ///
    /// - Parameters:
    ///   - issuer: The issuer that the metadata describes.
    ///   - fetcher: Fetches the documents. It has its own policy for hosts, sizes and times.
    ///   - clock: The clock for ages and waits.
    ///   - observer: Receives an event when the metadata cannot be read.
    public convenience init(
        of issuer: IssuerIdentifier, fetcher: any DocumentFetcher, clock: MonotonicClock = .system,
        observer: TokenVerificationEvent.Observer? = nil
    ) {
        self.init(of: issuer, fetcher: fetcher, timing: RefreshTiming(clock: clock), observer: observer)
    }

    package convenience init(
        of issuer: IssuerIdentifier, fetcher: any DocumentFetcher, timing: RefreshTiming,
        observer: TokenVerificationEvent.Observer?
    ) {
        self.init(of: issuer, TimedFetch(fetcher: fetcher, timing: timing), observer)
    }

    init(of issuer: IssuerIdentifier, _ fetch: TimedFetch, _ observer: TokenVerificationEvent.Observer?) {
        self.issuer = issuer
        self.fetch = fetch
        self.observer = observer
    }

    /// The cached metadata, or nil. It does not suspend. If the metadata is old, a fetch starts in the background,
    /// except during the wait after a failure.
    public func presentMetadata() -> Document? {
        let now = fetch.timing.clock.now()
        let (present, begun) = state.withLock { state -> (Document?, SharedResult<Answer>?) in
            guard state.present != nil, state.isOld(now), state.underway == nil, state.backOff.isOver(now) else {
                return (state.present, nil)
            }
            return (state.present, Self.begin(&state))
        }
        if let begun { start(begun) }
        return present
    }

    /// Returns the cached metadata, or else the result of a fetch. It waits at most ``RemoteKeySet/Limits/patience``.
    ///
    /// A client's request may trigger this call: after a failure, nothing is fetched until the wait has ended.
    ///
    /// - Throws: ``Unavailable`` when there is no metadata.
    public func metadata() async throws(Unavailable) -> Document {
        if let present = presentMetadata() { return present }
        let now = fetch.timing.clock.now()
        let (pending, isNew) = try state.withLock { state throws(Unavailable) -> (SharedResult<Answer>, Bool) in
            if let underway = state.underway { return (underway, false) }
            guard state.backOff.isOver(now) else { throw Self.refusal(state, now) }
            return (Self.begin(&state), true)
        }
        if isNew { start(pending) }
        if case .success(let metadata) = await pending.value(within: RemoteKeySet.Limits.patience, fetch.timing) {
            return metadata
        }
        let later = fetch.timing.clock.now()
        throw state.withLock { Self.refusal($0, later) }
    }

    /// Returns the metadata for a fetch of keys. The key fetch has its own back-off. Old metadata is therefore read
    /// again immediately, without the back-off of discovery.
    func metadataForKeys() async throws(RemoteKeySet.FetchFailure) -> Document {
        let now = fetch.timing.clock.now()
        let (present, pending, isNew) = state.withLock { state -> (Document?, SharedResult<Answer>?, Bool) in
            guard state.isOld(now) else { return (state.present, nil, false) }
            if let underway = state.underway { return (state.present, underway, false) }
            return (state.present, Self.begin(&state), true)
        }
        guard let pending else {
            guard let present else { throw .fetch(.unavailable) }
            return present
        }
        if isNew { start(pending) }
        // Each fetch has its own time limit. There are at most three locations.
        switch await pending.value(within: RemoteKeySet.Limits.fetchTime * 3, fetch.timing) {
        case .success(let metadata): return metadata
        case .failure(let failure):
            // Earlier metadata stays in use until other metadata replaces it.
            guard let present else { throw failure }
            return present
        case nil:
            guard let present else { throw .fetch(.timedOut) }
            return present
        }
    }

    /// Records the result of the last use of the `jwks_uri`.
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

    private static func refusal(_ state: borrowing State, _ now: Duration) -> Unavailable {
        Unavailable(
            failure: state.lastFailure ?? .fetch(.timedOut), retryAfter: state.backOff.secondsLeft(now))
    }

    private static func begin(_ state: inout State) -> SharedResult<Answer> {
        let pending = SharedResult<Answer>()
        state.underway = pending
        return pending
    }

    /// This is not a child of the caller's task: a caller that is cancelled must not cancel the fetch of other callers.
    private func start(_ pending: SharedResult<Answer>) {
        Task(executorPreference: fetch.timing.executor) { [self] in
            do throws(RemoteKeySet.FetchFailure) {
                finish(pending, .success(try await read()))
            } catch {
                finish(pending, .failure(error))
            }
        }
    }

    private func finish(_ pending: SharedResult<Answer>, _ answer: Answer) {
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
        pending.deliver(answer)
    }

    /// Tries the well-known locations in order. Only a 4xx leads to the next location. Any other failure may be a
    /// temporary one of the right location.
    private func read() async throws(RemoteKeySet.FetchFailure) -> Document {
        var lastStatus = 404
        for url in issuer.metadataURLs {
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
                return Document(body: document.body, metadata: metadata)
            } catch {
                throw .metadata(error)
            }
        }
        throw .status(lastStatus)
    }
}
