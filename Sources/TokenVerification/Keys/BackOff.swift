/// The wait after failures: 1, 2, 4 … 60 seconds, of which chance takes a part (full jitter); none after a success.
struct BackOff: Sendable {
    private(set) var failures = 0
    private(set) var nextAttempt: Duration?

    /// Whether an attempt may begin.
    func isOver(_ now: Duration) -> Bool { nextAttempt.map { $0 <= now } ?? true }

    /// Whole seconds until an attempt may begin, rounded up, at least 1.
    func secondsLeft(_ now: Duration) -> Int {
        guard let nextAttempt, nextAttempt > now else { return 1 }
        let left = (nextAttempt - now).components
        return Int(left.seconds) + (left.attoseconds > 0 ? 1 : 0)
    }

    /// Notes a failure; `fraction` is 0…1.
    mutating func fail(_ now: Duration, fraction: Double) {
        let longest = min(.seconds(1 << min(failures, 6)), RemoteKeySet.Limits.longestBackOff)
        failures = min(failures + 1, 64)
        nextAttempt = now + longest * fraction
    }
}
