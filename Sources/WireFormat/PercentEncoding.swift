/// Percent-encoding (RFC 3986 §2.1), and its use in `application/x-www-form-urlencoded` texts (RFC 6749 appendix B).
package enum PercentEncoding {
    /// What `+` stands for.
    package enum Plus: Sendable, Hashable {
        /// For itself: a URL.
        case plus
        /// For a space: a form, and a query that a form made.
        case space
    }

    /// The bytes that a text stands for; nil for what no encoder writes: a `%` without two hexadecimal digits, a space, a
    /// control byte, or anything outside ASCII.
    package static func decode(_ text: some Collection<UInt8>, plus: Plus) -> [UInt8]? {
        decode(text, plus: plus) { $0 != UInt8(ascii: "%") && (0x21...0x7E).contains($0) }
    }

    /// The bytes that the most forgiving reader takes a text for: whatever encodes nothing stands for itself.
    ///
    /// For finding what somebody else might find in it, never for using it.
    package static func decodeForgivingly(_ text: some Collection<UInt8>, plus: Plus) -> [UInt8] {
        // Everything is admitted, so this is never nil.
        decode(text, plus: plus) { _ in true } ?? []
    }

    /// Encodes every byte but the RFC 3986 §2.3 unreserved ones, which form and URL parsers read alike.
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

    private static func decode(
        _ text: some Collection<UInt8>, plus: Plus, admits: (UInt8) -> Bool
    ) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = hexPair(rest) {
                decoded.append(value)
                rest = rest.dropFirst(2)
            } else if byte == UInt8(ascii: "+"), plus == .space {
                decoded.append(0x20)
            } else {
                guard admits(byte) else { return nil }
                decoded.append(byte)
            }
        }
        return decoded
    }

    /// The value of the two hexadecimal digits at the front, or nil when they are not there.
    private static func hexPair(_ text: some Collection<UInt8>) -> UInt8? {
        var digits = text.prefix(2).makeIterator()
        guard let high = digits.next().flatMap({ ASCII.hexValue($0) }),
            let low = digits.next().flatMap({ ASCII.hexValue($0) })
        else { return nil }
        return high << 4 | low
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 &+ value : 0x41 &+ (value &- 10)
    }
}
