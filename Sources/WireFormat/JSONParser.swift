/// The one pass over a JSON text (RFC 8259): checks every byte and fills the tape.
///
/// It uses no recursion and allocates nothing but the tape: open containers are chained through their own entries.
enum JSONParser {
    private static let none = UInt32.max

    /// Checks a text and returns a copy of it with its tape.
    static func parse(_ text: Span<UInt8>, maximumDepth: Int) throws(JSONDocument.ParseError) -> JSONDocument.Storage {
        try unsafe withUnsafeTemporaryAllocation(
            of: JSONTapeEntry.self, capacity: JSONTape.usualCount(byteCount: text.count)
        ) { (memory) throws(JSONDocument.ParseError) in
            let tape = try unsafe filled(JSONTape(memory), text, maximumDepth: maximumDepth)
            return JSONDocument.Storage(text, tape)
        }
    }

    /// Fills the tape. It is consumed and returned, and not `inout`, so that the compiler keeps it in registers.
    private static func filled(
        _ empty: consuming JSONTape, _ text: Span<UInt8>, maximumDepth: Int
    ) throws(JSONDocument.ParseError) -> JSONTape {
        try refuseByteOrderMark(text)
        var tape = empty
        var index = 0
        var depth = 0
        // The innermost open container; whether it is an object; the marks of the names of the object opened last. An
        // object that held another one has lost its marks: see its end below.
        var open = none
        var isObject = false
        var names = JSONNameMarks()

        nextValue: while true {
            skipWhitespace(text, &index)
            if isObject {
                // RFC 8259 §4: a member is a string, a colon and a value. Here and not in a function, which the
                // compiler would not inline.
                guard text.byte(at: index) == UInt8(ascii: "\"") else { throw unexpected(text, index) }
                let start = index
                let isEscaped = try JSONStringScanner.scanName(text, &index)
                let tag = isEscaped ? 0 : JSONNameTag.of(text, from: start &+ 1, to: index &- 1)
                let name = entry(.string, from: start, to: index, at: tape.count, isEscaped: isEscaped, tag: tag)
                names.add(name)
                tape.append(name)
                skipWhitespace(text, &index)
                guard text.byte(at: index) == UInt8(ascii: ":") else { throw unexpected(text, index) }
                index &+= 1
                skipWhitespace(text, &index)
            }
            let start = index
            let byte = text.byte(at: start)
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                guard depth < maximumDepth else { throw JSONDocument.ParseError(reason: .tooDeep, offset: index) }
                depth &+= 1
                isObject = byte == UInt8(ascii: "{")
                if isObject { names = JSONNameMarks() }
                let container = entry(isObject ? .object : .array, from: start, to: start, at: tape.count, next: open)
                open = UInt32(truncatingIfNeeded: tape.count)
                tape.append(container)
                index &+= 1
                skipWhitespace(text, &index)
                // An empty container is closed below, like any other.
                let end = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
                if text.byte(at: index) != end { continue nextValue }
            } else {
                tape.append(try scalar(byte, text, &index, at: tape.count))
            }

            // A value has ended. What follows is a comma, or the end of one or more containers.
            while true {
                skipWhitespace(text, &index)
                guard open != none else {
                    guard index == text.count else {
                        throw JSONDocument.ParseError(reason: .trailingBytes, offset: index)
                    }
                    return tape
                }
                let container = Int(open)
                switch text.byte(at: index) {
                case UInt8(ascii: ","):
                    index &+= 1
                    continue nextValue
                case UInt8(ascii: "}") where isObject:
                    // RFC 8259 §4 leaves repeated names to the receiver. RFC 7515 §4 lets us refuse them; we do so
                    // everywhere.
                    if names.mayRepeat {
                        try JSONMemberNames.refuseDuplicates(from: container + 1, on: tape, in: text)
                    }
                    // There is one set of marks. This object has overwritten those of the object around it, whose names
                    // must be compared.
                    names.mayRepeat = true
                case UInt8(ascii: "]") where !isObject:
                    break
                default:
                    throw unexpected(text, index)
                }
                index &+= 1
                depth &-= 1
                open = tape[container].next
                tape[container].end = UInt32(truncatingIfNeeded: index)
                tape[container].next = UInt32(truncatingIfNeeded: tape.count)
                isObject = open != none && tape[Int(open)].kind == .object
            }
        }
    }

    /// Makes the entry of a string, number or literal, which begins with this byte, and moves the index past it.
    ///
    /// - Parameter position: The position of the entry on the tape.
    @inline(__always)
    private static func scalar(
        _ byte: UInt8, _ text: Span<UInt8>, _ index: inout Int, at position: Int
    ) throws(JSONDocument.ParseError) -> JSONTapeEntry {
        let start = index
        let kind: JSONDocument.Node.Kind
        var isEscaped = false
        switch byte {
        case UInt8(ascii: "\""): (kind, isEscaped) = (.string, try JSONStringScanner.scan(text, &index))
        case UInt8(ascii: "t"): (kind, index) = (.bool, try endOfLiteral("true", text, start))
        case UInt8(ascii: "f"): (kind, index) = (.bool, try endOfLiteral("false", text, start))
        case UInt8(ascii: "n"): (kind, index) = (.null, try endOfLiteral("null", text, start))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            (kind, index) = (.number, try JSONDecimal.scan(text, at: start))
        default: throw unexpected(text, start)
        }
        return entry(kind, from: start, to: index, at: position, isEscaped: isEscaped)
    }

    /// An entry for this position of the tape. All offsets fit, because a text has fewer than 2³² bytes and no more
    /// values than bytes.
    @inline(__always)
    private static func entry(
        _ kind: JSONDocument.Node.Kind, from start: Int, to end: Int, at position: Int, next: UInt32? = nil,
        isEscaped: Bool = false, tag: UInt16 = 0
    ) -> JSONTapeEntry {
        JSONTapeEntry(
            start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end),
            next: next ?? UInt32(truncatingIfNeeded: position &+ 1), kind: kind, isEscaped: isEscaped, tag: tag)
    }

    private static func endOfLiteral(
        _ literal: StaticString, _ text: Span<UInt8>, _ start: Int
    ) throws(JSONDocument.ParseError) -> Int {
        // RFC 8259 §3: the three literal names are lower case.
        let mismatch = literal.withUTF8Buffer { letters -> Int? in
            letters.indices.first { unsafe text.byte(at: start + $0) != letters[$0] }
        }
        if let mismatch { throw unexpected(text, start + mismatch) }
        return start + literal.utf8CodeUnitCount
    }

    @inline(__always)
    private static func skipWhitespace(_ text: Span<UInt8>, _ index: inout Int) {
        // RFC 8259 §2: space, tab, line feed, carriage return; no other white space of Unicode.
        while true {
            let byte = text.byte(at: index)
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            index &+= 1
        }
    }

    private static func unexpected(_ text: Span<UInt8>, _ index: Int) -> JSONDocument.ParseError {
        JSONDocument.ParseError(reason: index < text.count ? .unexpectedByte : .unexpectedEnd, offset: index)
    }

    private static func refuseByteOrderMark(_ text: Span<UInt8>) throws(JSONDocument.ParseError) {
        guard text.count >= 2, text[0] >= 0xEF else { return }
        // RFC 8259 §8.1: a parser may ignore a byte order mark. We refuse it, because parsers differ in what they do.
        let isUTF8 = text.count >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF
        let isUTF16 = (text[0] == 0xFE && text[1] == 0xFF) || (text[0] == 0xFF && text[1] == 0xFE)
        if isUTF8 || isUTF16 { throw JSONDocument.ParseError(reason: .byteOrderMark, offset: 0) }
    }
}
