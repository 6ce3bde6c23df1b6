public import HTTPMessages
public import OAuthMetadata
internal import Synchronization
public import WireFormat

/// Finds the metadata of an issuer at its well-known locations (RFC 8414, OpenID Connect Discovery) and caches it.
///
/// **Checks** that the document's `issuer` is this issuer, byte for byte (RFC 8414 §3.3). When keys are looked for,
/// it also checks that the `jwks_uri` may be used: see ``RemoteKeySet/OriginRule``. For introspection, it checks the
/// `introspection_endpoint` in the same way. A location that gives any other answer is passed over: many servers answer
/// an unknown path with a page, a redirect or an error of their own.
/// **Does not check** the other endpoints in the document. Key fetches, introspection and metadata forwarding share one
/// cache, with one fetch at a time. A document stays in use until another one replaces it, even when it is old.
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

    private struct State {
        /// The last acceptable document for each purpose.
        var present: [Purpose: Kept] = [:]
        var underway: SharedResult<Reading>?
        var backOff = BackOff()
        /// What each location gave at the last attempt, for each purpose that found no document.
        var lastFailures: [Purpose: [FailedLocation]] = [:]
        var keySetFailures = 0
        /// The location of the last acceptable document, which is asked first.
        var goodLocation: AbsoluteURL?

        /// Whether the metadata should be read again for this purpose.
        func isOld(for purpose: Purpose, _ now: Duration) -> Bool {
            guard let kept = present[purpose] else { return true }
            return now - kept.readAt > Limits.softLifetime
                || purpose == .keySet && keySetFailures >= Limits.keySetFailuresBeforeReading
        }

        /// Records what the locations gave, and returns the events of it.
        mutating func keep(_ reading: Reading, _ purposes: [Purpose], _ now: Duration) -> [KeySourceEvent] {
            var events: [KeySourceEvent] = []
            for purpose in purposes {
                guard let document = reading.documents[purpose] else {
                    let failed = reading.failures[purpose] ?? []
                    events.appendOnce(
                        present[purpose].map { .discoveryStale(failed, age: now - $0.readAt) }
                            ?? .discoveryFailed(failed))
                    continue
                }
                let unusable = document.metadata.unusableMembers
                if present[purpose]?.document.body != document.body, !unusable.isEmpty {
                    events.appendOnce(.metadataMembersIgnored(unusable))
                }
                present[purpose] = Kept(document: document, readAt: now)
                if purpose == .keySet { keySetFailures = 0 }
            }
            lastFailures = reading.failures.filter { reading.documents[$0.key] == nil }
            goodLocation = purposes.lazy.compactMap { reading.documents[$0]?.location }.first ?? goodLocation
            return events
        }
    }

    private struct Kept {
        let document: Document
        let readAt: Duration
    }

    /// The issuer that the metadata describes.
    public let issuer: IssuerIdentifier
    private let reader: MetadataLocations
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
        of issuer: IssuerIdentifier, for purposes: [Purpose] = [.document], fetcher: any DocumentFetcher,
        timing: RefreshTiming, observer: TokenVerificationEvent.Observer?
    ) {
        self.init(of: issuer, for: purposes, TimedFetch(fetcher: fetcher, timing: timing), observer)
    }

    /// Makes a source for several purposes. The first one decides which document others get.
    init(
        of issuer: IssuerIdentifier, for purposes: [Purpose], keySet rule: RemoteKeySet.OriginRule = .anyHost,
        _ fetch: TimedFetch, _ observer: TokenVerificationEvent.Observer?
    ) {
        self.issuer = issuer
        reader = MetadataLocations(issuer: issuer, purposes: purposes, keySetRule: rule, fetch: fetch)
        self.observer = observer
    }

    private var timing: RefreshTiming { reader.fetch.timing }
    private var purposes: [Purpose] { reader.purposes }

    /// The cached metadata, or nil. It does not suspend. If the metadata is old, a fetch starts in the background,
    /// except during the wait after a failure.
    public func presentMetadata() -> Document? {
        purposes.lazy.compactMap { self.presentMetadata(for: $0) }.first
    }

    private func presentMetadata(for purpose: Purpose) -> Document? {
        let now = timing.clock.now()
        let (present, begun) = state.withLock { state -> (Document?, SharedResult<Reading>?) in
            let present = state.present[purpose]?.document
            guard present != nil, state.isOld(for: purpose, now), state.underway == nil, state.backOff.isOver(now)
            else { return (present, nil) }
            return (present, Self.begin(&state))
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
        return try await metadata(for: purposes[0])
    }

    /// Returns the metadata for one purpose of this source.
    func metadata(for purpose: Purpose) async throws(Unavailable) -> Document {
        if let present = presentMetadata(for: purpose) { return present }
        let now = timing.clock.now()
        let (pending, isNew) = try state.withLock { state throws(Unavailable) -> (SharedResult<Reading>, Bool) in
            if let underway = state.underway { return (underway, false) }
            guard state.backOff.isOver(now) else { throw Self.refusal(state, purpose, now) }
            return (Self.begin(&state), true)
        }
        if isNew { start(pending) }
        let reading = await pending.value(within: RemoteKeySet.Limits.patience, timing)
        if let document = reading?.documents[purpose] { return document }
        let later = timing.clock.now()
        throw state.withLock { Self.refusal($0, purpose, later) }
    }

    /// Returns the metadata for a fetch of keys. The key fetch has its own back-off. Old metadata is therefore read
    /// again immediately, without the back-off of discovery.
    func metadataForKeys() async throws(RemoteKeySet.FetchFailure) -> Document {
        let now = timing.clock.now()
        let (present, pending, isNew) = state.withLock { state -> (Document?, SharedResult<Reading>?, Bool) in
            let present = state.present[.keySet]?.document
            guard state.isOld(for: .keySet, now) else { return (present, nil, false) }
            if let underway = state.underway { return (present, underway, false) }
            return (present, Self.begin(&state), true)
        }
        guard let pending else {
            guard let present else { throw .fetch(.unavailable) }
            return present
        }
        if isNew { start(pending) }
        let reading = await pending.value(within: Limits.time + Limits.reservedTime, timing)
        // Earlier metadata stays in use until other metadata replaces it.
        if let document = reading?.documents[.keySet] ?? present { return document }
        throw reading?.reason(.keySet) ?? .fetch(.timedOut)
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

    private static func refusal(_ state: borrowing State, _ purpose: Purpose, _ now: Duration) -> Unavailable {
        Unavailable(locations: state.lastFailures[purpose] ?? [], retryAfter: state.backOff.secondsLeft(now))
    }

    private static func begin(_ state: inout State) -> SharedResult<Reading> {
        let pending = SharedResult<Reading>()
        state.underway = pending
        return pending
    }

    /// This is not a child of the caller's task: a caller that is cancelled must not cancel the fetch of other callers.
    private func start(_ pending: SharedResult<Reading>) {
        Task(executorPreference: timing.executor) { [self] in
            finish(pending, await reader.read(first: state.withLock { $0.goodLocation }))
        }
    }

    private func finish(_ pending: SharedResult<Reading>, _ reading: Reading) {
        let now = timing.clock.now()
        let fraction = timing.jitter.next()
        let events = state.withLock { state -> [KeySourceEvent] in
            state.underway = nil
            // A purpose without a document is a failure too: it is looked for again after the wait.
            if reading.isComplete(for: purposes) {
                state.backOff = BackOff()
            } else {
                state.backOff.fail(now, fraction: fraction)
            }
            return state.keep(reading, purposes, now)
        }
        for event in events { observer?(.keySource(event, issuer: issuer.text)) }
        pending.deliver(reading)
    }
}

extension [KeySourceEvent] {
    /// Several purposes may have the same event.
    fileprivate mutating func appendOnce(_ event: KeySourceEvent) {
        if !contains(event) { append(event) }
    }
}
