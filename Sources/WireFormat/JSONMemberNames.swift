/// The member names of one object on a tape that is still growing: `first` is the entry after the object's own, and its
/// members are the last entries.
enum JSONMemberNames {
    /// Up to this many names are compared with each other; more go into a hash table.
    private static let fewNames = 16

    /// Compares names as unescaped bytes (THREATS J9, J17) and throws at the second of two equal ones. Linear.
    @inline(__always)
    static func refuseDuplicates(
        from first: Int, on tape: Span<JSONTapeEntry>, in text: Span<UInt8>
    ) throws(JSONError) {
        // A set of 64 possible marks proves most names new; a name whose mark is taken is compared with those before it.
        var marks: UInt64 = 0
        var count = 0
        var index = first
        while index + 1 < tape.count {
            let name = tape[index]
            count += 1
            if count > fewNames { return try refuseDuplicatesAmongMany(from: first, on: tape, in: text) }
            let mark = name.isEscaped ? UInt64.max : 1 << (mix(text, name) & 63)
            if marks & mark != 0 { try refuse(index, ifAmongThoseFrom: first, on: tape, in: text) }
            marks |= mark
            index = Int(tape[index + 1].next)
        }
    }

    /// Any function of an unescaped name will do here; this one tells the registered claim names apart.
    @inline(__always)
    private static func mix(_ text: Span<UInt8>, _ name: JSONTapeEntry) -> UInt32 {
        let content = name.content
        guard !content.isEmpty else { return 0 }
        return UInt32(text[content.lowerBound]) &* 7 &+ UInt32(text[content.upperBound - 1]) &* 29
            &+ UInt32(truncatingIfNeeded: content.count)
    }

    private static func refuse(
        _ index: Int, ifAmongThoseFrom first: Int, on tape: Span<JSONTapeEntry>, in text: Span<UInt8>
    ) throws(JSONError) {
        var other = first
        while other < index {
            if areEqual(tape[index], tape[other], in: text) { throw duplicate(tape[index]) }
            other = Int(tape[other + 1].next)
        }
    }

    /// A hash table of open addressing, seeded per process (THREATS J14), at most half full.
    private static func refuseDuplicatesAmongMany(
        from first: Int, on tape: Span<JSONTapeEntry>, in text: Span<UInt8>
    ) throws(JSONError) {
        var count = 0
        var index = first
        while index + 1 < tape.count {
            count += 1
            index = Int(tape[index + 1].next)
        }
        var capacity = 64
        while capacity < count * 2 { capacity *= 2 }
        // Zero means empty: entry 0 is the root and never a name.
        var table = [UInt32](repeating: 0, count: capacity)
        var scratch: [UInt8] = []
        index = first
        while index + 1 < tape.count {
            var slot = hash(of: tape[index], in: text, &scratch) & (capacity - 1)
            while table[slot] != 0 {
                if areEqual(tape[index], tape[Int(table[slot])], in: text) { throw duplicate(tape[index]) }
                slot = (slot + 1) & (capacity - 1)
            }
            table[slot] = UInt32(truncatingIfNeeded: index)
            index = Int(tape[index + 1].next)
        }
    }

    private static func hash(of name: JSONTapeEntry, in text: Span<UInt8>, _ scratch: inout [UInt8]) -> Int {
        var hasher = Hasher()
        if name.isEscaped {
            scratch.removeAll(keepingCapacity: true)
            var cursor = JSONStringCursor(name.content)
            while let byte = cursor.next(in: text) { scratch.append(byte) }
            unsafe scratch.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        } else {
            unsafe text.extracting(name.content).withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        }
        return hasher.finalize()
    }

    private static func areEqual(_ left: JSONTapeEntry, _ right: JSONTapeEntry, in text: Span<UInt8>) -> Bool {
        guard left.isEscaped || right.isEscaped else {
            let shift = right.content.lowerBound - left.content.lowerBound
            guard left.content.count == right.content.count else { return false }
            for index in left.content where text[index] != text[index + shift] { return false }
            return true
        }
        var leftCursor = JSONStringCursor(left.content)
        var rightCursor = JSONStringCursor(right.content)
        while true {
            let byte = leftCursor.next(in: text)
            guard byte == rightCursor.next(in: text) else { return false }
            if byte == nil { return true }
        }
    }

    private static func duplicate(_ name: JSONTapeEntry) -> JSONError {
        JSONError(reason: .duplicateMember, offset: Int(name.start))
    }
}
