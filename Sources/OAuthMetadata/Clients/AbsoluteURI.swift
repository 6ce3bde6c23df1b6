internal import WireFormat

/// The syntax of an absolute URI of any scheme (RFC 3986 §4.3), which has no fragment.
package enum AbsoluteURI {
    /// The largest length in bytes.
    package static let maximumBytes = 2_048

    /// Whether the text is an absolute URI: ASCII, whole escapes, no fragment, at most ``maximumBytes``.
    package static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= maximumBytes, let scheme = scheme(of: text) else { return false }
        let rest = Array(text.utf8.dropFirst(scheme.utf8.count + 1))
        guard !rest.isEmpty else { return false }
        for (index, byte) in rest.enumerated() {
            if byte == UInt8(ascii: "%") {
                guard index + 2 < rest.count, ASCII.hexValue(rest[index + 1]) != nil,
                    ASCII.hexValue(rest[index + 2]) != nil
                else { return false }
            } else if !isAllowed(byte) {
                return false
            }
        }
        return true
    }

    /// The scheme with A–Z in lower case; nil if the text does not begin with a scheme.
    package static func scheme(of text: String) -> String? {
        let bytes = text.utf8
        guard let first = bytes.first, ASCII.isLetter(first), let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        let scheme = bytes[..<colon]
        // RFC 3986 §3.1: a letter, then letters, digits, "+", "-" and ".".
        let isScheme = scheme.allSatisfy { byte in
            ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ".")
        }
        return isScheme ? String(decoding: scheme.map { ASCII.lowercased($0) }, as: UTF8.self) : nil
    }

    /// Whether the byte is reserved or unreserved (RFC 3986 §2.2 and §2.3), and not `#`.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        if PercentEncoding.isUnreserved(byte) { return true }
        return "!$&'()*+,;=:@/?[]".utf8.contains(byte)
    }
}
