import CSystemCalls

/// Gives memory back to the system after many connections have ended or come to rest.
///
/// The C library keeps freed memory for later. After 10,000 streams that is about 80 MiB, which the rest of the machine
/// would miss. To give it back takes milliseconds, so this is done seldom, and only when the load has fallen by half.
struct MemoryRelease {
    /// The number of connections whose memory is worth the work.
    private static let least = 1_000
    /// The shortest time between two releases in milliseconds.
    private static let pause: Int64 = 10_000

    private var most = 0
    private var earliest = Int64.min

    /// When to call ``begin(_:now:)``; nil when there is little to give back.
    ///
    /// - Parameter active: The number of connections with a task.
    mutating func time(_ active: Int) -> Int64? {
        most = max(most, active)
        return active <= most / 2 && most - active >= Self.least ? earliest : nil
    }

    /// Gives the memory back, on a thread of its own.
    mutating func begin(_ active: Int, now: Int64) {
        most = active
        earliest = now + Self.pause
        // Without a thread, the memory stays for later.
        (try? PosixThread { csystem_release_memory() })?.abandon()
    }
}
