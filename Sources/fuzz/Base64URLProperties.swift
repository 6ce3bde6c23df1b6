import WireFormat

/// RFC 4648 §5 with exactly one spelling for each byte string.
enum Base64URLProperties {
    static func check(_ input: [UInt8]) throws(Violation) {
        try checkText(input)
        try checkBytes(input)
    }

    /// Checks the input as text.
    private static func checkText(_ text: [UInt8]) throws(Violation) {
        let decoded = Base64URL.decode(text.span)
        try require(decoded == reference(text), "decode answers as an implementation bit by bit does")

        let count = Base64URL.decodedCount(of: text.count)
        try require(decoded == nil || decoded?.count == count, "decodedCount is the number of decoded bytes")
        // Three bytes more than needed. Decoding must not change the bytes after the result.
        var buffer = [UInt8](repeating: 0xA5, count: (count ?? 0) + 3)
        var target = buffer.mutableSpan
        let written = Base64URL.decode(text.span, into: &target)
        try require(written == decoded?.count, "decode(_:into:) accepts what decode accepts")
        if let decoded {
            try require(Array(buffer.prefix(decoded.count)) == decoded, "decode(_:into:) gives the same bytes")
            try require(buffer.suffix(3) == [0xA5, 0xA5, 0xA5], "decode(_:into:) writes nothing behind its result")
            try require(Base64URL.encode(decoded).utf8.elementsEqual(text), "a text that decodes is its own encoding")
        }
        if let count, count > 0 {
            var small = [UInt8](repeating: 0, count: count - 1)
            var target = small.mutableSpan
            let written = Base64URL.decode(text.span, into: &target)
            try require(written == nil, "decode(_:into:) refuses a buffer that is too small")
        }
    }

    /// Checks the input as bytes.
    private static func checkBytes(_ bytes: [UInt8]) throws(Violation) {
        let text = Base64URL.encode(bytes)
        try require(Base64URL.decode(text) == bytes, "what was encoded decodes to the same bytes")
        let encoded = Base64URL.encodedBytes(bytes.span)
        try require(encoded == Array(text.utf8), "both encoders write the same text")
    }

    /// Decodes bit by bit, as RFC 4648 §4 and §3.5 describe it.
    private static func reference(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for character in text {
            let value: UInt8
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
            case UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "_"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(bits >> UInt32(bitCount) & 0xFF))
            }
            bits &= (1 << UInt32(bitCount)) - 1
        }
        return bitCount < 6 && bits == 0 ? bytes : nil
    }
}
