/// An absolute `http` or `https` URL (RFC 3986), kept byte for byte as the operator or a document spelled it.
///
/// **Checks** the grammar of RFC 3986 for every part, ASCII only. Stricter than the RFC: no userinfo, no
/// percent-encoding in the host, host labels of letters, digits, `-` and `_` only, no trailing dot, a host whose last
/// label is numeric must be a canonical dotted quad, no IPv6 zone and no future IP version, no empty port and none with
/// leading zeros. Refused, never repaired. Compared as bytes.
/// **Does not check** where the host leads: see the address policy of the fetcher.
public struct AbsoluteURL: Sendable, Hashable, CustomStringConvertible {
    /// The scheme.
    public enum Scheme: String, Sendable, Hashable {
        /// `http`
        case http
        /// `https`
        case https
    }
    /// What kind of host it is.
    public enum HostKind: Sendable, Hashable {
        /// A registered name.
        case name
        /// A canonical dotted quad.
        case ipv4
        /// An IPv6 address in brackets.
        case ipv6
    }
    /// Why a text is not acceptable.
    public enum ParseError: String, Error, Sendable, Hashable, CaseIterable {
        /// There is no text.
        case empty
        /// More than 2,048 bytes.
        case tooLong = "too_long"
        /// A byte that no URL holds: not ASCII, a control, a space, a quote, a backslash…
        case invalidByte = "invalid_byte"
        /// Relative, or another scheme than `http` and `https`.
        case unsupportedScheme = "unsupported_scheme"
        /// No `//`, or nothing behind it.
        case missingHost = "missing_host"
        /// There is a user name, a password, or an `@` for them.
        case userinfo
        /// A host that is no acceptable name or address.
        case invalidHost = "invalid_host"
        /// A port that is not 1…65535 in plain digits.
        case invalidPort = "invalid_port"
        /// A path outside RFC 3986 §3.3.
        case invalidPath = "invalid_path"
        /// A query outside RFC 3986 §3.4.
        case invalidQuery = "invalid_query"
        /// A fragment outside RFC 3986 §3.5.
        case invalidFragment = "invalid_fragment"

        /// A stable, bounded code for events and metrics.
        public var code: String { rawValue }
    }

    /// The URL as spelled.
    public let text: String
    /// The scheme (written in any case).
    public let scheme: Scheme
    /// The host as spelled; an IPv6 address without its brackets.
    public let host: String
    /// The kind of host.
    public let hostKind: HostKind
    /// The port as spelled, 1…65535; nil when there is none.
    public let port: UInt16?
    /// The path as spelled: empty, or beginning with `/`.
    public let path: String
    /// The query without `?`; nil when there is none.
    public let query: String?
    /// The fragment without `#`; nil when there is none.
    public let fragment: String?
    /// `scheme://host[:port]` as spelled, without a path.
    public let origin: String

    /// Parses a text of at most 2,048 bytes.
    ///
    /// - Throws: ``ParseError``: size first, then bytes that stand in no URL, then the parts from left to right.
    /// - SeeAlso: [RFC 3986 §3](https://www.rfc-editor.org/rfc/rfc3986#section-3)
    public init(parsing text: String) throws(ParseError) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= 2048 else { throw .tooLong }
        guard bytes.allSatisfy(URLGrammar.isURLByte) else { throw .invalidByte }

        let (scheme, authorityStart) = try Self.parseScheme(bytes)
        let rest = bytes[authorityStart...]
        let pathStart =
            rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
            ?? bytes.endIndex
        let authority = try Authority(bytes[authorityStart..<pathStart])

        let fragmentMark = bytes[pathStart...].firstIndex(of: UInt8(ascii: "#"))
        let endOfQuery = fragmentMark ?? bytes.endIndex
        let queryMark = bytes[pathStart..<endOfQuery].firstIndex(of: UInt8(ascii: "?"))
        let pathBytes = bytes[pathStart..<(queryMark ?? endOfQuery)]
        let queryBytes = queryMark.map { bytes[($0 + 1)..<endOfQuery] }
        let fragmentBytes = fragmentMark.map { bytes[($0 + 1)...] }
        guard URLGrammar.isPath(pathBytes) else { throw .invalidPath }
        guard queryBytes.map(URLGrammar.isQueryOrFragment) ?? true else { throw .invalidQuery }
        guard fragmentBytes.map(URLGrammar.isQueryOrFragment) ?? true else { throw .invalidFragment }

        self.text = text
        self.scheme = scheme
        host = String(decoding: authority.host, as: UTF8.self)
        hostKind = authority.kind
        port = authority.port
        path = String(decoding: pathBytes, as: UTF8.self)
        query = queryBytes.map { String(decoding: $0, as: UTF8.self) }
        fragment = fragmentBytes.map { String(decoding: $0, as: UTF8.self) }
        origin = String(decoding: bytes[..<pathStart], as: UTF8.self)
    }

    /// The port as spelled or the scheme's own.
    public var effectivePort: UInt16 { port ?? (scheme == .https ? 443 : 80) }

    /// Whether the host is `localhost`, 127.0.0.0/8 or `::1`.
    ///
    /// An IPv4 address mapped into IPv6 is not.
    public var isLoopback: Bool {
        switch hostKind {
        case .name: ASCII.equalsIgnoringCase(host.utf8, "localhost".utf8)
        case .ipv4: IPLiteral.parseIPv4(Array(host.utf8)[...])?.first == 127
        case .ipv6: IPLiteral.parseIPv6(Array(host.utf8)[...]) == [UInt8](repeating: 0, count: 15) + [1]
        }
    }

    /// The bytes of an address in network order: 4 or 16; nil for a name.
    package var addressBytes: [UInt8]? {
        switch hostKind {
        case .name: nil
        case .ipv4: IPLiteral.parseIPv4(Array(host.utf8)[...])
        case .ipv6: IPLiteral.parseIPv6(Array(host.utf8)[...])
        }
    }

    /// Whether a path segment is `.` or `..`, plain or percent-encoded.
    public var hasDotSegments: Bool {
        Array(path.utf8).split(separator: UInt8(ascii: "/")).contains(where: URLGrammar.isDotSegment)
    }

    /// The URL as spelled.
    public var description: String { text }
    /// Equal when spelled alike, byte for byte.
    public static func == (left: AbsoluteURL, right: AbsoluteURL) -> Bool { left.text.hasSameBytes(as: right.text) }
    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(Array(text.utf8)) }

    /// The scheme, and where the authority begins.
    private static func parseScheme(_ bytes: [UInt8]) throws(ParseError) -> (Scheme, Int) {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { throw .unsupportedScheme }
        let scheme: Scheme
        // RFC 3986 §3.1: schemes are case-insensitive.
        if ASCII.equalsIgnoringCase(bytes[..<colon], "https".utf8) {
            scheme = .https
        } else if ASCII.equalsIgnoringCase(bytes[..<colon], "http".utf8) {
            scheme = .http
        } else {
            throw .unsupportedScheme
        }
        guard bytes[(colon + 1)...].starts(with: "//".utf8) else { throw .missingHost }
        return (scheme, colon + 3)
    }

    /// Host and port (RFC 3986 §3.2).
    private struct Authority {
        let host: ArraySlice<UInt8>
        let kind: HostKind
        let port: UInt16?

        init(_ bytes: ArraySlice<UInt8>) throws(ParseError) {
            // RFC 9110 §4.2.4: userinfo makes one host look like another; refused whether or not it is empty.
            guard !bytes.contains(UInt8(ascii: "@")) else { throw .userinfo }
            guard let first = bytes.first else { throw .missingHost }
            let rest: ArraySlice<UInt8>
            if first == UInt8(ascii: "[") {
                guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { throw .invalidHost }
                host = bytes[(bytes.startIndex + 1)..<end]
                guard IPLiteral.parseIPv6(host) != nil else { throw .invalidHost }
                kind = .ipv6
                rest = bytes[(end + 1)...]
                guard rest.first ?? UInt8(ascii: ":") == UInt8(ascii: ":") else { throw .invalidHost }
            } else {
                let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
                rest = bytes[colon...]
                // Two colons: an IPv6 address without its brackets, or worse.
                guard !rest.dropFirst().contains(UInt8(ascii: ":")) else { throw .invalidHost }
                host = bytes[..<colon]
                guard !host.isEmpty else { throw .missingHost }
                kind = try Self.kind(of: host)
            }
            port = rest.isEmpty ? nil : try Self.port(rest.dropFirst())
        }

        private static func kind(of host: ArraySlice<UInt8>) throws(ParseError) -> HostKind {
            let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            // RFC 1035 §2.3.4: 253 bytes of text are 255 on the wire.
            guard host.count <= 253, let last = labels.last else { throw .invalidHost }
            // Octal, hexadecimal, short and over-long spellings of an address are refused, for resolvers
            // disagree about what they mean.
            if IPLiteral.looksNumeric(last) {
                guard IPLiteral.parseIPv4(host) != nil else { throw .invalidHost }
                return .ipv4
            }
            guard labels.allSatisfy(URLGrammar.isHostLabel) else { throw .invalidHost }
            return .name
        }

        private static func port(_ digits: ArraySlice<UInt8>) throws(ParseError) -> UInt16 {
            guard let first = digits.first, first != UInt8(ascii: "0"), digits.count <= 5,
                let value = ASCII.parseDecimal(digits), let port = UInt16(exactly: value)
            else { throw .invalidPort }
            return port
        }
    }
}
