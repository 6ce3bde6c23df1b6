internal import TokenVerification
internal import WireFormat

/// An origin as browsers serialize it (RFC 6454 §6.2): scheme, host and port, and nothing else.
struct AllowedOrigin: Sendable, Hashable {
    /// Why a text is not a serialized origin, and what to do.
    struct Fault: Error, Hashable {
        let reason: ConfigurationError.Text
        let remedy: ConfigurationError.Text

        init(_ reason: ConfigurationError.Text, _ remedy: ConfigurationError.Text) {
            self.reason = reason
            self.remedy = remedy
        }
    }

    let bytes: [UInt8]

    init(_ text: String) throws(Fault) {
        if text.utf8.elementsEqual("*".utf8) {
            throw Fault("is *, which lets every page of the web call the server", "list the origins")
        }
        if ASCII.equalsIgnoringCase(text.utf8, "null".utf8) {
            throw Fault("is null, the origin of every sandboxed page", "remove it")
        }
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            Self.isScheme(bytes[..<colon]), bytes[colon...].starts(with: "://".utf8), bytes.count > colon + 3
        else { throw Fault("is not an origin", "write it like https://app.example.com") }
        let rest = bytes[(colon + 3)...]
        guard !rest.contains(where: { "/?#".utf8.contains($0) }) else {
            throw Fault(
                "has a path, query or fragment", "remove all that follows the host and port, also a / at the end")
        }
        if ASCII.equalsIgnoringCase(bytes[..<colon], "http".utf8)
            || ASCII.equalsIgnoringCase(bytes[..<colon], "https".utf8)
        {
            guard let url = try? AbsoluteURL(parsing: text) else {
                throw Fault("has no valid host and port", "write it like https://app.example.com:8443")
            }
            let serialized = Self.serialized(url)
            guard text.hasSameBytes(as: serialized) else {
                throw Fault("is not written as browsers send it", "write \(serialized)")
            }
        } else {
            // Origins of extensions and embedded pages, such as vscode-webview://<id>.
            guard !bytes.contains(where: { (0x41...0x5A).contains($0) }),
                rest.allSatisfy({ URLGrammar.isPathByte($0) && $0 != UInt8(ascii: "@") && $0 != UInt8(ascii: "*") })
            else {
                throw Fault("is not an origin as browsers spell it", "write it like https://app.example.com")
            }
        }
        self.bytes = bytes
    }

    /// The origin of a URL as browsers write it: in lower case, without the default port of the scheme.
    static func serialized(_ url: AbsoluteURL) -> String {
        let host = ASCII.lowercased(url.host)
        let ownPort: UInt16 = url.scheme == .https ? 443 : 80
        let port = url.effectivePort == ownPort ? "" : ":\(url.effectivePort)"
        return url.scheme.rawValue + "://" + (url.hostKind == .ipv6 ? "[\(host)]" : host) + port
    }

    /// RFC 3986 §3.1: ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ).
    private static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, ASCII.isLetter(first) else { return false }
        return bytes.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "+-.".utf8.contains($0) }
    }
}
