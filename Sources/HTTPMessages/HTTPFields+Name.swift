import WireFormat

extension HTTPFields {
    /// A field name: an ASCII token, compared without regard to ASCII case (RFC 9110 §5.1).
    public struct Name: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
        /// The name as it is sent.
        public let spelling: String
        package let lowercasedBytes: [UInt8]

        /// A name in any valid spelling; nil when the text is not an RFC 9110 token.
        public init?(_ spelling: String) {
            guard !spelling.isEmpty, spelling.utf8.allSatisfy({ ASCII.isTokenByte($0) }) else { return nil }
            self.init(known: spelling)
        }

        /// A name written in the program. A literal that is not a token is a programmer's mistake and stops the
        /// program.
        public init(stringLiteral spelling: StaticString) {
            guard let name = HTTPFields.Name(spelling.description) else {
                preconditionFailure("A field name literal must be a token (RFC 9110 §5.1).")
            }
            self = name
        }

        private init(known spelling: String) {
            self.spelling = spelling
            lowercasedBytes = spelling.utf8.map { ASCII.lowercased($0) }
        }

        /// Equal when the bytes agree after folding A–Z to a–z.
        public static func == (left: HTTPFields.Name, right: HTTPFields.Name) -> Bool {
            left.lowercasedBytes == right.lowercasedBytes
        }

        /// Hashes the folded bytes.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(lowercasedBytes)
        }

        /// The name as it is sent.
        public var description: String { spelling }

        /// `Accept`
        public static let accept = HTTPFields.Name(known: "Accept")
        /// `Age`
        public static let age = HTTPFields.Name(known: "Age")
        /// `Allow`
        public static let allow = HTTPFields.Name(known: "Allow")
        /// `Access-Control-Allow-Credentials`
        public static let accessControlAllowCredentials = HTTPFields.Name(known: "Access-Control-Allow-Credentials")
        /// `Access-Control-Allow-Headers`
        public static let accessControlAllowHeaders = HTTPFields.Name(known: "Access-Control-Allow-Headers")
        /// `Access-Control-Allow-Methods`
        public static let accessControlAllowMethods = HTTPFields.Name(known: "Access-Control-Allow-Methods")
        /// `Access-Control-Allow-Origin`
        public static let accessControlAllowOrigin = HTTPFields.Name(known: "Access-Control-Allow-Origin")
        /// `Access-Control-Expose-Headers`
        public static let accessControlExposeHeaders = HTTPFields.Name(known: "Access-Control-Expose-Headers")
        /// `Access-Control-Max-Age`
        public static let accessControlMaxAge = HTTPFields.Name(known: "Access-Control-Max-Age")
        /// `Access-Control-Request-Headers`
        public static let accessControlRequestHeaders = HTTPFields.Name(known: "Access-Control-Request-Headers")
        /// `Access-Control-Request-Method`
        public static let accessControlRequestMethod = HTTPFields.Name(known: "Access-Control-Request-Method")
        /// `Authorization`
        public static let authorization = HTTPFields.Name(known: "Authorization")
        /// `Cache-Control`
        public static let cacheControl = HTTPFields.Name(known: "Cache-Control")
        /// `Connection`
        public static let connection = HTTPFields.Name(known: "Connection")
        /// `Content-Encoding`
        public static let contentEncoding = HTTPFields.Name(known: "Content-Encoding")
        /// `Content-Length`
        public static let contentLength = HTTPFields.Name(known: "Content-Length")
        /// `Content-Type`
        public static let contentType = HTTPFields.Name(known: "Content-Type")
        /// `Date`
        public static let date = HTTPFields.Name(known: "Date")
        /// `DPoP` (RFC 9449 §4.1)
        public static let dpop = HTTPFields.Name(known: "DPoP")
        /// `DPoP-Nonce` (RFC 9449 §8.1)
        public static let dpopNonce = HTTPFields.Name(known: "DPoP-Nonce")
        /// `ETag`
        public static let eTag = HTTPFields.Name(known: "ETag")
        /// `Expect`
        public static let expect = HTTPFields.Name(known: "Expect")
        /// `Host`
        public static let host = HTTPFields.Name(known: "Host")
        /// `If-Modified-Since`
        public static let ifModifiedSince = HTTPFields.Name(known: "If-Modified-Since")
        /// `If-None-Match`
        public static let ifNoneMatch = HTTPFields.Name(known: "If-None-Match")
        /// `Last-Modified`
        public static let lastModified = HTTPFields.Name(known: "Last-Modified")
        /// `Location`
        public static let location = HTTPFields.Name(known: "Location")
        /// `Mcp-Method`
        public static let mcpMethod = HTTPFields.Name(known: "Mcp-Method")
        /// `Mcp-Name`
        public static let mcpName = HTTPFields.Name(known: "Mcp-Name")
        /// `MCP-Protocol-Version`
        public static let mcpProtocolVersion = HTTPFields.Name(known: "MCP-Protocol-Version")
        /// `Mcp-Session-Id`
        public static let mcpSessionID = HTTPFields.Name(known: "Mcp-Session-Id")
        /// `Origin`
        public static let origin = HTTPFields.Name(known: "Origin")
        /// `Pragma`
        public static let pragma = HTTPFields.Name(known: "Pragma")
        /// `Retry-After`
        public static let retryAfter = HTTPFields.Name(known: "Retry-After")
        /// `Transfer-Encoding`
        public static let transferEncoding = HTTPFields.Name(known: "Transfer-Encoding")
        /// `Vary`
        public static let vary = HTTPFields.Name(known: "Vary")
        /// `WWW-Authenticate`
        public static let wwwAuthenticate = HTTPFields.Name(known: "WWW-Authenticate")
        /// `X-Accel-Buffering`
        public static let xAccelBuffering = HTTPFields.Name(known: "X-Accel-Buffering")

        // Names of fields in which proxies pass on a client's certificate.
        /// `Client-Cert` (RFC 9440)
        package static let clientCert = HTTPFields.Name(known: "Client-Cert")
        /// `X-Amzn-Mtls-Clientcert`
        package static let amazonClientCertificate = HTTPFields.Name(known: "X-Amzn-Mtls-Clientcert")
        /// `X-Amzn-Mtls-Clientcert-Leaf`
        package static let amazonClientCertificateLeaf = HTTPFields.Name(known: "X-Amzn-Mtls-Clientcert-Leaf")
        /// `X-Forwarded-Client-Cert`
        package static let forwardedClientCert = HTTPFields.Name(known: "X-Forwarded-Client-Cert")
        /// `X-Forwarded-Tls-Client-Cert`
        package static let forwardedTLSClientCert = HTTPFields.Name(known: "X-Forwarded-Tls-Client-Cert")

        // Names of pages for people.
        /// `Content-Security-Policy`
        package static let contentSecurityPolicy = HTTPFields.Name(known: "Content-Security-Policy")
        /// `Cookie`
        package static let cookie = HTTPFields.Name(known: "Cookie")
        /// `Referrer-Policy`
        package static let referrerPolicy = HTTPFields.Name(known: "Referrer-Policy")
        /// `Set-Cookie`
        package static let setCookie = HTTPFields.Name(known: "Set-Cookie")
        /// `X-Content-Type-Options`
        package static let xContentTypeOptions = HTTPFields.Name(known: "X-Content-Type-Options")
        /// `X-Frame-Options`
        package static let xFrameOptions = HTTPFields.Name(known: "X-Frame-Options")
    }
}
