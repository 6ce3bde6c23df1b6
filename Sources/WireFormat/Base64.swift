/// Base64 with padding (RFC 4648 §4), as in PEM, `Authorization: Basic` and MCP header fields.
///
/// Every byte string has exactly one spelling here. ``Base64URL`` does the decoding.
package enum Base64 {
    /// The one spelling of these bytes.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text = Base64URL.encodedBytes(bytes.span)
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "-"): text[index] = UInt8(ascii: "+")
            case UInt8(ascii: "_"): text[index] = UInt8(ascii: "/")
            default: break
            }
        }
        while !text.count.isMultiple(of: 4) { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text, or nil when it is not their one spelling: strict alphabet, whole padding, no white space,
    /// unused bits zero.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        // RFC 4648 §3.2: padding is part of the text here, so every text consists of whole groups.
        guard text.count.isMultiple(of: 4) else { return nil }
        var count = text.count
        // RFC 4648 §4: at most two. A third one stays in the text, where it is outside the alphabet.
        for _ in 0..<2 where count > 0 && text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        var translated: [UInt8] = []
        translated.reserveCapacity(count)
        for index in 0..<count {
            switch text[index] {
            case UInt8(ascii: "+"): translated.append(UInt8(ascii: "-"))
            case UInt8(ascii: "/"): translated.append(UInt8(ascii: "_"))
            // RFC 4648 §3.3: the letters of the other alphabet are outside this one.
            case UInt8(ascii: "-"), UInt8(ascii: "_"): return nil
            case let byte: translated.append(byte)
            }
        }
        return Base64URL.decode(translated.span)
    }

    /// The bytes of a text, or nil when it is not their one spelling.
    package static func decode(_ text: String) -> [UInt8]? {
        decode(Array(text.utf8).span)
    }
}
