#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A clock that does not jump when the system time is changed. Used for ages and waits. Tests replace it.
public struct MonotonicClock: Sendable {
    /// Returns the time since a fixed moment.
    public let now: @Sendable () -> Duration
    /// Returns after the given time, or at once when the task is cancelled.
    public let sleep: @Sendable (Duration) async -> Void

    /// Makes a clock from two functions.
    ///
    /// - Parameters:
    ///   - now: Returns the time since a fixed moment.
    ///   - sleep: Returns after the given time, or at once when the task is cancelled.
    public init(
        now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The system's clock. It continues while the machine sleeps.
    public static let system = MonotonicClock {
        var time = timespec()
        // This is the clock of `ContinuousClock`. The direct call is faster, and every token reads it.
        #if canImport(Darwin)
            unsafe clock_gettime(CLOCK_MONOTONIC_RAW, &time)
        #else
            unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        #endif
        // One conversion to a Duration instead of two. 64 bits of nanoseconds are 292 years.
        return .nanoseconds(Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
