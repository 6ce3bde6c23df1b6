import WireFormat

/// A request target (RFC 9112 §3.2), kept as sent and never percent-decoded.
///
/// The path that the guard sees is the path that the handler sees: nothing is decoded, merged or normalised, so `//`,
/// `..` and `%2f` never equal another path by accident.
public struct HTTPRequestTarget: Sendable, Hashable, CustomStringConvertible {
    /// The target as sent.
    public let text: String
    /// The path, undecoded; `*` for the asterisk form, `/` for an absolute form without a path.
    public let path: String
    /// The query without its `?`, undecoded; nil when there is no `?`.
    public let query: String?

    /// Parses an origin, absolute (`http`, `https`) or asterisk form; nil for anything else, a fragment and any byte
    /// outside RFC 3986 §3.3 and §3.4 included.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let first = bytes.first else { return nil }
        var pathStart = 0
        if bytes.count == 1, first == UInt8(ascii: "*") {
            self.text = text
            path = text
            query = nil
            return
        }
        if first != UInt8(ascii: "/") {
            guard let start = Self.endOfAuthority(bytes) else { return nil }
            pathStart = start
        }
        guard Self.isPathAndQuery(bytes[pathStart...]) else { return nil }
        self.text = text
        let queryMark = bytes[pathStart...].firstIndex(of: UInt8(ascii: "?"))
        let path = String(decoding: bytes[pathStart..<(queryMark ?? bytes.endIndex)], as: UTF8.self)
        self.path = path.isEmpty ? "/" : path
        query = queryMark.map { String(decoding: bytes[($0 + 1)...], as: UTF8.self) }
    }

    /// The target as sent.
    public var description: String { text }

    /// The index after `http://authority`, or nil when the text does not begin with a valid one.
    private static func endOfAuthority(_ bytes: [UInt8]) -> Int? {
        for scheme in ["http://", "https://"] {
            let length = scheme.utf8.count
            guard bytes.count > length, ASCII.equalsIgnoringCase(bytes[..<length], scheme.utf8) else { continue }
            let rest = bytes[length...]
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? bytes.endIndex
            let origin = String(decoding: bytes[..<end], as: UTF8.self)
            return (try? AbsoluteURL(parsing: origin)) == nil ? nil : end
        }
        return nil
    }

    private static func isPathAndQuery(_ bytes: ArraySlice<UInt8>) -> Bool {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex, ASCII.hexValue(bytes[index + 1]) != nil,
                    ASCII.hexValue(bytes[index + 2]) != nil
                else { return false }
                index += 3
                continue
            }
            guard isPathOrQueryByte(byte) else { return false }
            index += 1
        }
        return true
    }

    /// RFC 3986 §3.3 `pchar` without `%`, and `/`, `?`.
    private static func isPathOrQueryByte(_ byte: UInt8) -> Bool {
        if ASCII.isDigit(byte) || ASCII.isLetter(byte) { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),  // unreserved
            UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "="),  // sub-delims
            UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "/"), UInt8(ascii: "?"):
            return true
        default:
            return false
        }
    }
}
