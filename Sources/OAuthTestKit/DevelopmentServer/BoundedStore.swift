/// A dictionary with at most `capacity` entries. Inserting one more evicts the oldest entry.
///
/// Keys are bytes, not `String`, because Swift compares strings by canonical equivalence.
struct BoundedStore<Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        var value: Value
        let serial: UInt64
    }

    private let capacity: Int
    private var entries: [[UInt8]: Entry] = [:]
    private var order: [(key: [UInt8], serial: UInt64)] = []
    private var oldest = 0
    private var nextSerial: UInt64 = 0

    init(capacity: Int) {
        precondition(capacity > 0, "A bounded store has room for one value at least.")
        self.capacity = capacity
    }

    var count: Int { entries.count }

    subscript(key: [UInt8]) -> Value? { entries[key]?.value }

    /// Inserts a value as the newest entry.
    mutating func insert(_ value: Value, for key: [UInt8]) {
        nextSerial &+= 1
        entries[key] = Entry(value: value, serial: nextSerial)
        order.append((key, nextSerial))
        while entries.count > capacity, oldest < order.count {
            let candidate = order[oldest]
            oldest += 1
            // A key that was removed or inserted again has another serial, and a later place in the order.
            if entries[candidate.key]?.serial == candidate.serial { entries[candidate.key] = nil }
        }
        if order.count > 2 * capacity + 16 { compact() }
    }

    /// Replaces a stored value and keeps its age. An unknown key has no effect.
    mutating func replace(_ value: Value, for key: [UInt8]) {
        entries[key]?.value = value
    }

    mutating func remove(_ key: [UInt8]) {
        entries[key] = nil
    }

    private mutating func compact() {
        order = order[oldest...].filter { entries[$0.key]?.serial == $0.serial }
        oldest = 0
    }
}
