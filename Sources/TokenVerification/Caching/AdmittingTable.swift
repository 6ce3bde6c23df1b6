package import JOSE

/// A bounded table whose keys are SHA-256 values. A full table does not always admit a new key: it compares the key
/// with one entry, the next in turn, and admits the key only if the entry was not used since its last turn.
///
/// This is the CLOCK algorithm (Corbató 1968) with one step for each new key. Such a table keeps what is in use when
/// more keys are in use than fit: with 11,000 keys in turn and room for 10,000, ten of eleven look-ups find their
/// entry. The least recently used entry, and CLOCK with as many steps as it takes, would evict each entry just before
/// it is needed again, so that no look-up finds one. Counting how often each key was seen, as TinyLFU does, admits as
/// well, but writes to a table of counters for each look-up. Here a look-up only sets a mark.
///
/// A new key that is used often needs few turns: each of its look-ups fails, and so takes a step to the next entry.
package struct AdmittingTable<Value> {
    /// The largest number of values.
    let capacity: Int
    private var slots: DigestSlots<Value>
    /// For each slot, whether its entry was used since its last turn.
    private var isUsed: [Bool] = []
    /// The slot of the entry whose turn is next.
    private var hand = 0

    /// Makes an empty table. A capacity below 1 becomes 1.
    package init(capacity: Int) {
        self.capacity = max(1, capacity)
        slots = DigestSlots(capacity: self.capacity)
    }

    var count: Int { slots.count }

    /// Returns the value of a key and marks it as used.
    package mutating func value(for digest: SHA256Digest) -> Value? {
        guard let index = slots.slot(of: digest) else { return nil }
        // Most entries have their mark. A write would take the cache line away from other threads.
        if !isUsed[index] { isUsed[index] = true }
        return slots.value(at: index)
    }

    /// Stores a value, or does not admit it. It replaces the present value of the key.
    ///
    /// - Parameter isWorthless: Whether an entry may be evicted although it was used, because its value has expired.
    package mutating func insert(
        _ value: Value, for digest: SHA256Digest, evicting isWorthless: (Value) -> Bool = { _ in false }
    ) {
        if let index = slots.slot(of: digest) { return slots.replace(at: index, with: value) }
        if slots.count == capacity, !makeRoom(isWorthless) { return }
        let index = slots.add(value, for: digest)
        // Its insertion is its first use. Otherwise keys in turn would evict each other before their second use.
        if index == isUsed.count { isUsed.append(true) } else { isUsed[index] = true }
    }

    /// Removes a key.
    package mutating func remove(_ digest: SHA256Digest) {
        guard let index = slots.slot(of: digest) else { return }
        slots.remove(at: index)
    }

    /// Takes one step, in a full table. Returns whether the entry whose turn it was is evicted.
    private mutating func makeRoom(_ isWorthless: (Value) -> Bool) -> Bool {
        let index = hand
        hand = index + 1 < slots.slotCount ? index + 1 : 0
        if isUsed[index], let value = slots.value(at: index), !isWorthless(value) {
            isUsed[index] = false
            return false
        }
        slots.remove(at: index)
        return true
    }
}
