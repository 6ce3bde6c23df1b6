/// Percent-encoding (RFC 3986 §2.1), and its use in `application/x-www-form-urlencoded` texts (RFC 6749 appendix B).
package enum PercentEncoding {
    /// The meaning of `+`.
    package enum Plus: Sendable, Hashable {
        /// A plus sign, as in a URL.
        case plus
        /// A space, as in a form and in a query that a form has made.
        case space
    }

    /// The bytes that a text encodes; nil for a text that no encoder writes: with a `%` without two hexadecimal digits,
    /// a space, a control byte, or a byte outside ASCII.
    package static func decode(_ text: some Collection<UInt8>, plus: Plus) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            text.formIndex(after: &index)
            switch byte {
            case UInt8(ascii: "%"):
                guard let octet = octet(in: text, at: index) else { return nil }
                decoded.append(octet.byte)
                index = octet.end
            case UInt8(ascii: "+") where plus == .space: decoded.append(0x20)
            case 0x21...0x7E: decoded.append(byte)
            default: return nil
            }
        }
        return decoded
    }

    /// The byte of the two hexadecimal digits after a `%`, and the index after them; nil when there are not two digits.
    package static func octet<Text: Collection<UInt8>>(
        in text: Text, at index: Text.Index
    ) -> (byte: UInt8, end: Text.Index)? {
        guard index < text.endIndex, let high = ASCII.hexValue(text[index]) else { return nil }
        let second = text.index(after: index)
        guard second < text.endIndex, let low = ASCII.hexValue(text[second]) else { return nil }
        return (high << 4 | low, text.index(after: second))
    }

    /// Encodes every byte except those that RFC 3986 §2.3 calls unreserved, which parsers of forms and of URLs read
    /// alike.
    package static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), hexDigit(byte >> 4), hexDigit(byte & 0x0F)]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// RFC 3986 §2.3: letters, digits, `-`, `.`, `_` and `~`.
    package static func isUnreserved(_ byte: UInt8) -> Bool {
        if ASCII.isDigit(byte) || ASCII.isLetter(byte) { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): return true
        default: return false
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 &+ value : 0x41 &+ (value &- 10)
    }
}
