/// Which session belongs to which owner. It is a value type: the time is an argument, and the code that shares it must
/// lock it.
///
/// A session that is forgotten becomes unknown. No other caller can use it then.
struct SessionTable: Sendable {
    /// The SHA-256 of a session's identifier.
    typealias Key = [UInt8]

    private let limits: SessionBinding.Limits
    private var entries: [Key: Entry] = [:]
    private var order = UseOrder()
    private var ordersOfOwners: [SessionOwner: UseOrder] = [:]
    private var uses: UInt64 = 0

    init(_ limits: SessionBinding.Limits) {
        self.limits = limits
    }

    var count: Int { entries.count }

    /// Uses a session for its owner. Returns why this is refused, or nil.
    mutating func use(_ key: Key, by owner: SessionOwner, at now: Duration) -> ResourceServer.SessionFault? {
        removeIdle(at: now)
        guard let entry = entries[key] else { return .unknown }
        guard entry.owner == owner else { return .ofAnotherPrincipal }
        touch(key, of: owner, at: now)
        return nil
    }

    /// Binds a session to an owner. Returns why this is refused, or nil.
    mutating func bind(_ key: Key, to owner: SessionOwner, at now: Duration) -> ResourceServer.SessionFault? {
        removeIdle(at: now)
        if let entry = entries[key], entry.owner != owner { return .ofAnotherPrincipal }
        touch(key, of: owner, at: now)
        if ordersOfOwners[owner, default: UseOrder()].live > limits.sessionsPerPrincipal {
            removeOldest(of: owner)
        }
        if entries.count > limits.sessions, let oldest = order.oldest(in: entries) { remove(oldest) }
        return nil
    }

    /// Forgets a session if it belongs to the owner.
    mutating func end(_ key: Key, of owner: SessionOwner) {
        if entries[key]?.owner == owner { remove(key) }
    }

    private mutating func touch(_ key: Key, of owner: SessionOwner, at now: Duration) {
        uses += 1
        let isNew = entries.updateValue(Entry(owner: owner, lastUse: now, use: uses), forKey: key) == nil
        order.append(key, uses, isNew: isNew, in: entries)
        ordersOfOwners[owner, default: UseOrder()].append(key, uses, isNew: isNew, in: entries)
    }

    private mutating func removeIdle(at now: Duration) {
        while let key = order.oldest(in: entries), let entry = entries[key], now - entry.lastUse >= limits.idleTime {
            remove(key)
        }
    }

    private mutating func removeOldest(of owner: SessionOwner) {
        if let key = ordersOfOwners[owner]?.oldest(in: entries) { remove(key) }
    }

    private mutating func remove(_ key: Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        order.live -= 1
        ordersOfOwners[entry.owner]?.live -= 1
        if ordersOfOwners[entry.owner]?.live == 0 { ordersOfOwners[entry.owner] = nil }
    }
}

extension SessionTable {
    private struct Entry {
        let owner: SessionOwner
        let lastUse: Duration
        /// The number of its last use.
        let use: UInt64
    }

    /// Keys in the order of their last use. Each further use leaves a stale entry behind. Stale entries are skipped,
    /// and removed from time to time, so that an operation has a constant cost on average.
    private struct UseOrder {
        private var places: [(key: Key, use: UInt64)] = []
        private var first = 0
        /// The number of keys.
        var live = 0

        mutating func append(_ key: Key, _ use: UInt64, isNew: Bool, in entries: [Key: Entry]) {
            if isNew { live += 1 }
            places.append((key, use))
            guard places.count > 2 * live + 16 else { return }
            places = places[first...].filter { entries[$0.key]?.use == $0.use }
            first = 0
        }

        mutating func oldest(in entries: [Key: Entry]) -> Key? {
            while first < places.count {
                let (key, use) = places[first]
                if entries[key]?.use == use { return key }
                first += 1
            }
            return nil
        }
    }
}
