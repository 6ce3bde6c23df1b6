public import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import Synchronization
public import TokenVerification
internal import WireFormat

/// Finds clients by the document at the URL that is their `client_id`.
///
/// **Checks** the URL, the operator's ``ClientTrustPolicy`` before anything is fetched, the status, the content type
/// and the document. It fetches each document once for any number of requests, keeps it as its `Cache-Control` says
/// within ``Limits``, and revalidates it. If a document cannot be fetched again for a reason that may pass (see
/// ``ClientResolutionError/isTemporary``), the earlier one stays in use for ``Limits/staleTime``. A host that answers
/// with another status or with a bad document has withdrawn the client: the earlier document is dropped.
/// **Does not check** the addresses behind the URL: the fetcher does. Give it a fetcher for untrusted URLs, such as
/// `CurlFetcher(policy: .untrusted())`, because anyone can send any URL. The resolver does not fetch logos and other
/// pages.
///
/// Make one resolver for the whole program. Many requests may use it at the same time.
///
/// - SeeAlso: [Client ID Metadata Document
///   §4](https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/)
public final class ClientIDResolver: Sendable {
    private let settings: Settings
    private let fetch: ClientDocumentFetch
    private let timing: RefreshTiming
    private let keySets: ClientKeySets
    private let observer: ClientMetadataEvent.Observer?
    private let cache: Mutex<ClientDocumentCache>

    /// Makes a resolver. It fetches nothing yet.
    ///
    /// - Parameters:
    ///   - fetcher: A fetcher for untrusted URLs. It fetches the documents, and the key sets at a `jwks_uri`.
    ///   - settings: What is accepted, and how much is kept.
    ///   - clock: The clock for ages and waits.
    ///   - observer: Receives the events.
    /// - Throws: ``TokenVerification/ConfigurationError`` when a setting is out of range.
    public init(
        fetcher: any DocumentFetcher, settings: Settings = Settings(), clock: MonotonicClock = .system,
        observer: ClientMetadataEvent.Observer? = nil
    ) throws(ConfigurationError) {
        var faults: ConfigurationFaults = []
        settings.check(&faults)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        self.settings = settings
        self.observer = observer
        timing = RefreshTiming(clock: clock)
        fetch = ClientDocumentFetch(
            fetch: TimedFetch(fetcher: fetcher, timing: timing), rules: settings.rules)
        keySets = ClientKeySets(fetcher: fetcher, clock: clock, capacity: settings.capacity, observer: observer)
        cache = Mutex(ClientDocumentCache(capacity: settings.capacity))
    }

    /// Finds a client: in the cache, or by a fetch. A caller waits at most ``Limits/fetchTime`` and one second. A
    /// caller that is cancelled does not cancel the fetch of the others.
    ///
    /// - Parameter clientID: The `client_id` of the request, byte for byte. Ask only for a text that
    ///   ``OAuthMetadata/ClientIdentifierURL/isURL(_:)`` accepts; others are those of registered clients.
    /// - Throws: ``ClientResolutionError``. Tell a client its ``ClientResolutionError/oauthError`` only. At the
    ///   authorization endpoint, show an error page and never redirect.
    public func client(_ clientID: String) async throws(ClientResolutionError) -> ResolvedClient {
        let url: ClientIdentifierURL
        do throws(ClientIdentifierURL.Fault) {
            url = try ClientIdentifierURL(clientID, loopback: settings.rules.loopback)
        } catch {
            throw .clientID(error)
        }
        let trust = settings.trust.trust(in: url)
        guard trust != .denied else { throw .denied }

        let key = SHA256Digest(of: Array(clientID.utf8))
        let now = timing.clock.now()
        switch cache.withLock({ $0.step(for: key, host: url.url.host, now: now) }) {
        case .present(let entry): return resolved(entry, trust, now)
        case .refuse(let error): throw error
        case .wait(let attempt, let isNew):
            if isNew { start(attempt, key, url) }
            let result = await attempt.pending.value(within: Limits.fetchTime + .seconds(1), timing)
            switch result {
            case .success(let entry)?: return resolved(entry, trust, timing.clock.now())
            case .failure(let error)?: throw error
            case nil: throw .fetch(Task.isCancelled ? .cancelled : .timedOut)
            }
        }
    }

    /// The keys that verify the client's assertions; nil when the client is public. Does not suspend.
    ///
    /// The keys at a `jwks_uri` are fetched at the first use, and cached as those of an issuer: see
    /// ``TokenVerification/RemoteKeySet``. They are at most ``Limits/maximumKeySetBytes``, and
    /// ``Limits/fetchesPerHost`` limits their hosts too.
    public func keys(of client: ResolvedClient) -> (any KeySource)? {
        guard case .privateKeyJWT(let keys) = client.document.authentication else { return nil }
        switch keys {
        case .inline: return client.inlineKeys.map { StaticKeySource($0) }
        case .url(let url): return keySets.source(of: client.document.clientID, at: url)
        }
    }

    /// Not a child of the caller's task: a caller that is cancelled must not cancel the fetch of other callers.
    private func start(_ attempt: ClientDocumentAttempt, _ key: SHA256Digest, _ url: ClientIdentifierURL) {
        Task(executorPreference: timing.executor) { [self] in
            let answer = await fetch.answer(for: url, known: attempt.known)
            let now = timing.clock.now()
            let outcome = cache.withLock { $0.finish(attempt, answer, key: key, now: now) }
            for event in outcome.events(url) { observer?(event) }
            attempt.pending.deliver(outcome.result)
        }
    }

    private func resolved(
        _ entry: ClientDocumentEntry, _ trust: ClientTrustPolicy.Trust, _ now: Duration
    ) -> ResolvedClient {
        ResolvedClient(
            document: entry.document, trust: trust, staleAge: entry.freshUntil < now ? now - entry.confirmedAt : nil,
            inlineKeys: entry.inlineKeys, fingerprint: entry.fingerprint, patterns: settings.redirectURIPatterns)
    }
}
