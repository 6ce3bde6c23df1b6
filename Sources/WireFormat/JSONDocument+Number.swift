extension JSONDocument {
    /// A JSON number, kept as written (RFC 8259 §6). Two numbers are equal when they are written alike: `1` and `1.0`
    /// differ.
    public struct Number: Sendable, Hashable {
        /// The digits as written.
        public let text: String

        package init(validated text: String) { self.text = text }

        /// An integer.
        public init(_ value: Int64) { text = String(value) }

        /// An integer. Without this initialiser a literal where an optional is expected would become a Double and print
        /// as `1.0`.
        public init(_ value: Int) { text = String(value) }

        /// A finite number; nil for NaN and infinities, which JSON cannot express.
        public init?(_ value: Double) {
            guard value.isFinite else { return nil }
            text = "\(value)"
        }

        /// The nearest Double. It is always finite, because the parser refuses a number beyond its range.
        public var double: Double {
            // `Double` reads every number of the grammar of RFC 8259, so the last default is never taken.
            JSONDecimal(text).exactDouble ?? Double(text) ?? 0
        }

        /// The exact integer; nil for a number that is not an integer, and for an integer outside Int64.
        ///
        /// `1e3`, `1.0` and `-0` are integers.
        public var int64: Int64? { JSONDecimal(text).int64 }
    }
}

/// The decimal value of a number's text: ± significand × 10^exponent.
struct JSONDecimal {
    private var isNegative = false
    /// The first 19 digits, from the first that is not zero on.
    private var significand: UInt64 = 0
    private var digitCount = 0
    private var exponent = 0
    /// Whether a digit after those 19 is not zero.
    private var isTruncated = false

    init(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes.span, bytes.indices)
    }

    /// Reads a text that follows the grammar of RFC 8259 §6. Linear; exponents saturate.
    init(_ text: Span<UInt8>, _ range: Range<Int>) {
        var isFraction = false
        var index = range.lowerBound
        digits: while index < range.upperBound {
            let byte = text[index]
            index += 1
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"): break digits
            default: add(byte &- 0x30, isFraction)
            }
        }
        guard index < range.upperBound else { return }
        let sign = text[index]
        var written = 0
        while index < range.upperBound {
            // The bound is far above the size of any text.
            if ASCII.isDigit(text[index]), written < 1 << 48 { written = written * 10 + Int(text[index] - 0x30) }
            index += 1
        }
        exponent += sign == UInt8(ascii: "-") ? -written : written
    }

    @inline(__always)
    private mutating func add(_ digit: UInt8, _ isFraction: Bool) {
        if digitCount < 19 {
            significand = significand &* 10 &+ UInt64(digit)
            if significand != 0 { digitCount += 1 }
            if isFraction { exponent -= 1 }
        } else {
            if digit != 0 { isTruncated = true }
            if !isFraction { exponent += 1 }
        }
    }

    /// The value of a number that is 1 to 15 digits and nothing else; nil for any other number. A Double holds the
    /// value exactly, so it is ``exactDouble``, which takes several times as long. Most numbers in tokens are times.
    static func plainInteger(_ text: Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard range.count <= 15 else { return nil }
        var value = 0
        for index in range {
            let digit = text.byte(at: index) &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ Int(digit)
        }
        return value
    }

    /// The exact integer; nil when the value is not an integer or outside Int64.
    var int64: Int64? {
        guard significand != 0 else { return 0 }
        // A digit after the 19th that is not zero: the value is a fraction, or an integer of 20 digits.
        guard !isTruncated else { return nil }
        var magnitude = significand
        var exponent = exponent
        while exponent < 0 {
            guard magnitude % 10 == 0 else { return nil }
            magnitude /= 10
            exponent += 1
        }
        while exponent > 0 {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            magnitude = product
            exponent -= 1
        }
        guard isNegative else { return Int64(exactly: magnitude) }
        return magnitude == 1 << 63 ? Int64.min : Int64(exactly: magnitude).map { -$0 }
    }

    /// The nearest Double when one correctly rounded operation gives it; nil when it takes more, and `Double` must read
    /// the text.
    var exactDouble: Double? {
        guard significand != 0 else { return isNegative ? -0.0 : 0 }
        guard !isTruncated else { return nil }
        let magnitude: Double
        if exponent == 0 {
            magnitude = Double(significand)
        } else if significand <= 1 << 53, abs(exponent) <= 22 {
            // Both operands are exact, so the result is rounded once, correctly.
            let power = Self.powersOfTen[abs(exponent)]
            magnitude = exponent < 0 ? Double(significand) / power : Double(significand) * power
        } else {
            return nil
        }
        return isNegative ? -magnitude : magnitude
    }

    /// Whether the value is within the range of a finite Double; nil when its magnitude alone does not decide that.
    private var isFinite: Bool? {
        guard significand != 0 else { return true }
        // The greatest finite Double is 1.797…e308.
        let magnitude = digitCount - 1 + exponent
        return magnitude == 308 ? nil : magnitude < 308
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    // MARK: Grammar

    /// The index after the number that begins at `start`, checked against RFC 8259 §6 and the range of Double.
    static func scan(_ text: Span<UInt8>, at start: Int) throws(JSONDocument.ParseError) -> Int {
        var index = start
        if text[index] == UInt8(ascii: "-") { index += 1 }
        let firstDigit = index
        try skipDigits(text, &index)
        // RFC 8259 §6: no leading zeros.
        if text[firstDigit] == UInt8(ascii: "0"), index > firstDigit + 1 {
            throw JSONDocument.ParseError(reason: .invalidNumber, offset: firstDigit + 1)
        }
        guard index < text.count, isNumberByte(text[index]) else {
            // An integer of up to 308 digits is finite.
            if index - firstDigit > 308 { try refuseUnlessFinite(text, start..<index) }
            return index
        }
        return try scanFractionAndExponent(text, start, index)
    }

    private static func scanFractionAndExponent(
        _ text: Span<UInt8>, _ start: Int, _ endOfInteger: Int
    ) throws(JSONDocument.ParseError) -> Int {
        var index = endOfInteger
        if text[index] == UInt8(ascii: ".") {
            index += 1
            try skipDigits(text, &index)
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") { index += 1 }
            try skipDigits(text, &index)
        }
        guard index == text.count || !isNumberByte(text[index]) else {
            throw JSONDocument.ParseError(reason: .invalidNumber, offset: index)
        }
        try refuseUnlessFinite(text, start..<index)
        return index
    }

    /// `1*DIGIT`
    @inline(__always)
    private static func skipDigits(_ text: Span<UInt8>, _ index: inout Int) throws(JSONDocument.ParseError) {
        let start = index
        while ASCII.isDigit(text.byte(at: index)) { index &+= 1 }
        guard index > start else {
            throw JSONDocument.ParseError(reason: index < text.count ? .invalidNumber : .unexpectedEnd, offset: index)
        }
    }

    @inline(__always)
    private static func isNumberByte(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
            || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
    }

    /// A number that Double could hold only as infinity is refused, not rounded.
    private static func refuseUnlessFinite(_ text: Span<UInt8>, _ range: Range<Int>) throws(JSONDocument.ParseError) {
        if let isFinite = JSONDecimal(text, range).isFinite {
            if isFinite { return }
        } else {
            var digits: [UInt8] = []
            for index in range { digits.append(text[index]) }
            if let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite { return }
        }
        throw JSONDocument.ParseError(reason: .numberOutOfRange, offset: range.lowerBound)
    }
}
