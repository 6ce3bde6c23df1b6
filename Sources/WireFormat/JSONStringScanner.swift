internal import CWireFormat

/// The grammar of JSON strings (RFC 8259 §7) over strict UTF-8 (RFC 3629).
enum JSONStringScanner {
    /// Scans a string from its opening quote to after its closing one.
    ///
    /// - Returns: Whether it holds an escape.
    @inline(__always)
    static func scan(_ text: Span<UInt8>, _ index: inout Int) throws(JSONDocument.ParseError) -> Bool {
        index = plainFront(text, index &+ 1)
        if text.byte(at: index) == UInt8(ascii: "\"") {
            index &+= 1
            return false
        }
        let rest = try scanRest(text, index)
        index = rest.end
        return rest.isEscaped
    }

    /// Scans what must be a string, like ``scan(_:_:)``.
    @inline(__always)
    static func scanName(_ text: Span<UInt8>, _ index: inout Int) throws(JSONDocument.ParseError) -> Bool {
        guard text.byte(at: index) == UInt8(ascii: "\"") else {
            throw JSONDocument.ParseError(unexpectedAt: index, in: text)
        }
        return try scan(text, &index)
    }

    /// Scans the rest of a string, from where ``plainFront(_:_:)`` has stopped.
    private static func scanRest(
        _ text: Span<UInt8>, _ start: Int
    ) throws(JSONDocument.ParseError) -> (end: Int, isEscaped: Bool) {
        var isEscaped = false
        var index = start
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\"") {
                return (index + 1, isEscaped)
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
                try skipEscape(text, &index)
            } else if byte < 0x20 {
                throw JSONDocument.ParseError(reason: .controlCharacter, offset: index)
            } else {
                // 0x80 or more: the plain front has ended before no other byte.
                try skipMultibyte(text, &index)
            }
            index = plainFront(text, index)
        }
        throw JSONDocument.ParseError(reason: .unexpectedEnd, offset: index)
    }

    /// The index of the first byte from `start` on that is not 0x20…0x7F, or is a quote or a backslash.
    @inline(__always)
    private static func plainFront(_ text: Span<UInt8>, _ start: Int) -> Int {
        unsafe text.withUnsafeBufferPointer { bytes in
            guard start < bytes.count, let base = bytes.baseAddress else { return start }
            // In bounds by the line above.
            return unsafe start &+ Int(cwireformat_plain_front(base + start, bytes.count &- start))
        }
    }

    private static func skipEscape(_ text: Span<UInt8>, _ index: inout Int) throws(JSONDocument.ParseError) {
        guard index + 1 < text.count else { throw JSONDocument.ParseError(reason: .unexpectedEnd, offset: text.count) }
        switch text[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(text, at: index)
            switch unit {
            case 0xD800...0xDBFF:
                // RFC 7493 §2.1: half a surrogate pair is not a character. The other half must follow as an escape.
                guard index + 6 < text.count else {
                    throw JSONDocument.ParseError(reason: .unexpectedEnd, offset: text.count)
                }
                guard text[index + 6] == UInt8(ascii: "\\") else {
                    throw JSONDocument.ParseError(reason: .loneSurrogate, offset: index)
                }
                guard index + 7 < text.count else {
                    throw JSONDocument.ParseError(reason: .unexpectedEnd, offset: text.count)
                }
                guard text[index + 7] == UInt8(ascii: "u"),
                    case 0xDC00...0xDFFF = try codeUnit(text, at: index + 6)
                else { throw JSONDocument.ParseError(reason: .loneSurrogate, offset: index) }
                index += 12
            case 0xDC00...0xDFFF:
                throw JSONDocument.ParseError(reason: .loneSurrogate, offset: index)
            default:
                index += 6
            }
        default:
            throw JSONDocument.ParseError(reason: .invalidEscape, offset: index)
        }
    }

    /// The code unit of the `\uXXXX` that begins at `index`.
    private static func codeUnit(_ text: Span<UInt8>, at index: Int) throws(JSONDocument.ParseError) -> UInt32 {
        var unit: UInt32 = 0
        for offset in index + 2..<index + 6 {
            guard offset < text.count else { throw JSONDocument.ParseError(reason: .unexpectedEnd, offset: text.count) }
            guard let digit = ASCII.hexValue(text[offset]) else {
                throw JSONDocument.ParseError(reason: .invalidEscape, offset: index)
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    /// RFC 3629 §4: the well-formed sequences of two to four bytes.
    private static func skipMultibyte(_ text: Span<UInt8>, _ index: inout Int) throws(JSONDocument.ParseError) {
        let lead = text[index]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)  // below: overlong
        case 0xED: (length, second) = (3, 0x80...0x9F)  // above: surrogates
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)  // below: overlong
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)  // above: beyond U+10FFFF
        default: throw JSONDocument.ParseError(reason: .invalidUTF8, offset: index)
        }
        guard index + length <= text.count, second.contains(text[index + 1]) else {
            throw JSONDocument.ParseError(reason: .invalidUTF8, offset: index)
        }
        for offset in 2..<max(length, 2) where text[index + offset] & 0xC0 != 0x80 {
            throw JSONDocument.ParseError(reason: .invalidUTF8, offset: index)
        }
        index += length
    }
}

/// Reads the content of a checked string byte by byte and resolves its escapes, without an allocation.
struct JSONStringCursor {
    private var index: Int
    private let end: Int
    /// The bytes of a character that have not been returned yet, the next one lowest.
    private var pending: UInt32 = 0
    private var pendingCount = 0

    init(_ content: Range<Int>) {
        index = content.lowerBound
        end = content.upperBound
    }

    /// The bytes of a string after unescaping.
    ///
    /// - Parameter content: The range of the string in the text, without the quotes.
    static func unescaped(_ content: Range<Int>, of text: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count)
        var cursor = JSONStringCursor(content)
        while let byte = cursor.next(in: text) { bytes.append(byte) }
        return bytes
    }

    /// The next byte, or nil at the end. `text` is the text that the content range belongs to.
    mutating func next(in text: Span<UInt8>) -> UInt8? {
        if pendingCount > 0 {
            let byte = UInt8(truncatingIfNeeded: pending)
            pending >>= 8
            pendingCount -= 1
            return byte
        }
        guard index < end else { return nil }
        let byte = text[index]
        guard byte == UInt8(ascii: "\\"), index + 1 < end else {
            index += 1
            return byte
        }
        let letter = text[index + 1]
        guard letter == UInt8(ascii: "u") else {
            index += 2
            switch letter {
            case UInt8(ascii: "b"): return 0x08
            case UInt8(ascii: "f"): return 0x0C
            case UInt8(ascii: "n"): return 0x0A
            case UInt8(ascii: "r"): return 0x0D
            case UInt8(ascii: "t"): return 0x09
            default: return letter
            }
        }
        var code = codeUnit(in: text, at: index + 2)
        index += 6
        if code & 0xFC00 == 0xD800 {
            code = 0x10000 + (code & 0x3FF) << 10 | codeUnit(in: text, at: index + 2) & 0x3FF
            index += 6
        }
        return start(code)
    }

    /// Returns the first UTF-8 byte of a scalar and keeps the others.
    private mutating func start(_ code: UInt32) -> UInt8 {
        if code < 0x80 { return UInt8(truncatingIfNeeded: code) }
        let tail = { (shift: UInt32) -> UInt32 in 0x80 | (code >> shift) & 0x3F }
        if code < 0x800 {
            (pending, pendingCount) = (tail(0), 1)
            return UInt8(truncatingIfNeeded: 0xC0 | code >> 6)
        }
        if code < 0x10000 {
            (pending, pendingCount) = (tail(6) | tail(0) << 8, 2)
            return UInt8(truncatingIfNeeded: 0xE0 | code >> 12)
        }
        (pending, pendingCount) = (tail(12) | tail(6) << 8 | tail(0) << 16, 3)
        return UInt8(truncatingIfNeeded: 0xF0 | code >> 18)
    }

    /// The value of the four hexadecimal digits, which the scanner has checked. A position outside the content counts
    /// as zeros.
    private func codeUnit(in text: Span<UInt8>, at position: Int) -> UInt32 {
        var unit: UInt32 = 0
        for offset in position..<position + 4 {
            unit = unit << 4 | UInt32(offset < end ? ASCII.hexValue(text[offset]) ?? 0 : 0)
        }
        return unit
    }
}
