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
    public static let system: MonotonicClock = {
        let start = ContinuousClock.now
        return MonotonicClock { start.duration(to: .now) }
    }()
}
