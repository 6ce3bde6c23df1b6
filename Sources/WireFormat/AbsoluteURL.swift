/// An absolute `http` or `https` URL (RFC 3986), kept byte for byte as the operator or a document spelled it.
///
/// Stricter than RFC 3986: ASCII only, lower-level oddities refused rather than repaired. Compared as bytes.
public struct AbsoluteURL: Sendable, Hashable, CustomStringConvertible {
    /// The scheme.
    public enum Scheme: String, Sendable, Hashable { case http, https }
    /// What kind of host it is.
    public enum HostKind: Sendable, Hashable { case name, ipv4, ipv6 }
    /// Why a text is not acceptable.
    public enum ParseError: String, Error, Sendable, Hashable {
        case empty, tooLong = "too_long", invalidByte = "invalid_byte", unsupportedScheme = "unsupported_scheme"
        case missingHost = "missing_host", userinfo, invalidHost = "invalid_host", invalidPort = "invalid_port"
        case invalidPath = "invalid_path", invalidQuery = "invalid_query", invalidFragment = "invalid_fragment"
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

    /// Parses a text of at most 2,048 bytes.
    public init(parsing text: String) throws(ParseError) { fatalError("pending") }

    /// The port as spelled or the scheme's own.
    public var effectivePort: UInt16 { port ?? (scheme == .https ? 443 : 80) }
    /// Whether the host is `localhost`, 127.0.0.0/8 or `::1`.
    public var isLoopback: Bool { fatalError("pending") }
    /// Whether a path segment is `.` or `..`, plain or percent-encoded.
    public var hasDotSegments: Bool { fatalError("pending") }
    /// `scheme://host[:port]` as spelled, without a path.
    public var origin: String { fatalError("pending") }
    /// The URL as spelled.
    public var description: String { text }
    /// Equal when spelled alike, byte for byte.
    public static func == (left: AbsoluteURL, right: AbsoluteURL) -> Bool { left.text.hasSameBytes(as: right.text) }
    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(Array(text.utf8)) }
}
