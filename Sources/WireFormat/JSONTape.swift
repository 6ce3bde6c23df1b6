/// The entries of a text that is being parsed: in memory that the caller lends, and when that is full, in memory of its
/// own. No one else refers to this memory, so ``append(_:)`` need not check for that, as an array does.
@safe
struct JSONTape: ~Copyable {
    // The first `count` of `capacity` entries are initialised. An entry needs no deinitialisation.
    private let entries: UnsafeMutablePointer<JSONTapeEntry>
    private let capacity: Int
    private let isOwned: Bool
    private(set) var count = 0

    /// The number of entries that most texts of this size do not exceed.
    static func usualCount(byteCount: Int) -> Int { byteCount / 8 + 4 }

    /// Makes an empty tape in memory that stays valid while the tape exists.
    init(_ memory: UnsafeMutableBufferPointer<JSONTapeEntry>) {
        guard let start = memory.baseAddress, memory.count > 0 else {
            self.init(capacity: 1)
            return
        }
        unsafe self.init(start, capacity: memory.count, isOwned: false)
    }

    private init(capacity: Int) {
        unsafe self.init(UnsafeMutablePointer.allocate(capacity: capacity), capacity: capacity, isOwned: true)
    }

    private init(_ entries: UnsafeMutablePointer<JSONTapeEntry>, capacity: Int, isOwned: Bool) {
        unsafe self.entries = entries
        self.capacity = capacity
        self.isOwned = isOwned
    }

    deinit {
        if isOwned { unsafe entries.deallocate() }
    }

    /// An entry. Stops the program when the index is out of bounds.
    subscript(index: Int) -> JSONTapeEntry {
        @inline(__always) get {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "The tape has no such entry.")
            return unsafe entries[index]
        }
    }

    /// Completes the entry of a container: it ends before this offset of the text, and its subtree is the rest of the
    /// tape.
    @inline(__always)
    mutating func complete(_ container: Int, end: Int) {
        precondition(UInt(bitPattern: container) < UInt(bitPattern: count), "The tape has no such entry.")
        unsafe entries[container].end = UInt32(truncatingIfNeeded: end)
        unsafe entries[container].next = UInt32(truncatingIfNeeded: count)
    }

    /// Copies the entries to memory that has room for them.
    func copy(to memory: UnsafeMutablePointer<JSONTapeEntry>) {
        unsafe memory.initialize(from: entries, count: count)
    }

    /// Adds an entry at the end.
    ///
    /// - Parameter next: Its ``JSONTapeEntry/next``; nil for an entry without a subtree.
    @inline(__always)
    mutating func append(_ entry: JSONTapeEntry, next: UInt32? = nil) {
        if count == capacity { self = grown() }
        var entry = entry
        entry.next = next ?? UInt32(truncatingIfNeeded: count &+ 1)
        unsafe (entries + count).initialize(to: entry)
        count &+= 1
    }

    /// The same entries with room for as many more.
    @inline(never)
    private consuming func grown() -> JSONTape {
        var larger = JSONTape(capacity: capacity * 2)
        unsafe larger.entries.initialize(from: entries, count: count)
        larger.count = count
        return larger
    }
}
