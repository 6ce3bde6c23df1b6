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
    /// Returns the time since another fixed moment, up to 10 ms late, for a tenth of the cost. It may stop while the
    /// machine sleeps. Compare it only with other values of its own.
    package let roughNow: @Sendable () -> Duration

    /// Makes a clock from two functions.
    ///
    /// - Parameters:
    ///   - now: Returns the time since a fixed moment.
    ///   - sleep: Returns after the given time, or at once when the task is cancelled.
    public init(
        now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.init(now: now, roughNow: now, sleep: sleep)
    }

    private init(
        now: @escaping @Sendable () -> Duration, roughNow: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.now = now
        self.roughNow = roughNow
        self.sleep = sleep
    }

    /// The system's clock. It continues while the machine sleeps.
    public static let system = MonotonicClock(now: systemNow, roughNow: systemRoughNow)

    @Sendable private static func systemNow() -> Duration {
        var time = timespec()
        // This is the clock of `ContinuousClock`. The direct call is faster, and every token reads it.
        #if canImport(Darwin)
            unsafe clock_gettime(CLOCK_MONOTONIC_RAW, &time)
        #else
            unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        #endif
        return duration(time)
    }

    @Sendable private static func systemRoughNow() -> Duration {
        #if os(Linux)
            // Linux stores this time at each tick. `CLOCK_BOOTTIME` reads the processor's counter, which is most of its
            // cost.
            var time = timespec()
            unsafe clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
            return duration(time)
        #else
            return systemNow()
        #endif
    }

    private static func duration(_ time: timespec) -> Duration {
        // One conversion to a Duration instead of two. 64 bits of nanoseconds are 292 years.
        .nanoseconds(Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
