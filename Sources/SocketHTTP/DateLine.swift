#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Synchronization

/// The latest second that any loop has sent in a `Date` field.
private let latestSecond = Atomic<Int64>(0)

/// The `Date` field line of one event loop, which is made once a second.
///
/// A loop reads the wall clock rarely. So that no loop sends an earlier second than another loop has sent, all loops
/// share the latest one.
struct DateLine {
    private var bytes: [UInt8] = []
    private var second = Int64.min
    private var due: Int64 = 0

    /// `Date: …` with its CRLF.
    ///
    /// - Parameter now: Milliseconds of the loop's monotonic clock.
    mutating func bytes(at now: Int64) -> [UInt8] {
        if now >= due || latestSecond.load(ordering: .relaxed) != second { renew(at: now) }
        return bytes
    }

    private mutating func renew(at now: Int64) {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        due = now + 1000 - Int64(time.tv_nsec) / 1_000_000
        var present = Int64(time.tv_sec)
        let latest = latestSecond.max(present, ordering: .relaxed).newValue
        if latest - present > 1 {
            latestSecond.store(present, ordering: .relaxed)  // The clock was set back.
        } else {
            present = latest
        }
        guard present != second else { return }
        second = present
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: "Date: ".utf8)
        HTTPDate.append(secondsSince1970: present, to: &bytes)
        bytes.append(contentsOf: [0x0D, 0x0A])
    }
}
