#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Synchronization

/// The clock of a server's event loops: milliseconds of the system's monotonic clock, which a test can move forward.
package final class LoopClock: Sendable {
    private let skipped = Atomic<Int64>(0)

    package init() {}

    var now: Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000 + skipped.load(ordering: .relaxed)
    }

    /// Moves the clock forward. A loop that waits learns of it in its next turn: see ``ListeningServer/skip(_:)``.
    func skip(milliseconds: Int64) {
        skipped.wrappingAdd(milliseconds, ordering: .relaxed)
    }
}
