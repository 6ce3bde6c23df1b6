/// The wait after consecutive failures: a random time between 0 and 1, 2, 4 … 60 seconds (full jitter). After a success
/// there is no wait.
struct BackOff: Sendable {
    private(set) var failures = 0
    private(set) var nextAttempt: Duration?

    /// Whether an attempt may begin.
    func isOver(_ now: Duration) -> Bool { nextAttempt.map { $0 <= now } ?? true }

    /// Seconds until an attempt may begin, rounded up; at least 1.
    func secondsLeft(_ now: Duration) -> Int {
        nextAttempt.map { ($0 - now).retryAfterSeconds } ?? 1
    }

    /// Records a failure. `fraction` is random, 0…1.
    mutating func fail(_ now: Duration, fraction: Double) {
        let longest = min(.seconds(1 << min(failures, 6)), RemoteKeySet.Limits.longestBackOff)
        failures = min(failures + 1, 64)
        nextAttempt = now + longest * fraction
    }
}
