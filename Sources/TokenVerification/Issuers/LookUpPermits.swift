/// A token bucket for the calls about unknown issuers.
struct LookUpPermits: Sendable {
    private typealias Limits = IssuerLookUp.Limits

    /// When the bucket is full again. In the past when it is full.
    private var fullAt: Duration

    init(now: Duration) {
        fullAt = now
    }

    /// Takes a permit. There must be one.
    mutating func take(_ now: Duration) {
        fullAt = max(fullAt, now) + Limits.lookUpInterval
    }

    /// The time until there is a permit; zero when there is one.
    func timeLeft(_ now: Duration) -> Duration {
        max(.zero, fullAt - Limits.lookUpInterval * (Limits.lookUps - 1) - now)
    }
}
