internal import JOSE

/// A bounded table of digests with a time of expiry each.
///
/// Besides the hash table there is a list of digests for each second of expiry. Every call removes some digests of the
/// seconds that are over. So expired digests need no search, and no call takes long.
struct ReplayTable {
    private let capacity: Int
    private let start: Duration
    private var expiries: [SHA256Digest: Int] = [:]
    /// The digests that expire in a second, counted from `start`.
    private var seconds: [Int: [SHA256Digest]] = [:]
    /// The first second whose digests are not all removed.
    private var oldest = 0

    /// The largest number of digests, and of seconds without digests, that one call removes or passes.
    private static let work = 8
    /// The same when the table is full.
    private static let workWhenFull = 4_096

    init(capacity: Int, start: Duration) {
        self.capacity = capacity
        self.start = start
    }

    var count: Int { expiries.count }

    /// Records a digest; nil when there is no room.
    mutating func record(_ digest: SHA256Digest, until end: Duration, now: Duration) -> ReplayVerdict? {
        let present = second(now)
        // Rounded up: a digest is never forgotten too early.
        let expiry = max(second(end), present) + 1
        removeExpired(before: present, work: Self.work)
        if let known = expiries[digest], known > present { return .replayed }
        if expiries.count >= capacity { removeExpired(before: present, work: Self.workWhenFull) }
        guard expiries.count < capacity || expiries[digest] != nil else { return nil }
        expiries[digest] = expiry
        seconds[expiry, default: []].append(digest)
        return .first
    }

    /// The next second, or a later one if there is nothing to remove before it. After a long quiet time, the empty
    /// seconds are more than the lists: to pass each of them would take longer than to look at the lists.
    private func secondToClean(after second: Int, _ present: Int) -> Int {
        guard seconds[second + 1] == nil, present - second > seconds.count else { return second + 1 }
        return min(seconds.keys.min() ?? present, present)
    }

    private func second(_ time: Duration) -> Int { Int((time - start).components.seconds) }

    private mutating func removeExpired(before present: Int, work: Int) {
        var work = work
        while oldest < present, work > 0 {
            guard let digest = seconds[oldest]?.popLast() else {
                seconds[oldest] = nil
                oldest = secondToClean(after: oldest, present)
                work -= 1
                continue
            }
            // A digest that was recorded again after its expiry stands in a later list too.
            if expiries[digest] == oldest { expiries[digest] = nil }
            work -= 1
        }
    }
}
