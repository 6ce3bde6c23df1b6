#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The time of day, for claims. Injectable.
public struct WallClock: Sendable {
    /// Seconds since 1970.
    public let now: @Sendable () -> Double

    /// A clock that answers `now`.
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

/// A clock that never steps, for ages and waits. Injectable.
public struct MonotonicClock: Sendable {
    /// The time since some fixed moment.
    public let now: @Sendable () -> Duration
    /// Returns after this time, or at once when the task is cancelled.
    public let sleep: @Sendable (Duration) async -> Void

    /// A clock that answers `now`.
    ///
    /// - Parameters:
    ///   - now: The time since some fixed moment.
    ///   - sleep: Returns after a time, or at once when the task is cancelled.
    public init(
        now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The system's clock; it goes on while the machine sleeps.
    public static let system = MonotonicClock {
        var time = timespec()
        // The clock of `ContinuousClock`, without its detours: it is read for every token.
        #if canImport(Darwin)
            unsafe clock_gettime(CLOCK_MONOTONIC_RAW, &time)
        #else
            unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        #endif
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}

/// Random fractions, so that many servers do not fetch at the same moment. Injectable.
package struct Jitter: Sendable {
    private let draw: @Sendable () -> Double

    /// A source of fractions; what is drawn outside 0…1 is brought into it.
    package init(_ draw: @escaping @Sendable () -> Double) {
        self.draw = draw
    }

    /// A fraction, 0…1.
    func next() -> Double {
        let fraction = draw()
        return fraction >= 0 ? min(fraction, 1) : 0
    }

    /// The system's random numbers.
    package static let system = Jitter { Double.random(in: 0..<1) }
}

/// What a source that fetches needs of its surroundings, so that tests can stand in for all of it.
package struct RefreshTiming: Sendable {
    package var clock: MonotonicClock
    package var jitter: Jitter
    /// Where its tasks run; nil for the global executor.
    package var executor: (any TaskExecutor)?

    package init(clock: MonotonicClock, jitter: Jitter = .system, executor: (any TaskExecutor)? = nil) {
        self.clock = clock
        self.jitter = jitter
        self.executor = executor
    }
}
