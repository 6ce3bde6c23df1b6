#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

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
        unsafe free(base)
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

    /// Memory for entries. Swift allocates by `posix_memalign`, for which glibc has no fast path.
    private static func memory(_ capacity: Int) -> UnsafeMutablePointer<JSONTapeEntry> {
        // `malloc` aligns for every type of C, so also for an entry, whose alignment is that of its numbers.
        guard let memory = unsafe malloc(capacity * MemoryLayout<JSONTapeEntry>.stride) else {
            preconditionFailure("There is no memory for a JSON text.")
        }
        return unsafe memory.bindMemory(to: JSONTapeEntry.self, capacity: capacity)
    }

    @inline(never)
    private mutating func grow() {
        let larger = unsafe Self.memory(capacity * 2)
        unsafe larger.moveInitialize(from: base, count: count)
        unsafe free(base)
        unsafe base = larger
        capacity *= 2
    }
}
