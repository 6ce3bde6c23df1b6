public import WireFormat

/// A redirect URI that a client may register (RFC 6749 §3.1.2, RFC 8252 §7, OAuth 2.1 §2.3.1): https, http on a
/// loopback host, or a private scheme of the client.
///
/// **Checks** the syntax of RFC 3986, and that the destination is safe: no fragment, no userinfo, no dot segments, no
/// http on a remote host, and no scheme that runs code or reads files.
/// **Does not check** who owns the host or the scheme.
public struct RedirectURI: Sendable, Hashable, CustomStringConvertible {
    /// Where the URI leads.
    public enum Destination: Sendable, Hashable {
        /// A web server, over https.
        case web(AbsoluteURL)
        /// The user's own machine, over http. The client may choose another port for each request (RFC 8252 §7.3).
        case loopback(AbsoluteURL)
        /// An app on the user's machine that has claimed the scheme (RFC 8252 §7.1).
        case privateScheme(String)
    }

    /// The URI as registered, byte for byte.
    public let text: String
    /// Where the URI leads.
    public let destination: Destination

    /// Parses a redirect URI of at most 2,048 bytes.
    ///
    /// - Throws: ``Fault`` for the first fault.
    public init(_ text: String) throws(Fault) {
        guard !text.utf8.contains(UInt8(ascii: "#")) else { throw .fragment }
        guard let scheme = AbsoluteURI.scheme(of: text) else { throw .notAbsolute }
        guard !Self.forbiddenSchemes.contains(scheme) else { throw .forbiddenScheme }
        guard AbsoluteURI.isValid(text) else { throw .malformed }
        self.text = text
        guard scheme == "http" || scheme == "https" else {
            guard !Self.hasUserinfo(text, afterScheme: scheme.utf8.count) else { throw .userinfo }
            destination = .privateScheme(scheme)
            return
        }
        let url: AbsoluteURL
        do throws(AbsoluteURL.ParseError) {
            url = try AbsoluteURL(parsing: text)
        } catch {
            throw error == .userinfo ? .userinfo : .url(error)
        }
        // A browser removes dot segments before it follows the redirection, which leads to another path.
        guard !url.hasDotSegments else { throw .dotSegments }
        // RFC 8252 §8.3: plain http is safe only if it stays on the user's machine.
        guard url.scheme == .https || url.isLoopback else { throw .insecure }
        destination = url.scheme == .https ? .web(url) : .loopback(url)
    }

    /// Whether the `redirect_uri` of an authorization request is this registered URI: the same bytes (OAuth 2.1
    /// §2.3.1). For http on a loopback host, only the port may differ (RFC 8252 §7.3).
    public func matches(_ requested: String) -> Bool {
        if requested.hasSameBytes(as: text) { return true }
        guard case .loopback(let registered) = destination, let other = try? AbsoluteURL(parsing: requested) else {
            return false
        }
        return other.scheme == registered.scheme && other.host.hasSameBytes(as: registered.host)
            && other.hostKind == registered.hostKind && other.path.hasSameBytes(as: registered.path)
            && AbsoluteURL.hasSameBytes(other.query, registered.query) && other.fragment == nil
    }

    /// The URI as registered.
    public var description: String { text }

    /// Equal when both are the same bytes.
    public static func == (left: RedirectURI, right: RedirectURI) -> Bool { left.text.hasSameBytes(as: right.text) }
    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(Array(text.utf8)) }

    /// Schemes that run code, read files, or do not lead to a client.
    private static let forbiddenSchemes: Set<String> = [
        "javascript", "data", "file", "vbscript", "blob", "about", "view-source", "filesystem", "ws", "wss", "ftp",
        "mailto", "tel", "sms", "intent", "jar", "content", "ms-appx", "ms-appx-web", "resource", "chrome",
    ]

    /// RFC 3986 §3.2: an authority follows `//` and may begin with userinfo and `@`.
    private static func hasUserinfo(_ text: String, afterScheme length: Int) -> Bool {
        let rest = text.utf8.dropFirst(length + 1)
        guard rest.starts(with: "//".utf8) else { return false }
        let authority = rest.dropFirst(2).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        return authority.contains(UInt8(ascii: "@"))
    }
}

extension RedirectURI {
    /// Why a text is not an acceptable redirect URI.
    public enum Fault: Error, Sendable, Hashable {
        /// The text does not begin with a scheme.
        case notAbsolute
        /// The text does not follow RFC 3986, or it is too long.
        case malformed
        /// The URI has a fragment (RFC 6749 §3.1.2).
        case fragment
        /// The URI has userinfo, which makes one host look like another.
        case userinfo
        /// The scheme runs code, reads files, or does not lead to a client.
        case forbiddenScheme
        /// The URI is http on a host that is not a loopback host.
        case insecure
        /// A path segment is `.` or `..`, plain or percent-encoded.
        case dotSegments
        /// The URI is http or https, and not an acceptable URL.
        case url(AbsoluteURL.ParseError)

        /// A stable, bounded code for events and metrics.
        public var code: String {
            switch self {
            case .notAbsolute: "redirect_uri_not_absolute"
            case .malformed: "redirect_uri_malformed"
            case .fragment: "redirect_uri_fragment"
            case .userinfo: "redirect_uri_userinfo"
            case .forbiddenScheme: "redirect_uri_forbidden_scheme"
            case .insecure: "redirect_uri_insecure"
            case .dotSegments: "redirect_uri_dot_segments"
            case .url: "redirect_uri_not_a_url"
            }
        }
    }
}

extension AbsoluteURL {
    /// Whether both parts are absent, or both are the same bytes.
    static func hasSameBytes(_ left: String?, _ right: String?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (let left?, let right?): left.hasSameBytes(as: right)
        default: false
        }
    }
}
