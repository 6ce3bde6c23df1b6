/// The one pass over a JSON text (RFC 8259): checks every byte and fills the tape, without recursion.
///
/// The tape has an entry for each value and each member name. For `{"a": [1, "b"]}` these are:
///
/// | | entry | text | next |
/// |---|---|---|---|
/// | 0 | object | 0..<15 | 5 |
/// | 1 | string, a name | 1..<4 | 2 |
/// | 2 | array | 6..<14 | 5 |
/// | 3 | number | 7..<8 | 4 |
/// | 4 | string | 10..<13 | 5 |
///
/// `next` leads over a subtree.
///
/// Sums are written `&+` where they cannot overflow, because they are indices into the text.
enum JSONParser {
    /// Checks a text and returns its tape.
    static func parse(_ text: Span<UInt8>, maximumDepth: Int) throws(JSONDocument.ParseError) -> JSONTape {
        try refuseByteOrderMark(text)
        var tape: JSONTape = []
        // A guess; the array grows.
        tape.reserveCapacity(text.count / 8 + 4)
        var nesting = JSONNesting(maximumDepth: maximumDepth)
        var index = 0

        nextValue: while true {
            skipWhitespace(text, &index)
            if nesting.kind == .object {
                // RFC 8259 §4: a member is a string, a colon and a value.
                let start = index
                let isEscaped = try JSONStringScanner.scanName(text, &index)
                let tag = isEscaped ? 0 : JSONNameTag.of(text, from: start &+ 1, to: index &- 1)
                tape.add(JSONTapeEntry(.string, from: start, to: index, isEscaped: isEscaped, tag: tag))
                skipWhitespace(text, &index)
                try skipColon(text, &index)
                skipWhitespace(text, &index)
            }
            let byte = text.byte(at: index)
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                try nesting.begin(byte == UInt8(ascii: "{") ? .object : .array, at: index, on: &tape)
                index &+= 1
                skipWhitespace(text, &index)
                // An empty container ends below, like any other.
                if text.byte(at: index) != nesting.endByte { continue nextValue }
            } else {
                tape.add(try scalar(byte, text, &index))
            }

            // A value has ended. What follows is a comma, or the end of one or more containers.
            while true {
                skipWhitespace(text, &index)
                guard nesting.kind != nil else {
                    guard index == text.count else {
                        throw JSONDocument.ParseError(reason: .trailingBytes, offset: index)
                    }
                    return exact(tape)
                }
                let byte = text.byte(at: index)
                if byte == UInt8(ascii: ",") {
                    index &+= 1
                    continue nextValue
                }
                guard byte == nesting.endByte else { throw JSONDocument.ParseError(unexpectedAt: index, in: text) }
                index &+= 1
                try nesting.end(before: index, on: &tape, in: text)
            }
        }
    }

    /// Copies a tape of few long values, which leave most of the guessed room empty: a document may be kept for long.
    @inline(__always)
    private static func exact(_ tape: JSONTape) -> JSONTape {
        tape.capacity > 2 &* tape.count ? Array(copying: tape.span) : tape
    }

    @inline(__always)
    private static func skipColon(_ text: Span<UInt8>, _ index: inout Int) throws(JSONDocument.ParseError) {
        guard text.byte(at: index) == UInt8(ascii: ":") else {
            throw JSONDocument.ParseError(unexpectedAt: index, in: text)
        }
        index &+= 1
    }

    /// Makes the entry of a string, number or literal, which begins with this byte, and moves the index past it.
    @inline(__always)
    private static func scalar(
        _ byte: UInt8, _ text: Span<UInt8>, _ index: inout Int
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
        default: throw JSONDocument.ParseError(unexpectedAt: start, in: text)
        }
        return JSONTapeEntry(kind, from: start, to: index, isEscaped: isEscaped)
    }

    private static func endOfLiteral(
        _ literal: StaticString, _ text: Span<UInt8>, _ start: Int
    ) throws(JSONDocument.ParseError) -> Int {
        // RFC 8259 §3: the three literal names are lower case.
        let mismatch = literal.withUTF8Buffer { letters -> Int? in
            letters.indices.first { unsafe text.byte(at: start + $0) != letters[$0] }
        }
        if let mismatch { throw JSONDocument.ParseError(unexpectedAt: start + mismatch, in: text) }
        return start + literal.utf8CodeUnitCount
    }

    @inline(__always)
    private static func skipWhitespace(_ text: Span<UInt8>, _ index: inout Int) {
        // RFC 8259 §2: space, tab, line feed, carriage return; no other white space of Unicode. It ends at the end of
        // the text, because the byte that stands for that is none of them.
        while true {
            let byte = text.byte(at: index)
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            index &+= 1
        }
    }

    private static func refuseByteOrderMark(_ text: Span<UInt8>) throws(JSONDocument.ParseError) {
        guard text.count >= 2, text[0] >= 0xEF else { return }
        // RFC 8259 §8.1: a parser may ignore a byte order mark. We refuse it, because parsers differ in what they do.
        let isUTF8 = text.count >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF
        let isUTF16 = (text[0] == 0xFE && text[1] == 0xFF) || (text[0] == 0xFF && text[1] == 0xFE)
        if isUTF8 || isUTF16 { throw JSONDocument.ParseError(reason: .byteOrderMark, offset: 0) }
    }
}
