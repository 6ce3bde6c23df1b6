package import JOSE

/// A bounded table whose keys are SHA-256 values. A full table evicts the least recently used entry.
///
/// Every operation takes constant time on average: a hash table finds the slot, and a doubly linked list through the
/// slots keeps the order of use.
package struct DigestTable<Value> {
    private struct Slot {
        var digest: SHA256Digest
        /// Nil when the slot is free.
        var value: Value?
        /// The neighbours in the order of use.
        var newer = Self.none
        var older = Self.none
        /// The next slot of the same bucket, or the next free one.
        var next = Self.none

        static var none: Int { -1 }
    }

    /// The largest number of values.
    let capacity: Int
    private(set) var count = 0
    private var slots: [Slot] = []
    private var buckets: [Int]
    private var newest = Slot.none
    private var oldest = Slot.none
    private var free = Slot.none
    private let seed: UInt64
    private let shift: UInt64

    /// Makes an empty table. A capacity below 1 becomes 1.
    package init(capacity: Int) {
        self.capacity = max(1, capacity)
        // The number of buckets is a power of two, at least 1.5 times the capacity.
        var bits: UInt64 = 1
        while 1 << bits < self.capacity + self.capacity / 2 { bits += 1 }
        buckets = [Int](repeating: Slot.none, count: 1 << bits)
        shift = 64 - bits
        // A random odd multiplier, so that an attacker cannot prepare tokens that fall into one bucket.
        seed = UInt64.random(in: .min ... .max) | 1
    }

    /// Returns the value of a key and marks it as most recently used.
    package mutating func value(for digest: SHA256Digest) -> Value? {
        let index = find(digest)
        guard index != Slot.none else { return nil }
        if index != newest {
            unlink(index)
            linkAsNewest(index)
        }
        return slots[index].value
    }

    /// Stores a value. It replaces the present value of the key.
    package mutating func insert(_ value: Value, for digest: SHA256Digest) {
        remove(digest)
        if count == capacity { remove(slots[oldest].digest) }
        let bucket = bucket(of: digest)
        var slot = Slot(digest: digest, value: value)
        slot.next = buckets[bucket]
        let index: Int
        if free != Slot.none {
            index = free
            free = slots[index].next
            slots[index] = slot
        } else {
            index = slots.count
            slots.append(slot)
        }
        buckets[bucket] = index
        linkAsNewest(index)
        count += 1
    }

    /// Removes a key.
    package mutating func remove(_ digest: SHA256Digest) {
        let index = find(digest)
        guard index != Slot.none else { return }
        unlink(index)
        let bucket = bucket(of: digest)
        if buckets[bucket] == index {
            buckets[bucket] = slots[index].next
        } else {
            var before = buckets[bucket]
            while slots[before].next != index { before = slots[before].next }
            slots[before].next = slots[index].next
        }
        slots[index].value = nil
        slots[index].next = free
        free = index
        count -= 1
    }

    private func bucket(of digest: SHA256Digest) -> Int {
        Int(truncatingIfNeeded: (digest.prefix &* seed) >> shift)
    }

    private func find(_ digest: SHA256Digest) -> Int {
        var index = buckets[bucket(of: digest)]
        while index != Slot.none, slots[index].digest != digest { index = slots[index].next }
        return index
    }

    private mutating func unlink(_ index: Int) {
        let (newer, older) = (slots[index].newer, slots[index].older)
        if newer == Slot.none { newest = older } else { slots[newer].older = older }
        if older == Slot.none { oldest = newer } else { slots[older].newer = newer }
    }

    private mutating func linkAsNewest(_ index: Int) {
        slots[index].newer = Slot.none
        slots[index].older = newest
        if newest == Slot.none { oldest = index } else { slots[newest].newer = index }
        newest = index
    }
}
