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
