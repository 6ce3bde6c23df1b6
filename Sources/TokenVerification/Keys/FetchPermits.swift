/// A token bucket that limits the fetches for unknown keys. It holds ``RemoteKeySet/Limits/unknownKeyFetches`` permits,
/// of which one comes back in each ``RemoteKeySet/Limits/unknownKeyInterval``.
struct FetchPermits: Sendable {
    private typealias Limits = RemoteKeySet.Limits

    /// When the bucket is full again. In the past when it is full.
    private var fullAt: Duration

    init(now: Duration) {
        fullAt = now
    }

    /// Takes a permit. Returns false when the bucket is empty.
    mutating func take(_ now: Duration) -> Bool {
        guard timeLeft(now) == .zero else { return false }
        fullAt = max(fullAt, now) + Limits.unknownKeyInterval
        return true
    }

    /// The time until there is a permit; zero when there is one.
    func timeLeft(_ now: Duration) -> Duration {
        // The last permit is back one interval before the bucket is full, the one before it two, and so on.
        max(.zero, fullAt - Limits.unknownKeyInterval * (Limits.unknownKeyFetches - 1) - now)
    }
}
