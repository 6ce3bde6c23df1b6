internal import WireFormat

/// How many verdicts a verifier caches. A cached token costs one hash instead of a signature verification or a request.
public enum TokenCaching: Sendable, Hashable {
    /// No caching. Every token is verified each time.
    case off
    /// At most this number of entries; 1…1,000,000. A full cache keeps the entries that are in use, and admits a new
    /// token when it finds an entry that was not used lately.
    case upTo(entries: Int)

    /// Up to 10,000 entries.
    public static let standard = TokenCaching.upTo(entries: 10_000)

    /// The longest time for which an accepted token is cached.
    public static let lifetime: Duration = .seconds(60)

    /// The largest claims in bytes that are cached. This bounds the memory.
    static let maximumClaimsBytes = 16_384

    /// The accepted values for the number of entries.
    public static let entries: ClosedRange<Int> = 1...1_000_000

    /// The number of entries; 0 for no caching.
    var capacity: Int {
        switch self {
        case .off: 0
        case .upTo(let entries): entries
        }
    }

    /// Appends a fault when the number of entries is out of range.
    package func check(at path: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        guard case .upTo(let entries) = self, !Self.entries.contains(entries) else { return }
        faults.add(
            path, "is outside \(Self.entries.text) entries", "choose a number in this range, or .off to keep none")
    }
}
