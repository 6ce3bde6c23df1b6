public import HTTPMessages
public import OAuthMetadata
internal import Synchronization
public import WireFormat

/// Finds the metadata of an issuer at its well-known locations (RFC 8414, OpenID Connect Discovery) and caches it.
///
/// **Checks** that the document's `issuer` is this issuer, byte for byte (RFC 8414 §3.3). When keys are looked for,
/// it also checks that the `jwks_uri` may be used: see ``RemoteKeySet/OriginRule``. A location that gives any other
/// answer is passed over: many servers answer an unknown path with a page, a redirect or an error of their own.
/// **Does not check** the other endpoints in the document. Key fetches and metadata forwarding share one cache, with
/// one fetch at a time. A document stays in use until another one replaces it, even when it is old.
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
        /// The longest time in which all locations are asked.
        public static let time: Duration = .seconds(5)
        /// The part of ``time`` that is kept for each location that has not been asked yet.
        public static let reservedTime: Duration = .milliseconds(500)
    }

    /// A metadata document of the issuer.
    public struct Document: Sendable {
        /// The bytes of the document, at most ``Limits/maximumDocumentBytes``.
        public let body: [UInt8]
        /// The parsed document.
        public let metadata: AuthorizationServerMetadata
        /// Where it was found.
        public let location: AbsoluteURL
    }

    /// A location that gave no acceptable document.
    public struct FailedLocation: Error, Sendable, Hashable {
        /// The location.
        public let url: AbsoluteURL
        /// The reason.
        public let failure: RemoteKeySet.FetchFailure
    }

    /// There is no metadata of the issuer at present.
    public struct Unavailable: Error, Sendable, Hashable {
        /// What each location gave at the last attempt, in the order in which they were asked. Empty while the first
        /// attempt goes on.
        public let locations: [FailedLocation]
        /// Seconds until a retry makes sense.
        public let retryAfter: Int
    }

    /// The result of the last use of the `jwks_uri`.
    enum KeySetNote {
        case fetched
        case failed
    }

    /// No location gave an acceptable document.
    private struct Failure: Error {
        let locations: [FailedLocation]

        /// The reason that says most. That a location does not exist says least: most issuers have one of the three.
        var reason: RemoteKeySet.FetchFailure {
            let telling = locations.first { location in
                if case .status(400..<500) = location.failure { false } else { true }
            }
            return (telling ?? locations.first)?.failure ?? .fetch(.timedOut)
        }
    }

    private typealias Answer = Result<Document, Failure>

    private struct State {
        var present: Document?
        var readAt = Duration.zero
        var underway: SharedResult<Answer>?
        var backOff = BackOff()
        var lastFailure: Failure?
        var keySetFailures = 0
        /// The location of the last acceptable document, which is asked first.
        var goodLocation: AbsoluteURL?

        /// Whether the metadata should be read again.
        func isOld(_ now: Duration) -> Bool {
            present == nil || now - readAt > Limits.softLifetime
                || keySetFailures >= Limits.keySetFailuresBeforeReading
        }
    }

    /// The issuer that the metadata describes.
    public let issuer: IssuerIdentifier
    /// Which `jwks_uri` a document must have; nil when no keys are looked for.
    private let keySetRule: RemoteKeySet.OriginRule?
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
        self.init(of: issuer, keySet: nil, TimedFetch(fetcher: fetcher, timing: timing), observer)
    }

    init(
        of issuer: IssuerIdentifier, keySet keySetRule: RemoteKeySet.OriginRule?, _ fetch: TimedFetch,
        _ observer: TokenVerificationEvent.Observer?
    ) {
        self.issuer = issuer
        self.keySetRule = keySetRule
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
        switch await pending.value(within: Limits.time + Limits.reservedTime, fetch.timing) {
        case .success(let metadata): return metadata
        case .failure(let failure):
            // Earlier metadata stays in use until other metadata replaces it.
            guard let present else { throw failure.reason }
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
            }
        }
    }

    // MARK: Reading

    private static func refusal(_ state: borrowing State, _ now: Duration) -> Unavailable {
        Unavailable(locations: state.lastFailure?.locations ?? [], retryAfter: state.backOff.secondsLeft(now))
    }

    private static func begin(_ state: inout State) -> SharedResult<Answer> {
        let pending = SharedResult<Answer>()
        state.underway = pending
        return pending
    }

    /// This is not a child of the caller's task: a caller that is cancelled must not cancel the fetch of other callers.
    private func start(_ pending: SharedResult<Answer>) {
        Task(executorPreference: fetch.timing.executor) { [self] in finish(pending, await read()) }
    }

    private func finish(_ pending: SharedResult<Answer>, _ answer: Answer) {
        let now = fetch.timing.clock.now()
        let fraction = fetch.timing.jitter.next()
        let event = state.withLock { state -> KeySourceEvent? in
            state.underway = nil
            switch answer {
            case .success(let document):
                let isNew = state.present?.body != document.body
                state.present = document
                state.readAt = now
                state.backOff = BackOff()
                state.keySetFailures = 0
                state.goodLocation = document.location
                let unusable = document.metadata.unusableMembers
                return isNew && !unusable.isEmpty ? .metadataMembersIgnored(unusable) : nil
            case .failure(let failure):
                state.lastFailure = failure
                state.backOff.fail(now, fraction: fraction)
                return state.present == nil
                    ? .discoveryFailed(failure.locations) : .discoveryStale(failure.locations, age: now - state.readAt)
            }
        }
        if let event { observer?(.keySource(event, issuer: issuer.text)) }
        pending.deliver(answer)
    }

    /// Asks the locations one after another, the last good one first, until one gives an acceptable document.
    private func read() async -> Answer {
        var locations = issuer.metadataURLs
        if let good = state.withLock({ $0.goodLocation }) {
            locations.removeAll { $0 == good }
            locations.insert(good, at: 0)
        }
        let end = fetch.timing.clock.now() + Limits.time
        var failed: [FailedLocation] = []
        for (index, location) in locations.enumerated() {
            // A location that does not answer leaves time for the next one.
            let reserved = Limits.reservedTime * (locations.count - index - 1)
            do throws(RemoteKeySet.FetchFailure) {
                return .success(try await document(at: location, within: end - reserved - fetch.timing.clock.now()))
            } catch {
                failed.append(FailedLocation(url: location, failure: error))
            }
        }
        return .failure(Failure(locations: failed))
    }

    private func document(
        at location: AbsoluteURL, within time: Duration
    ) async throws(RemoteKeySet.FetchFailure) -> Document {
        guard time > .zero else { throw .fetch(.timedOut) }
        var fields = HTTPFields()
        fields.append(.accept, "application/json")
        let answer: FetchedDocument
        do throws(FetchError) {
            answer = try await fetch.document(
                DocumentRequest(url: location, fields: fields, maximumBodyBytes: Limits.maximumDocumentBytes),
                within: time)
        } catch {
            throw .fetch(error)
        }
        guard answer.status == .ok else { throw .status(answer.status.code) }
        guard answer.body.count <= Limits.maximumDocumentBytes else {
            throw .fetch(.tooLarge(limit: Limits.maximumDocumentBytes))
        }
        let metadata: AuthorizationServerMetadata
        do throws(MetadataError) {
            metadata = try AuthorizationServerMetadata(parsing: answer.body, expecting: issuer)
        } catch {
            throw .metadata(error)
        }
        if let keySetRule {
            guard let url = metadata.jwksURI, keySetRule.admits(url, of: issuer.url) else { throw .keySetURL }
        }
        return Document(body: answer.body, metadata: metadata, location: location)
    }
}
