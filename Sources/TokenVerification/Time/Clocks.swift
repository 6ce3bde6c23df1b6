#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The time of day, for comparison with claims. Tests replace it.
public struct WallClock: Sendable {
    /// Returns the seconds since 1970.
    public let now: @Sendable () -> Double

    /// Makes a clock from a function.
    public init(now: @escaping @Sendable () -> Double) {
        self.now = now
    }

    /// The system's clock.
    public static let system = WallClock {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

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
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}

/// Random fractions, so that many servers do not fetch at the same moment. Tests replace them.
package struct Jitter: Sendable {
    private let draw: @Sendable () -> Double

    /// Makes a source of fractions. Values outside 0…1 are clamped.
    package init(_ draw: @escaping @Sendable () -> Double) {
        self.draw = draw
    }

    /// The next fraction; 0…1.
    func next() -> Double {
        let fraction = draw()
        return fraction >= 0 ? min(fraction, 1) : 0
    }

    /// The system's random numbers.
    package static let system = Jitter { Double.random(in: 0..<1) }
}

/// The clock, random numbers and executor of a source that fetches. Tests replace all of them.
package struct RefreshTiming: Sendable {
    package var clock: MonotonicClock
    package var jitter: Jitter
    /// The executor of its tasks; nil for the global executor.
    package var executor: (any TaskExecutor)?

    package init(clock: MonotonicClock, jitter: Jitter = .system, executor: (any TaskExecutor)? = nil) {
        self.clock = clock
        self.jitter = jitter
        self.executor = executor
    }
}
