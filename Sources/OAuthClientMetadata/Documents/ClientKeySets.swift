internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import Synchronization
internal import TokenVerification
internal import WireFormat

/// The key sets of clients with a `jwks_uri`, a bounded number of them: the least recently used one is dropped.
///
/// Strangers name the URLs and the contents. So the sets are smaller than those of issuers, and each host has permits.
final class ClientKeySets: Sendable {
    private let fetcher: any DocumentFetcher
    private let clock: MonotonicClock
    private let permits = ClientKeyPermits()
    private let observer: ClientMetadataEvent.Observer?
    private let table: Mutex<DigestTable<RemoteKeySet>>

    init(
        fetcher: any DocumentFetcher, clock: MonotonicClock, capacity: Int, observer: ClientMetadataEvent.Observer?
    ) {
        self.fetcher = fetcher
        self.clock = clock
        self.observer = observer
        table = Mutex(DigestTable(capacity: capacity))
    }

    /// The keys of a client at this URL. A client that moves its keys to another URL gets another set.
    func source(of client: ClientIdentifierURL, at url: AbsoluteURL) -> (any KeySource)? {
        let key = SHA256Digest(of: Array("\(client.text) \(url.text)".utf8))
        if let present = table.withLock({ $0.value(for: key) }) { return present }
        // The text of a client identifier URL is a StringOrURI, and the default settings are within their ranges.
        let limited = ClientKeyFetcher(fetcher, clock, permits, clientHost: client.url.host)
        guard let issuer = try? TokenIssuer(client.text),
            let made = try? RemoteKeySet(
                of: issuer, at: url, fetcher: limited, clock: clock, observer: keyObserver(host: url.host))
        else { return nil }
        return table.withLock { table in
            if let present = table.value(for: key) { return present }
            table.insert(made, for: key)
            return made
        }
    }

    /// Reports failed fetches only: other events of the key sets of all clients would hide them.
    private func keyObserver(host: String) -> TokenVerificationEvent.Observer? {
        guard let observer else { return nil }
        return { event in
            guard case .keySource(let event, _) = event else { return }
            switch event {
            case .refreshFailed(let failure, _), .setRejected(let failure, _):
                observer(.keysUnavailable(host: host, failure))
            default: break
            }
        }
    }
}
