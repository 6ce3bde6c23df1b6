internal import JOSE

/// A hash table whose keys are SHA-256 values, as numbered slots. It does not limit their number and does not order
/// them: ``DigestTable`` and ``AdmittingTable`` do that, each in its own way.
///
/// Every operation takes constant time on average. The number of an entry stays the same until it is removed.
struct DigestSlots<Value> {
    private struct Slot {
        var digest: SHA256Digest
        /// Nil when the slot is free.
        var value: Value?
        /// The next slot of the same bucket, or the next free one.
        var next: Int
    }

    private(set) var count = 0
    private var slots: [Slot] = []
    private var buckets: [Int]
    private var free = Self.none
    private let seed: UInt64
    private let shift: UInt64
    private static var none: Int { -1 }

    /// Makes an empty table for about this number of entries.
    init(capacity: Int) {
        // The number of buckets is a power of two, at least 1.5 times the capacity.
        var bits: UInt64 = 1
        while 1 << bits < capacity + capacity / 2 { bits += 1 }
        buckets = [Int](repeating: Self.none, count: 1 << bits)
        shift = 64 - bits
        // A random odd multiplier, so that an attacker cannot prepare tokens that fall into one bucket.
        seed = UInt64.random(in: .min ... .max) | 1
    }

    /// The number of slots, free ones included. Every slot below it that is not free has an entry.
    var slotCount: Int { slots.count }

    /// The slot of a key, or nil.
    func slot(of digest: SHA256Digest) -> Int? {
        var index = buckets[bucket(of: digest)]
        while index != Self.none {
            if slots[index].digest == digest { return index }
            index = slots[index].next
        }
        return nil
    }

    /// The value in a slot; nil when the slot is free.
    func value(at index: Int) -> Value? { slots[index].value }

    /// Replaces the value in a slot that has an entry.
    mutating func replace(at index: Int, with value: Value) { slots[index].value = value }

    /// Adds an entry for a key that the table does not have. Returns its slot.
    mutating func add(_ value: Value, for digest: SHA256Digest) -> Int {
        let bucket = bucket(of: digest)
        let slot = Slot(digest: digest, value: value, next: buckets[bucket])
        let index: Int
        if free != Self.none {
            index = free
            free = slots[index].next
            slots[index] = slot
        } else {
            index = slots.count
            slots.append(slot)
        }
        buckets[bucket] = index
        count += 1
        return index
    }

    /// Removes the entry in a slot.
    mutating func remove(at index: Int) {
        let bucket = bucket(of: slots[index].digest)
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
}
