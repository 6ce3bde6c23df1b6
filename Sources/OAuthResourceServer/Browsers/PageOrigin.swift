internal import WireFormat

/// The origin of a web page, as browsers serialize it (RFC 6454 §6.2): scheme, host and port, and nothing else.
///
/// **Checks** that the text is the one spelling that a browser sends. For http and https this is lower case, a valid
/// host, and a port only if it is not the default one. Other schemes, such as `vscode-webview`, have an opaque host,
/// which is empty for `file`. `null` is not an origin: every sandboxed page sends it.
struct PageOrigin: Sendable, Hashable {
    let bytes: [UInt8]
    /// The scheme, in lower case.
    let scheme: [UInt8]
    /// Nil for other schemes than http and https.
    let url: AbsoluteURL?

    /// The maximum length of an origin that rules are compared with, in bytes.
    private static let maximumBytes = 2_048

    init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.maximumBytes, let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            Self.isScheme(bytes[..<colon]), bytes[colon...].starts(with: "://".utf8)
        else { return nil }
        let scheme = Array(bytes[..<colon])
        if Self.isWebScheme(scheme[...]) {
            let text = String(decoding: bytes, as: UTF8.self)
            guard let url = try? AbsoluteURL(parsing: text), text.hasSameBytes(as: Self.serialized(url)) else {
                return nil
            }
            self.url = url
        } else {
            guard Self.isOpaqueHost(bytes[(colon + 3)...]) else { return nil }
            url = nil
        }
        self.bytes = bytes
        self.scheme = scheme
    }

    /// Whether the page was loaded from this machine: http or https, and a loopback name or address on any port.
    var isLoopback: Bool { url?.isLoopback ?? false }

    /// The origin of a URL as browsers write it: in lower case, without the default port of the scheme.
    static func serialized(_ url: AbsoluteURL) -> String {
        let ownPort: UInt16 = url.scheme == .https ? 443 : 80
        return withoutPort(url) + (url.effectivePort == ownPort ? "" : ":\(url.effectivePort)")
    }

    /// The origin of a URL without its port.
    static func withoutPort(_ url: AbsoluteURL) -> String {
        // RFC 5952: an IPv6 address has one spelling.
        let host = url.addressBytes.map { IPLiteral.uriText(of: $0) } ?? ASCII.lowercased(url.host)
        return url.scheme.rawValue + "://" + host
    }

    /// Whether the scheme is http or https, in any case.
    static func isWebScheme(_ scheme: ArraySlice<UInt8>) -> Bool {
        ASCII.equalsIgnoringCase(scheme, "http".utf8) || ASCII.equalsIgnoringCase(scheme, "https".utf8)
    }

    /// RFC 3986 §3.1 in lower case: ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ).
    static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, isLowercaseLetter(first) else { return false }
        return bytes.allSatisfy { isLowercaseLetter($0) || ASCII.isDigit($0) || "+-.".utf8.contains($0) }
    }

    private static func isLowercaseLetter(_ byte: UInt8) -> Bool { ASCII.isLetter(byte) && byte >= 0x61 }

    /// Whether the text after `scheme://` can be the host of an origin of another scheme than http and https.
    static func isOpaqueHost(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy {
            URLGrammar.isPathByte($0) && !"/@*".utf8.contains($0) && !(0x41...0x5A).contains($0)
        }
    }
}
