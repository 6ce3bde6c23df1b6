import WireFormat

/// A field name: an ASCII token, compared without regard to ASCII case (RFC 9110 §5.1).
public struct HTTPFieldName: Sendable, Hashable, CustomStringConvertible {
    /// The name as it is sent.
    public let spelling: String
    package let lowercasedBytes: [UInt8]

    /// A name in any valid spelling; nil when the text is not an RFC 9110 token.
    public init?(_ spelling: String) {
        guard !spelling.isEmpty, spelling.utf8.allSatisfy({ ASCII.isTokenByte($0) }) else { return nil }
        self.init(known: spelling)
    }

    private init(known spelling: String) {
        self.spelling = spelling
        lowercasedBytes = spelling.utf8.map { ASCII.lowercased($0) }
    }

    /// Equal when the bytes agree after folding A–Z to a–z.
    public static func == (left: HTTPFieldName, right: HTTPFieldName) -> Bool {
        left.lowercasedBytes == right.lowercasedBytes
    }

    /// Hashes the folded bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(lowercasedBytes)
    }

    /// The name as it is sent.
    public var description: String { spelling }

    /// `Accept`
    public static let accept = HTTPFieldName(known: "Accept")
    /// `Age`
    public static let age = HTTPFieldName(known: "Age")
    /// `Allow`
    public static let allow = HTTPFieldName(known: "Allow")
    /// `Access-Control-Allow-Credentials`
    public static let accessControlAllowCredentials = HTTPFieldName(known: "Access-Control-Allow-Credentials")
    /// `Access-Control-Allow-Headers`
    public static let accessControlAllowHeaders = HTTPFieldName(known: "Access-Control-Allow-Headers")
    /// `Access-Control-Allow-Methods`
    public static let accessControlAllowMethods = HTTPFieldName(known: "Access-Control-Allow-Methods")
    /// `Access-Control-Allow-Origin`
    public static let accessControlAllowOrigin = HTTPFieldName(known: "Access-Control-Allow-Origin")
    /// `Access-Control-Expose-Headers`
    public static let accessControlExposeHeaders = HTTPFieldName(known: "Access-Control-Expose-Headers")
    /// `Access-Control-Max-Age`
    public static let accessControlMaxAge = HTTPFieldName(known: "Access-Control-Max-Age")
    /// `Access-Control-Request-Headers`
    public static let accessControlRequestHeaders = HTTPFieldName(known: "Access-Control-Request-Headers")
    /// `Access-Control-Request-Method`
    public static let accessControlRequestMethod = HTTPFieldName(known: "Access-Control-Request-Method")
    /// `Authorization`
    public static let authorization = HTTPFieldName(known: "Authorization")
    /// `Cache-Control`
    public static let cacheControl = HTTPFieldName(known: "Cache-Control")
    /// `Connection`
    public static let connection = HTTPFieldName(known: "Connection")
    /// `Content-Encoding`
    public static let contentEncoding = HTTPFieldName(known: "Content-Encoding")
    /// `Content-Length`
    public static let contentLength = HTTPFieldName(known: "Content-Length")
    /// `Content-Type`
    public static let contentType = HTTPFieldName(known: "Content-Type")
    /// `Date`
    public static let date = HTTPFieldName(known: "Date")
    /// `ETag`
    public static let eTag = HTTPFieldName(known: "ETag")
    /// `Expect`
    public static let expect = HTTPFieldName(known: "Expect")
    /// `Host`
    public static let host = HTTPFieldName(known: "Host")
    /// `If-Modified-Since`
    public static let ifModifiedSince = HTTPFieldName(known: "If-Modified-Since")
    /// `If-None-Match`
    public static let ifNoneMatch = HTTPFieldName(known: "If-None-Match")
    /// `Last-Modified`
    public static let lastModified = HTTPFieldName(known: "Last-Modified")
    /// `Location`
    public static let location = HTTPFieldName(known: "Location")
    /// `Mcp-Method`
    public static let mcpMethod = HTTPFieldName(known: "Mcp-Method")
    /// `Mcp-Name`
    public static let mcpName = HTTPFieldName(known: "Mcp-Name")
    /// `MCP-Protocol-Version`
    public static let mcpProtocolVersion = HTTPFieldName(known: "MCP-Protocol-Version")
    /// `Mcp-Session-Id`
    public static let mcpSessionID = HTTPFieldName(known: "Mcp-Session-Id")
    /// `Origin`
    public static let origin = HTTPFieldName(known: "Origin")
    /// `Pragma`
    public static let pragma = HTTPFieldName(known: "Pragma")
    /// `Retry-After`
    public static let retryAfter = HTTPFieldName(known: "Retry-After")
    /// `Transfer-Encoding`
    public static let transferEncoding = HTTPFieldName(known: "Transfer-Encoding")
    /// `Vary`
    public static let vary = HTTPFieldName(known: "Vary")
    /// `WWW-Authenticate`
    public static let wwwAuthenticate = HTTPFieldName(known: "WWW-Authenticate")
    /// `X-Accel-Buffering`
    public static let xAccelBuffering = HTTPFieldName(known: "X-Accel-Buffering")
}
