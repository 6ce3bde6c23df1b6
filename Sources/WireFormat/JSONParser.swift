/// One value, or one member name, of a parsed text.
///
/// The tape holds the entries in the order of the text. The entry of an object is followed by name, value, name, value
/// and so on, so a subtree is a run of entries and a walk needs no stack.
struct JSONTapeEntry: Sendable {
    /// The offset at which the text of the value begins.
    var start: UInt32
    /// The offset after the value. The quotes of a string are within `start` and `end`.
    var end: UInt32
    /// The index of the entry after this subtree. While an array or object is still open, the index of its parent.
    var next: UInt32
    var kind: JSONDocument.Node.Kind
    /// Whether a string holds a backslash.
    var isEscaped: Bool
    /// The ``JSONNameTag`` of a member name without a backslash; else 0.
    var tag: UInt16

    /// The range of a string's content, between the quotes.
    var content: Range<Int> {
        let first = Int(start) + 1
        return first..<max(first, Int(end) - 1)
    }
}

/// The one pass over a JSON text (RFC 8259): checks every byte and fills the tape.
///
/// It uses no recursion and allocates nothing but the tape: open containers are chained through their own entries.
struct JSONParser: ~Copyable {
    private var tape: JSONTape
    private let maximumDepth: Int
    private static let none = UInt32.max

    private init(maximumDepth: Int, byteCount: Int) {
        self.maximumDepth = maximumDepth
        // Most texts have at most one entry for each eight bytes.
        tape = JSONTape(capacity: byteCount / 8 + 4)
    }

    /// Checks a text and returns its tape.
    static func tape(of text: Span<UInt8>, maximumDepth: Int) throws(JSONDocument.ParseError) -> JSONTape {
        var parser = JSONParser(maximumDepth: maximumDepth, byteCount: text.count)
        try parser.parse(text)
        return parser.finish()
    }

    private consuming func finish() -> JSONTape { tape }

    private mutating func parse(_ text: Span<UInt8>) throws(JSONDocument.ParseError) {
        try Self.refuseByteOrderMark(text)
        var index = 0
        var open = Self.none
        var depth = 0

        nextValue: while true {
            Self.skipWhitespace(text, &index)
            guard index < text.count else { throw JSONDocument.ParseError(reason: .unexpectedEnd, offset: index) }
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "\""):
                try appendString(text, &index)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < maximumDepth else { throw JSONDocument.ParseError(reason: .tooDeep, offset: index) }
                depth += 1
                let kind: JSONDocument.Node.Kind = byte == UInt8(ascii: "{") ? .object : .array
                let entry = UInt32(truncatingIfNeeded: tape.count)
                append(kind, from: index, to: index, next: open)
                open = entry
                index += 1
                Self.skipWhitespace(text, &index)
                guard index < text.count else { throw JSONDocument.ParseError(reason: .unexpectedEnd, offset: index) }
                // An empty container is closed below, like any other.
                if text[index] == (kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]")) { break }
                if kind == .object { try appendName(text, &index) }
                continue nextValue
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let end = try JSONDecimal.scan(text, at: index)
                append(.number, from: index, to: end)
                index = end
            case UInt8(ascii: "t"): try appendLiteral("true", .bool, text, &index)
            case UInt8(ascii: "f"): try appendLiteral("false", .bool, text, &index)
            case UInt8(ascii: "n"): try appendLiteral("null", .null, text, &index)
            default: throw JSONDocument.ParseError(reason: .unexpectedByte, offset: index)
            }

            // A value has ended. What follows is a comma, or the end of one or more containers.
            while true {
                Self.skipWhitespace(text, &index)
                guard open != Self.none else {
                    guard index == text.count else {
                        throw JSONDocument.ParseError(reason: .trailingBytes, offset: index)
                    }
                    return
                }
                guard index < text.count else { throw JSONDocument.ParseError(reason: .unexpectedEnd, offset: index) }
                let container = Int(open)
                let isObject = tape[container].kind == .object
                switch text[index] {
                case UInt8(ascii: ","):
                    index += 1
                    if isObject {
                        Self.skipWhitespace(text, &index)
                        try appendName(text, &index)
                    }
                    continue nextValue
                case UInt8(ascii: "}") where isObject:
                    // RFC 8259 §4 leaves repeated names to the receiver. RFC 7515 §4 lets us refuse them; we do so
                    // everywhere.
                    try JSONMemberNames.refuseDuplicates(from: container + 1, on: tape, in: text)
                case UInt8(ascii: "]") where !isObject:
                    break
                default:
                    throw JSONDocument.ParseError(reason: .unexpectedByte, offset: index)
                }
                index += 1
                depth -= 1
                open = tape[container].next
                tape[container].end = UInt32(truncatingIfNeeded: index)
                tape[container].next = UInt32(truncatingIfNeeded: tape.count)
            }
        }
    }

    /// Adds an entry. All offsets fit, because a text has fewer than 2³² bytes and no more values than bytes.
    @inline(__always)
    private mutating func append(
        _ kind: JSONDocument.Node.Kind, from start: Int, to end: Int, next: UInt32? = nil, isEscaped: Bool = false,
        tag: UInt16 = 0
    ) {
        tape.append(
            JSONTapeEntry(
                start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end),
                next: next ?? UInt32(truncatingIfNeeded: tape.count + 1), kind: kind, isEscaped: isEscaped, tag: tag))
    }

    @inline(__always)
    private mutating func appendString(_ text: Span<UInt8>, _ index: inout Int) throws(JSONDocument.ParseError) {
        let start = index
        let isEscaped = try JSONStringScanner.scan(text, &index)
        append(.string, from: start, to: index, isEscaped: isEscaped)
    }

    /// RFC 8259 §4: a member is a string, a colon and a value.
    @inline(__always)
    private mutating func appendName(_ text: Span<UInt8>, _ index: inout Int) throws(JSONDocument.ParseError) {
        guard index < text.count else { throw JSONDocument.ParseError(reason: .unexpectedEnd, offset: index) }
        guard text[index] == UInt8(ascii: "\"") else {
            throw JSONDocument.ParseError(reason: .unexpectedByte, offset: index)
        }
        let start = index
        let isEscaped = try JSONStringScanner.scan(text, &index)
        let tag = isEscaped ? 0 : JSONNameTag.of(text, start + 1..<index - 1)
        append(.string, from: start, to: index, isEscaped: isEscaped, tag: tag)
        Self.skipWhitespace(text, &index)
        guard index < text.count else { throw JSONDocument.ParseError(reason: .unexpectedEnd, offset: index) }
        guard text[index] == UInt8(ascii: ":") else {
            throw JSONDocument.ParseError(reason: .unexpectedByte, offset: index)
        }
        index += 1
    }

    private mutating func appendLiteral(
        _ literal: StaticString, _ kind: JSONDocument.Node.Kind, _ text: Span<UInt8>, _ index: inout Int
    ) throws(JSONDocument.ParseError) {
        let start = index
        // RFC 8259 §3: the three literal names are lower case.
        let mismatch = literal.withUTF8Buffer { letters -> Int? in
            for offset in letters.indices {
                guard start + offset < text.count, unsafe text[start + offset] == letters[offset] else { return offset }
            }
            return nil
        }
        if let mismatch {
            let offset = start + mismatch
            throw JSONDocument.ParseError(
                reason: offset < text.count ? .unexpectedByte : .unexpectedEnd, offset: offset)
        }
        index = start + literal.utf8CodeUnitCount
        append(kind, from: start, to: index)
    }

    @inline(__always)
    private static func skipWhitespace(_ text: Span<UInt8>, _ index: inout Int) {
        // RFC 8259 §2: space, tab, line feed, carriage return; no other white space of Unicode.
        while index < text.count {
            let byte = text[index]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            index += 1
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
