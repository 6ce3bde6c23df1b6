internal import HTTPMessages
internal import Synchronization
internal import TokenVerification
internal import WireFormat

/// The permits of all key sets of clients.
final class ClientKeyPermits: Sendable {
    private let permits = Mutex(HostPermits())

    func take(_ purpose: HostPermits.Purpose, of host: String, _ now: Duration) -> Bool {
        permits.withLock { $0.take(purpose, of: host, now) }
    }
}

/// Limits the fetches of one client's keys.
///
/// A document can name the keys of any host, so that the host has permits for all strangers together. They do not take
/// the permits for keys at the client's own host, and for keys that were fetched before.
final class ClientKeyFetcher: DocumentFetcher {
    private let fetcher: any DocumentFetcher
    private let clock: MonotonicClock
    private let permits: ClientKeyPermits
    private let clientHost: String
    private let hasFetched = Mutex(false)

    init(
        _ fetcher: any DocumentFetcher, _ clock: MonotonicClock, _ permits: ClientKeyPermits, clientHost: String
    ) {
        self.fetcher = fetcher
        self.clock = clock
        self.permits = permits
        self.clientHost = clientHost
    }

    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        let host = request.url.host
        let isStranger = !host.hasSameBytes(as: clientHost) && !hasFetched.withLock { $0 }
        let now = clock.now()
        let isAllowed =
            isStranger
            ? permits.take(.keys, of: host, now) : permits.take(.ownKeys, of: "\(clientHost) \(host)", now)
        // The key source waits, as after every failure, and asks again.
        guard isAllowed else { throw .unavailable }
        var request = request
        request.maximumBodyBytes = min(request.maximumBodyBytes, ClientIDResolver.Limits.maximumKeySetBytes)
        let document = try await fetcher.fetch(request)
        if document.status == .ok { hasFetched.withLock { $0 = true } }
        return document
    }
}
