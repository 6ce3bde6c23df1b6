/// An absolute `http` or `https` URL (RFC 3986), kept byte for byte as it was spelled.
///
/// **Checks** the grammar of RFC 3986 for every part, in ASCII only. It is stricter than the RFC: no userinfo, no
/// percent-encoding in the host, host labels of letters, digits, `-` and `_` only, no trailing dot, a canonical dotted
/// quad when the last label of the host is numeric, no IPv6 zone, no future IP version, no empty port and no leading
/// zeros in a port. A URL that breaks a rule is refused and never repaired. URLs are compared as bytes.
/// **Does not check** to which address the host leads: the address policy of the fetcher does.
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
        /// A byte that no URL holds, such as a control, a space, a quote, a backslash, or a byte outside ASCII.
        case invalidByte = "invalid_byte"
        /// The reference is relative, or has another scheme than `http` and `https`.
        case unsupportedScheme = "unsupported_scheme"
        /// There is no `//`, or no host after it.
        case missingHost = "missing_host"
        /// The authority holds an `@`: a user name or a password, perhaps empty.
        case userinfo
        /// The host is neither an acceptable name nor an acceptable address.
        case invalidHost = "invalid_host"
        /// The port is not 1…65535 in digits without leading zeros.
        case invalidPort = "invalid_port"
        /// The path does not follow RFC 3986 §3.3.
        case invalidPath = "invalid_path"
        /// The query does not follow RFC 3986 §3.4.
        case invalidQuery = "invalid_query"
        /// The fragment does not follow RFC 3986 §3.5.
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
    /// - Throws: ``ParseError`` for the first fault: the size, then bytes that no URL holds, then the parts from left
    ///   to right.
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

    /// The port as spelled, or the default port of the scheme.
    public var effectivePort: UInt16 { port ?? (scheme == .https ? 443 : 80) }

    /// Whether the host is `localhost`, 127.0.0.0/8 or `::1`.
    ///
    /// False for an IPv4 address mapped into IPv6.
    public var isLoopback: Bool {
        guard let address = addressBytes else { return ASCII.equalsIgnoringCase(host.utf8, "localhost".utf8) }
        return IPLiteral.isLoopback(address)
    }

    /// The 4 or 16 bytes of an address in network order; nil for a name.
    package var addressBytes: [UInt8]? {
        switch hostKind {
        case .name: nil
        case .ipv4: IPLiteral.parseIPv4(Array(host.utf8)[...])
        case .ipv6: IPLiteral.parseIPv6(Array(host.utf8)[...])
        }
    }

    /// Whether a path segment is `.` or `..`, plain or percent-encoded.
    package var hasDotSegments: Bool {
        Array(path.utf8).split(separator: UInt8(ascii: "/")).contains { URLGrammar.dots(of: $0) != nil }
    }

    /// The URL as spelled.
    public var description: String { text }
    /// Equal when both are spelled with the same bytes.
    public static func == (left: AbsoluteURL, right: AbsoluteURL) -> Bool { left.text.hasSameBytes(as: right.text) }
    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(Array(text.utf8)) }

    /// The scheme, and the index at which the authority begins.
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
            // RFC 9110 §4.2.4: userinfo makes one host look like another. It is refused even when it is empty.
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
                // Two colons: for example an IPv6 address without its brackets.
                guard !rest.dropFirst().contains(UInt8(ascii: ":")) else { throw .invalidHost }
                host = bytes[..<colon]
                guard !host.isEmpty else { throw .missingHost }
                guard let kind = URLGrammar.hostKind(of: host) else { throw .invalidHost }
                self.kind = kind
            }
            guard !rest.isEmpty else {
                port = nil
                return
            }
            guard let port = URLGrammar.port(rest.dropFirst()) else { throw .invalidPort }
            self.port = port
        }
    }
}
