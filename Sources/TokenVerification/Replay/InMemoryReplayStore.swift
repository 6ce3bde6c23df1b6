internal import JOSE
internal import Synchronization

/// A ``ReplayStore`` in the memory of one process.
///
/// It is bounded: when it is full, it refuses and never forgets. Recording takes constant time: expired identifiers are
/// removed a few at a time, in the order of their expiry, and nothing is searched. Identifiers are spread over several
/// locks. About 100 bytes are used for each identifier.
///
/// **Does not share** with other instances, and forgets everything at a restart. After a restart, an identifier is
/// accepted once more, unless it is too old. For several instances there is `ValkeyReplayStore`.
public final class InMemoryReplayStore: ReplayStore {
    /// The acceptable capacities.
    public static let capacities: ClosedRange<Int> = 1_000...10_000_000
    /// The longest lifetime that is remembered: one hour. A longer one is refused as ``ReplayStoreError/full``.
    public static let maximumLifetime = Duration.seconds(3_600)

    private static let shardCount = 16
    private let shards: [Shard]
    private let clock: MonotonicClock

    /// Makes a store.
    ///
    /// - Parameters:
    ///   - capacity: The largest number of identifiers, within ``capacities``. A value outside is moved into the range.
    ///     For DPoP, multiply the requests per second by the lifetime of a proof in seconds, and 60 more.
    ///   - clock: The clock for lifetimes.
    public init(capacity: Int = 1_000_000, clock: MonotonicClock = .system) {
        let capacity = min(max(capacity, Self.capacities.lowerBound), Self.capacities.upperBound)
        let each = (capacity + Self.shardCount - 1) / Self.shardCount
        let start = clock.now()
        shards = (0..<Self.shardCount).map { _ in Shard(ReplayTable(capacity: each, start: start)) }
        self.clock = clock
    }

    /// Records an identifier. Does not suspend. Many tasks may call it at the same time.
    ///
    /// - Throws: ``ReplayStoreError/full``.
    public func record(
        _ identifier: ReplayIdentifier, for lifetime: Duration
    ) async throws(ReplayStoreError) -> ReplayVerdict {
        guard lifetime <= Self.maximumLifetime else { throw .full }
        let now = clock.now()
        // The hash has a secret of the process. With the digest itself, a client could choose identifiers of one shard,
        // and fill it for all clients.
        let shard = shards[identifier.hashValue & (Self.shardCount - 1)]
        let verdict = shard.table.withLock { $0.record(identifier.digest, until: now + lifetime, now: now) }
        guard let verdict else { throw .full }
        return verdict
    }

    /// A table with its lock.
    private final class Shard: Sendable {
        let table: Mutex<ReplayTable>
        init(_ table: ReplayTable) { self.table = Mutex(table) }
    }

    /// The number of identifiers that are kept, with those that are expired and not removed yet.
    var count: Int { shards.reduce(0) { $0 + $1.table.withLock { $0.count } } }
}
