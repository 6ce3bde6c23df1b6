extension JSONDocument {
    /// A checked text and its tape, in one allocation that all copies share. Two arrays in its place took 0.6 % of the
    /// time of a whole verification, with its signature.
    ///
    /// `@unchecked Sendable`: nothing changes the memory after `init`.
    @safe
    struct Storage: @unchecked Sendable {
        private struct Sizes {
            let entries: Int
            let bytes: Int
        }

        // The entries, and behind them the bytes of the text: | entry 0 | entry 1 | … | text |.
        private let memory: ManagedBuffer<Sizes, JSONTapeEntry>

        /// Copies a text and its tape.
        init(_ text: Span<UInt8>, _ tape: Span<JSONTapeEntry>) {
            let sizes = Sizes(entries: tape.count, bytes: text.count)
            let stride = MemoryLayout<JSONTapeEntry>.stride
            memory = ManagedBuffer.create(minimumCapacity: sizes.entries + (sizes.bytes + stride - 1) / stride) { _ in
                sizes
            }
            // In bounds: the capacity above has room for both.
            unsafe memory.withUnsafeMutablePointerToElements { start in
                let entries = unsafe UnsafeMutableBufferPointer(start: start, count: sizes.entries)
                _ = unsafe tape.withUnsafeBufferPointer { unsafe entries.initialize(fromContentsOf: $0) }
                let bytes = unsafe Self.rawText(behind: start, sizes).bindMemory(to: UInt8.self)
                _ = unsafe text.withUnsafeBufferPointer { unsafe bytes.initialize(fromContentsOf: $0) }
            }
        }

        /// The number of bytes of the text.
        var byteCount: Int { unsafe memory.withUnsafeMutablePointerToHeader { unsafe $0.pointee.bytes } }

        /// An entry. Stops the program when the index is out of bounds.
        subscript(entry index: Int) -> JSONTapeEntry {
            @inline(__always) get {
                unsafe memory.withUnsafeMutablePointers { sizes, entries in
                    let count = unsafe UInt(bitPattern: sizes.pointee.entries)
                    precondition(UInt(bitPattern: index) < count, "The tape has no such entry.")
                    return unsafe entries[index]
                }
            }
        }

        /// Lends the text as it came. The memory lives at least as long as the call.
        @inline(__always)
        func withText<R>(_ body: (Span<UInt8>) -> R) -> R {
            unsafe memory.withUnsafeMutablePointers { sizes, entries in
                // `init` has bound this part of the memory to the type.
                let bytes = unsafe Self.rawText(behind: entries, sizes.pointee).assumingMemoryBound(to: UInt8.self)
                return unsafe body(Span(_unsafeElements: UnsafeBufferPointer(bytes)))
            }
        }

        /// The part of the memory that holds the text. It is never used as entries.
        private static func rawText(
            behind entries: UnsafeMutablePointer<JSONTapeEntry>, _ sizes: Sizes
        ) -> UnsafeMutableRawBufferPointer {
            unsafe UnsafeMutableRawBufferPointer(start: entries + sizes.entries, count: sizes.bytes)
        }
    }
}
