/// The entries of a JSON text, in memory that no other value refers to. An array would check for each new entry whether
/// it is shared, and look up its entries through one more pointer.
@safe
struct JSONTape: ~Copyable {
    // Owned: allocated for `capacity` entries, of which the first `count` are initialised.
    private var base: UnsafeMutablePointer<JSONTapeEntry>
    private var capacity: Int
    private(set) var count = 0

    /// Makes an empty tape with memory for this number of entries, at least one. It grows when it is full.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
        unsafe base = Self.memory(self.capacity)
    }

    deinit {
        // The entries are trivial: nothing is to be done for each of them.
        unsafe base.deallocate()
    }

    /// An entry. Stops the program when the index is out of bounds.
    subscript(index: Int) -> JSONTapeEntry {
        @inline(__always) get {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "The tape has no such entry.")
            return unsafe base[index]
        }
        @inline(__always) set {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "The tape has no such entry.")
            unsafe base[index] = newValue
        }
    }

    /// Adds an entry at the end.
    @inline(__always)
    mutating func append(_ entry: JSONTapeEntry) {
        if count == capacity { grow() }
        unsafe (base + count).initialize(to: entry)
        count += 1
    }

    /// Memory for entries. With a stated alignment it comes from `malloc`; an allocation by element type comes from
    /// `posix_memalign`, for which glibc has no fast path.
    private static func memory(_ capacity: Int) -> UnsafeMutablePointer<JSONTapeEntry> {
        let size = capacity * MemoryLayout<JSONTapeEntry>.stride
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: size, alignment: MemoryLayout<JSONTapeEntry>.alignment)
        return unsafe memory.bindMemory(to: JSONTapeEntry.self, capacity: capacity)
    }

    @inline(never)
    private mutating func grow() {
        let larger = unsafe Self.memory(capacity * 2)
        unsafe larger.moveInitialize(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = larger
        capacity *= 2
    }
}
