internal import WireFormat

/// A redirect URI that a client may register (RFC 6749 §3.1.2, RFC 8252 §7): https, http on a loopback host, or a
/// private scheme of the client.
struct RedirectURI: Sendable {
    /// The URI as registered.
    let text: String
    /// The parsed URI if its host is a loopback host. The client may choose another port for each request.
    private let loopback: AbsoluteURL?

    /// Nil for an unsafe destination: a fragment, userinfo, http on a remote host, or a scheme that runs code or reads
    /// files.
    init?(_ text: String) {
        guard AbsoluteURI.isValid(text), let scheme = AbsoluteURI.scheme(of: text) else { return nil }
        switch scheme {
        case "http", "https":
            guard let url = try? AbsoluteURL(parsing: text), url.fragment == nil else { return nil }
            // RFC 8252 §8.3: plain http is safe only if it stays on this machine.
            guard url.scheme == .https || url.isLoopback else { return nil }
            loopback = url.scheme == .http ? url : nil
        case "javascript", "data", "file", "vbscript", "blob", "about", "view-source", "filesystem", "ws", "wss", "ftp":
            return nil
        default:
            loopback = nil
        }
        self.text = text
    }

    /// Whether an authorization request may name this URI: it must be the same bytes. On a loopback host, the port may
    /// differ (RFC 8252 §7.3).
    func matches(_ requested: String) -> Bool {
        if requested.hasSameBytes(as: text) { return true }
        guard let loopback, let other = try? AbsoluteURL(parsing: requested) else { return false }
        return other.scheme == loopback.scheme && other.host.hasSameBytes(as: loopback.host)
            && other.hostKind == loopback.hostKind && other.path.hasSameBytes(as: loopback.path)
            && Self.same(other.query, loopback.query) && other.fragment == nil
    }

    private static func same(_ left: String?, _ right: String?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (let left?, let right?): left.hasSameBytes(as: right)
        default: false
        }
    }
}

/// The syntax of an absolute URI of any scheme (RFC 3986 §4.3), which has no fragment.
enum AbsoluteURI {
    /// The largest length in bytes.
    static let maximumBytes = 2_048

    static func isValid(_ text: String) -> Bool {
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
    static func scheme(of text: String) -> String? {
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
