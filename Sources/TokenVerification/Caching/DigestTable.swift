package import JOSE

/// A bounded table whose keys are SHA-256 values. A full table evicts the least recently used entry.
///
/// Every operation takes constant time on average: a doubly linked list through the slots keeps the order of use.
package struct DigestTable<Value> {
    /// The neighbours of a slot in the order of use.
    private struct Neighbours {
        var newer = Self.none
        var older = Self.none

        static var none: Int { -1 }
    }

    /// The largest number of values.
    let capacity: Int
    private var slots: DigestSlots<Value>
    /// For each slot.
    private var neighbours: [Neighbours] = []
    private var newest = Neighbours.none
    private var oldest = Neighbours.none

    /// Makes an empty table. A capacity below 1 becomes 1.
    package init(capacity: Int) {
        self.capacity = max(1, capacity)
        slots = DigestSlots(capacity: self.capacity)
    }

    var count: Int { slots.count }

    /// Returns the value of a key and marks it as most recently used.
    package mutating func value(for digest: SHA256Digest) -> Value? {
        guard let index = slots.slot(of: digest) else { return nil }
        if index != newest {
            unlink(index)
            linkAsNewest(index)
        }
        return slots.value(at: index)
    }

    /// Stores a value. It replaces the present value of the key.
    package mutating func insert(_ value: Value, for digest: SHA256Digest) {
        remove(digest)
        if slots.count == capacity { remove(at: oldest) }
        let index = slots.add(value, for: digest)
        if index == neighbours.count { neighbours.append(Neighbours()) }
        linkAsNewest(index)
    }

    /// Removes a key.
    package mutating func remove(_ digest: SHA256Digest) {
        guard let index = slots.slot(of: digest) else { return }
        remove(at: index)
    }

    private mutating func remove(at index: Int) {
        unlink(index)
        slots.remove(at: index)
    }

    private mutating func unlink(_ index: Int) {
        let (newer, older) = (neighbours[index].newer, neighbours[index].older)
        if newer == Neighbours.none { newest = older } else { neighbours[newer].older = older }
        if older == Neighbours.none { oldest = newer } else { neighbours[older].newer = newer }
    }

    private mutating func linkAsNewest(_ index: Int) {
        neighbours[index] = Neighbours(newer: Neighbours.none, older: newest)
        if newest == Neighbours.none { oldest = index } else { neighbours[newest].newer = index }
        newest = index
    }
}
