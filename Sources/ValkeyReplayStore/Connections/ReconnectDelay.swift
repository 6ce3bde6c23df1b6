/// The wait before the next connection after consecutive failures: a random time between the half and the whole of 100,
/// 200, 400 … 5,000 milliseconds, so that many instances do not connect at the same moment.
struct ReconnectDelay: Sendable {
    private var failures = 0

    static let longest = Duration.seconds(5)

    /// Records a failure and returns the wait. `fraction` is random, 0…1.
    mutating func fail(fraction: Double) -> Duration {
        let whole = min(.milliseconds(100 << min(failures, 6)), Self.longest)
        failures = min(failures + 1, 64)
        return whole / 2 + whole / 2 * fraction
    }

    /// Records a success: the next wait is the shortest again.
    mutating func succeed() { failures = 0 }
}
