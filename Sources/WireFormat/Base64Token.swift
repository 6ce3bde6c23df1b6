internal import CWireFormat

/// The `b64token` of RFC 6750 §2.1, the form of a token in an `Authorization` field.
package enum Base64Token {
    /// Whether the bytes are one: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=".
    package static func matches(_ text: Span<UInt8>) -> Bool {
        var end = text.count
        while end > 0, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
        guard end > 0 else { return false }
        let front = unsafe text.withUnsafeBufferPointer { bytes in
            // In bounds: `end` is at most the count. An empty text has no first byte, and no front.
            unsafe bytes.baseAddress.map { unsafe cwireformat_token_front($0, end) } ?? 0
        }
        for index in front..<end where !isCharacter(text[index]) { return false }
        return true
    }

    private static func isCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
