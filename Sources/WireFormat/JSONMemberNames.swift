/// A tag of 16 bits for a member name. Most unequal names have unequal tags, and so have all registered claim names.
///
/// Where two tags are equal, the names are compared. Any function would do; this one is cheap.
enum JSONNameTag {
    @inline(__always)
    static func of(_ text: Span<UInt8>, from start: Int, to end: Int) -> UInt16 {
        guard start < end else { return 0 }
        return UInt16(text.byte(at: start)) &* 7 &+ UInt16(text.byte(at: end &- 1)) &* 29
            &+ UInt16(truncatingIfNeeded: end &- start)
    }
}

/// The member names of one object on a tape that is still growing: `first` is the entry after that of the object, and
/// the members of the object are the last entries of the tape.
enum JSONMemberNames {
    /// The largest number of names that are compared with each other; more names go into a hash table.
    private static let fewNames = 16

    /// Compares names as unescaped bytes and throws at the second of two equal ones. Linear.
    ///
    /// Each name sets one of 64 marks. A name whose mark is not yet set is new, and is compared with no other.
    static func refuseDuplicates(
        from first: Int, on tape: Span<JSONTapeEntry>, in text: Span<UInt8>
    ) throws(JSONDocument.ParseError) {
        var marks: UInt64 = 0
        var count = 0
        var index = first
        while index &+ 1 < tape.count {
            let name = tape[index]
            // A name with an escape has no tag. It sets all marks, so that it and every name after it are compared.
            let mark = name.isEscaped ? UInt64.max : 1 << (UInt64(name.tag) & 63)
            count &+= 1
            if count > fewNames { return try refuseDuplicatesAmongMany(from: first, on: tape, in: text) }
            if marks & mark != 0 { try refuse(index, ifAmongThoseFrom: first, on: tape, in: text) }
            marks |= mark
            index = Int(tape[index &+ 1].next)
        }
    }

    private static func refuse(
        _ index: Int, ifAmongThoseFrom first: Int, on tape: Span<JSONTapeEntry>, in text: Span<UInt8>
    ) throws(JSONDocument.ParseError) {
        var other = first
        while other < index {
            if areEqual(tape[index], tape[other], in: text) { throw duplicate(tape[index]) }
            other = Int(tape[other + 1].next)
        }
    }

    /// Compares by a hash table with open addressing, at most half full. It is seeded per process, so that an attacker
    /// cannot prepare names that collide.
    private static func refuseDuplicatesAmongMany(
        from first: Int, on tape: Span<JSONTapeEntry>, in text: Span<UInt8>
    ) throws(JSONDocument.ParseError) {
        var count = 0
        var index = first
        while index + 1 < tape.count {
            count += 1
            index = Int(tape[index + 1].next)
        }
        var capacity = 64
        while capacity < count * 2 { capacity *= 2 }
        // Zero marks an empty slot: entry 0 is the root, which is not a name.
        var table = [UInt32](repeating: 0, count: capacity)
        var scratch: [UInt8] = []
        let seeds = Self.seeds
        index = first
        while index + 1 < tape.count {
            var slot = hash(of: tape[index], in: text, &scratch, seeds) & (capacity - 1)
            while table[slot] != 0 {
                if areEqual(tape[index], tape[Int(table[slot])], in: text) { throw duplicate(tape[index]) }
                slot = (slot + 1) & (capacity - 1)
            }
            table[slot] = UInt32(truncatingIfNeeded: index)
            index = Int(tape[index + 1].next)
        }
    }

    @inline(__always)
    private static func hash(
        of name: JSONTapeEntry, in text: Span<UInt8>, _ scratch: inout [UInt8],
        _ seeds: (start: UInt64, factor: UInt64)
    ) -> Int {
        guard name.isEscaped else { return hash(text, name.content, seeds) }
        scratch.removeAll(keepingCapacity: true)
        var cursor = JSONStringCursor(name.content)
        while let byte = cursor.next(in: text) { scratch.append(byte) }
        return hash(scratch.span, scratch.indices, seeds)
    }

    /// Mixes in eight bytes at a time by a multiplication with a secret. `Hasher` takes longer for a name than the
    /// parser takes for the whole member.
    @inline(__always)
    private static func hash(
        _ text: Span<UInt8>, _ content: Range<Int>, _ seeds: (start: UInt64, factor: UInt64)
    ) -> Int {
        var hash = seeds.start ^ UInt64(truncatingIfNeeded: content.count)
        var index = content.lowerBound
        while index &+ 8 <= content.upperBound, let word = text.eightBytes(at: index) {
            hash = mixed(hash ^ word, seeds.factor)
            index &+= 8
        }
        if index < content.upperBound { hash = mixed(hash ^ text.packed(index..<content.upperBound), seeds.factor) }
        // Once more, with a factor that has no pattern (2⁶⁴ divided by the golden ratio): the table takes the low bits,
        // and some of the secret factors leave them alike for names that differ in few bytes.
        return Int(truncatingIfNeeded: mixed(hash, 0x9E37_79B9_7F4A_7C15))
    }

    @inline(__always)
    private static func mixed(_ value: UInt64, _ factor: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: factor)
        return product.high ^ product.low
    }

    /// The start value of a hash, and the odd factor that it multiplies with. Both are random for each process.
    private static let seeds = (
        start: UInt64.random(in: .min ... .max), factor: UInt64.random(in: .min ... .max) | 1
    )

    private static func areEqual(_ left: JSONTapeEntry, _ right: JSONTapeEntry, in text: Span<UInt8>) -> Bool {
        guard left.isEscaped || right.isEscaped else {
            guard left.tag == right.tag else { return false }
            return text.extracting(left.content).hasSameBytes(as: text.extracting(right.content))
        }
        var leftCursor = JSONStringCursor(left.content)
        var rightCursor = JSONStringCursor(right.content)
        while true {
            let byte = leftCursor.next(in: text)
            guard byte == rightCursor.next(in: text) else { return false }
            if byte == nil { return true }
        }
    }

    private static func duplicate(_ name: JSONTapeEntry) -> JSONDocument.ParseError {
        JSONDocument.ParseError(reason: .duplicateMember, offset: Int(name.start))
    }
}
