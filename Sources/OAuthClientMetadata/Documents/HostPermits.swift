internal import JOSE
internal import TokenVerification

/// A token bucket for each host, so that strangers cannot make this server flood another one (THREATS R18).
struct HostPermits {
    /// What is fetched from the host. Each has permits of its own.
    enum Purpose: String {
        /// The document of a client that is not known.
        case first
        /// The document of a known client, once more.
        case again
        /// The keys of a client at another host than its document.
        case keys
        /// The keys of a client at its own host, or once more.
        case ownKeys
    }

    private typealias Limits = ClientIDResolver.Limits
    /// For each host the time when all its permits are back. The number is independent of the number of documents that
    /// are kept: a host must not be forgotten because others were asked.
    private var fullAt = DigestTable<Duration>(capacity: 8_192)

    /// Takes a permit; false when there is none.
    mutating func take(_ purpose: Purpose, of host: String, _ now: Duration) -> Bool {
        let key = SHA256Digest(of: Array("\(purpose.rawValue) \(host)".utf8))
        let fullAt = max(fullAt.value(for: key) ?? now, now)
        guard fullAt - now <= Limits.fetchInterval * (Limits.fetchesPerHost - 1) else { return false }
        self.fullAt.insert(fullAt + Limits.fetchInterval, for: key)
        return true
    }
}
