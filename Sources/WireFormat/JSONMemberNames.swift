/// The member names of one object on a tape that is still growing: the object's entries are the last ones.
struct JSONMemberNames {
    private let tape: [JSONTapeEntry]
    private let first: Int
    /// Up to this many names are compared with each other; more go into a hash table.
    private static let fewNames = 16

    init(of object: Int, in tape: [JSONTapeEntry]) {
        self.tape = tape
        first = object + 1
    }

    /// Compares names as unescaped bytes (THREATS J9, J17) and throws at the second of two equal ones. Linear.
    @inline(__always)
    func refuseDuplicates(_ text: Span<UInt8>) throws(JSONError) {
        // A set of 64 possible marks proves most names new; a name whose mark is taken is compared with those before it.
        var marks: UInt64 = 0
        var count = 0
        var index = first
        while index + 1 < tape.count {
            let name = tape[index]
            count += 1
            if count > Self.fewNames { return try refuseDuplicatesAmongMany(text) }
            let mark = name.isEscaped ? UInt64.max : 1 << (Self.mix(text, name) & 63)
            if marks & mark != 0 { try refuse(index, ifAmongThoseBeforeIn: text) }
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

    private func refuse(_ index: Int, ifAmongThoseBeforeIn text: Span<UInt8>) throws(JSONError) {
        var other = first
        while other < index {
            if areEqual(index, other, in: text) { throw duplicate(at: index) }
            other = Int(tape[other + 1].next)
        }
    }

    /// A hash table of open addressing, seeded per process (THREATS J14), at most half full.
    private func refuseDuplicatesAmongMany(_ text: Span<UInt8>) throws(JSONError) {
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
                if areEqual(index, Int(table[slot]), in: text) { throw duplicate(at: index) }
                slot = (slot + 1) & (capacity - 1)
            }
            table[slot] = UInt32(truncatingIfNeeded: index)
            index = Int(tape[index + 1].next)
        }
    }

    private func hash(of name: JSONTapeEntry, in text: Span<UInt8>, _ scratch: inout [UInt8]) -> Int {
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

    private func areEqual(_ left: Int, _ right: Int, in text: Span<UInt8>) -> Bool {
        let (left, right) = (tape[left], tape[right])
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

    private func duplicate(at index: Int) -> JSONError {
        JSONError(reason: .duplicateMember, offset: Int(tape[index].start))
    }
}
