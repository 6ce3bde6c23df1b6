import WireFormat

extension HTTPRequest {
    /// A request target (RFC 9112 §3.2), kept as sent and never percent-decoded.
    ///
    /// The guard and the handler see the same path. It is not decoded, merged or normalised, so `//`, `..` and `%2f`
    /// never equal another path by accident.
    public struct Target: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible,
        CustomDebugStringConvertible, CustomReflectable
    {
        /// The target as sent.
        public let text: String
        /// The path, undecoded; `*` for the asterisk form, `/` for an absolute form without a path.
        public let path: String
        /// The undecoded query, without the `?`. It is nil if the target has no `?`, and empty if nothing follows the
        /// `?`.
        public let query: String?

        /// Parses the origin form, the absolute form (`http`, `https`) or the asterisk form; nil for any other text,
        /// for a fragment, and for a byte that RFC 3986 §3.3 and §3.4 do not admit.
        public init?(_ text: String) {
            self.init(bytes: Array(text.utf8)[...])
        }

        /// A target written in the program. A literal that is not a request target is a programmer's mistake and stops
        /// the program.
        public init(stringLiteral text: StaticString) {
            guard let target = HTTPRequest.Target(text.description) else {
                preconditionFailure("A request target literal must be a path, an http URL or an asterisk.")
            }
            self = target
        }

        private init(known path: String) {
            text = path
            self.path = path
            query = nil
        }

        /// `/`
        package static let root = Target(known: "/")

        /// The same for the bytes of a request line, which are copied once.
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
                guard let authority = Self.authority(bytes), authority.host != nil else { return nil }
                pathStart = authority.bytes.endIndex
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

        /// The path without the query, because a client may have put a token into the query. ``text`` has both.
        public var description: String { path }
        /// The path without the query.
        public var debugDescription: String { description }
        /// Shows the path without the query.
        public var customMirror: Mirror { Mirror(self, children: ["path": path]) }

        /// The authority of the absolute form (RFC 9112 §3.2.2), whose host is not nil; nil in the other forms.
        package var authority: HTTPAuthority? {
            guard let first = text.utf8.first, first != UInt8(ascii: "/"), first != UInt8(ascii: "*") else {
                return nil
            }
            return Self.authority(Array(text.utf8)[...])
        }

        /// What stands between `http://` or `https://` and the path; nil when that is missing or not valid.
        private static func authority(_ bytes: ArraySlice<UInt8>) -> HTTPAuthority? {
            for scheme in ["http://", "https://"] {
                let length = scheme.utf8.count
                guard ASCII.equalsIgnoringCase(bytes.prefix(length), scheme.utf8) else { continue }
                let rest = bytes.dropFirst(length)
                return HTTPAuthority(bytes: rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") })
            }
            return nil
        }
    }
}
