import WireFormat

/// A request target (RFC 9112 §3.2), kept as sent and never percent-decoded.
///
/// The path that the guard sees is the path that the handler sees: nothing is decoded, merged or normalised, so `//`,
/// `..` and `%2f` never equal another path by accident.
public struct HTTPRequestTarget: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The target as sent.
    public let text: String
    /// The path, undecoded; `*` for the asterisk form, `/` for an absolute form without a path.
    public let path: String
    /// The query without its `?`, undecoded; nil when there is no `?`.
    public let query: String?

    /// Parses an origin, absolute (`http`, `https`) or asterisk form; nil for anything else, a fragment and any byte
    /// outside RFC 3986 §3.3 and §3.4 included.
    public init?(_ text: String) {
        self.init(bytes: Array(text.utf8)[...])
    }

    /// The same for the bytes of a request line, copied once and no more.
    package init?(bytes: ArraySlice<UInt8>) {
        guard let first = bytes.first else { return nil }
        if bytes.count == 1, first == UInt8(ascii: "*") {
            text = "*"
            path = text
            query = nil
            return
        }
        var pathStart = bytes.startIndex
        if first != UInt8(ascii: "/") {
            guard let start = Self.endOfAuthority(bytes) else { return nil }
            pathStart = start
        }
        let queryMark = bytes[pathStart...].firstIndex(of: UInt8(ascii: "?"))
        let path = bytes[pathStart..<(queryMark ?? bytes.endIndex)]
        let query = queryMark.map { bytes[($0 + 1)...] }
        guard URLGrammar.isPath(path), query.map(URLGrammar.isQueryOrFragment) ?? true else { return nil }
        text = String(decoding: bytes, as: UTF8.self)
        self.path =
            path.isEmpty ? "/" : path.count == bytes.count ? text : String(decoding: path, as: UTF8.self)
        self.query = query.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The path without the query, in which a caller may have put a token. ``text`` has both.
    public var description: String { path }
    /// The path without the query.
    public var debugDescription: String { description }
    /// Shows the path without the query.
    public var customMirror: Mirror { Mirror(self, children: ["path": path]) }

    /// The index after `http://authority`, or nil when the text does not begin with a valid one.
    private static func endOfAuthority(_ bytes: ArraySlice<UInt8>) -> Int? {
        for scheme in ["http://", "https://"] {
            let length = scheme.utf8.count
            guard bytes.count > length, ASCII.equalsIgnoringCase(bytes.prefix(length), scheme.utf8) else { continue }
            let rest = bytes.dropFirst(length)
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? bytes.endIndex
            let origin = String(decoding: bytes[..<end], as: UTF8.self)
            // RFC 9112 §3.2.2: an absolute form has no fragment, here one that follows the authority at once.
            guard let url = try? AbsoluteURL(parsing: origin), url.fragment == nil else { return nil }
            return end
        }
        return nil
    }
}
