#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The time of day.
public enum WallClock {
    /// Seconds since 1970, with a fraction.
    @Sendable
    public static func now() -> Double {
        var time = timespec()
        // The pointer is used during the call alone.
        guard unsafe clock_gettime(CLOCK_REALTIME, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
