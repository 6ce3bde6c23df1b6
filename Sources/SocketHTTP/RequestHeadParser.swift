import HTTPMessages
import WireFormat

/// Finds the lines of a request head (RFC 9112 §2 to §5). The input may be split at any byte.
///
/// Every decision belongs to a byte position, so the result is the same however the input is split. Where RFC 9112 lets
/// a recipient be lenient (bare LF, obs-fold, lone CR, several empty lines before the request), this parser refuses.
package struct RequestHeadParser {
    /// The three parts of the request line, as ranges of the input.
    struct RequestLine {
        let method: Range<Int>
        let target: Range<Int>
        let version: Range<Int>
    }

    private let requestLineBytes: Int
    private let fieldSectionBytes: Int
    private let fieldCount: Int
    private var position = 0
    private var lineStart = 0
    private var sectionStart = 0
    private var hasSkippedEmptyLine = false
    private(set) var requestLine: RequestLine?
    private(set) var lines: [HTTPFields.Line] = []

    package init(limits: ServerLimits) {
        // At most a gibibyte, so that sums with positions cannot overflow.
        requestLineBytes = max(0, min(limits.requestLineBytes, 1 << 30))
        fieldSectionBytes = max(0, min(limits.fieldSectionBytes, 1 << 30))
        fieldCount = limits.fieldCount
    }

    /// Continues where the last call stopped.
    ///
    /// - Parameter bytes: All bytes that have arrived, from the beginning of the head on.
    /// - Returns: The index after the head; nil when its end has not arrived.
    package mutating func parse(_ bytes: Span<UInt8>) throws(RequestFault) -> Int? {
        while true {
            // The index after the longest request line or field section that is allowed.
            let limit = requestLine == nil ? lineStart + requestLineBytes : sectionStart + fieldSectionBytes
            let end = min(bytes.count, limit)
            Self.skipAllowed(bytes, &position, before: end)
            guard position < bytes.count else { return nil }
            switch bytes[position] {
            case 0x0D:
                guard position + 1 < bytes.count else { return nil }
                // RFC 9112 §2.2: a CR without an LF after it is refused, not replaced.
                guard bytes[position + 1] == 0x0A else { throw .bareCarriageReturn }
                let line = lineStart..<position
                position += 2
                lineStart = position
                if try endLine(bytes, line) { return position }
            case 0x0A: throw .bareLineFeed
            case let byte where Self.isAllowed(byte):
                throw requestLine == nil ? .requestLineTooLong : .fieldSectionTooLong
            default: throw .controlByte
            }
        }
    }

    /// Moves the position to the first byte that is not allowed, or to `end`. Looks at eight bytes at a time.
    @inline(__always)
    private static func skipAllowed(_ bytes: Span<UInt8>, _ position: inout Int, before end: Int) {
        while position < end {
            while position + 8 <= end {
                let marks = marks(of: bytes.extracting(position..<position + 8))
                if marks != 0 {
                    position += marks.trailingZeroBitCount / 8
                    break
                }
                position += 8
            }
            guard position < end, isAllowed(bytes[position]) else { return }
            position += 1
        }
    }

    /// The highest bit of each of eight bytes that is below 0x20 or is 0x7F. Those above the lowest such byte may be
    /// marked by mistake, because a difference borrows from them.
    @inline(__always)
    private static func marks(of bytes: Span<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<8 { word |= UInt64(bytes[index]) << UInt64(8 * index) }
        let ones: UInt64 = 0x0101_0101_0101_0101
        let delete = word ^ (ones &* 0x7F)
        return ((word &- ones &* 0x20) & ~word | (delete &- ones) & ~delete) & (ones &* 0x80)
    }

    /// RFC 9110 §5.5: HTAB, SP, VCHAR and obs-text. Declared here, so that the scanning loop calls no other module.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == 0x09
    }

    /// True for the empty line that ends the head.
    private mutating func endLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(RequestFault) -> Bool {
        guard requestLine != nil else {
            if line.isEmpty {
                // RFC 9112 §2.2: one empty line before the request is ignored.
                guard !hasSkippedEmptyLine else { throw .malformedRequestLine }
                hasSkippedEmptyLine = true
                return false
            }
            requestLine = try Self.parseRequestLine(bytes, line)
            sectionStart = lineStart
            lines.reserveCapacity(16)
            return false
        }
        if line.isEmpty { return true }
        guard lineStart - sectionStart <= fieldSectionBytes else { throw .fieldSectionTooLong }
        guard lines.count < fieldCount else { throw .tooManyFields }
        lines.append(try Self.parseField(bytes, line))
        return false
    }

    /// RFC 9112 §3: `method SP request-target SP HTTP-version`, with exactly two spaces.
    private static func parseRequestLine(
        _ bytes: Span<UInt8>, _ line: Range<Int>
    ) throws(RequestFault) -> RequestLine {
        var spaces: (first: Int, second: Int)?
        var first: Int?
        for index in line where bytes[index] == 0x20 {
            guard let earlier = first else {
                first = index
                continue
            }
            guard spaces == nil else { throw .malformedRequestLine }
            spaces = (earlier, index)
        }
        guard let spaces, line.lowerBound < spaces.first, spaces.first + 1 < spaces.second,
            spaces.second + 1 < line.upperBound
        else { throw .malformedRequestLine }
        return RequestLine(
            method: line.lowerBound..<spaces.first, target: (spaces.first + 1)..<spaces.second,
            version: (spaces.second + 1)..<line.upperBound)
    }

    /// RFC 9112 §5: `field-name ":" OWS field-value OWS`. Control bytes were refused while scanning.
    static func parseField(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(RequestFault) -> HTTPFields.Line {
        var colon = line.lowerBound
        // RFC 9112 §5.2: a line that continues the previous one is refused.
        guard !OptionalWhiteSpace.contains(bytes[colon]) else { throw .foldedField }
        while colon < line.upperBound, ASCII.isTokenByte(bytes[colon]) { colon += 1 }
        // RFC 9112 §5.1: no white space between the name and the colon.
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == 0x3A else { throw .malformedFieldName }
        let value = OptionalWhiteSpace.trimmed(colon + 1..<line.upperBound, of: bytes)
        return HTTPFields.Line(name: line.lowerBound..<colon, value: value)
    }
}
