internal import TokenVerification
internal import WireFormat

/// Checked text of ``ResourceServerConfiguration/Browsers-swift.struct/allowedOrigins``: which pages it allows.
enum AllowedOrigin: Sendable, Hashable {
    /// `https://app.example.com`: this origin.
    case exact([UInt8])
    /// `http://localhost:*`: the origin of this text with any port, or without one.
    case everyPort(of: [UInt8])
    /// `vscode-webview://*`: every origin of this scheme, which is neither http nor https.
    case everyHost(ofScheme: [UInt8])
    /// `*`: every page.
    case everyPage

    /// Why a text is not one of these, and what to do.
    struct Fault: Error, Hashable {
        let reason: ConfigurationError.Text
        let remedy: ConfigurationError.Text

        init(_ reason: ConfigurationError.Text, _ remedy: ConfigurationError.Text) {
            self.reason = reason
            self.remedy = remedy
        }
    }

    init(_ text: String) throws(Fault) {
        if text.utf8.elementsEqual("*".utf8) {
            self = .everyPage
            return
        }
        if ASCII.equalsIgnoringCase(text.utf8, "null".utf8) {
            throw Fault("is null, the origin of every sandboxed page", "remove it")
        }
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8),
            bytes.count > colon + 3, !bytes[..<colon].isEmpty
        else { throw Fault("is not an origin", "write it like https://app.example.com") }
        let (scheme, rest) = (bytes[..<colon], bytes[(colon + 3)...])
        guard !rest.contains(where: { "/?#".utf8.contains($0) }) else {
            throw Fault(
                "has a path, query or fragment", "remove all that follows the host and port, also a / at the end")
        }
        self =
            if PageOrigin.isWebScheme(scheme) {
                try Self.ofWebPage(text, rest)
            } else {
                try Self.ofOtherPage(bytes, scheme, rest)
            }
    }

    private static func ofWebPage(_ text: String, _ rest: ArraySlice<UInt8>) throws(Fault) -> Self {
        if rest.elementsEqual("*".utf8) {
            throw Fault(
                "allows every page of its scheme", "list the origins, or write * to allow every page of the web")
        }
        let everyPort = ":*"
        let hasEveryPort = rest.suffix(everyPort.utf8.count).elementsEqual(everyPort.utf8)
        let origin =
            hasEveryPort ? String(decoding: text.utf8.dropLast(everyPort.utf8.count), as: UTF8.self) : text
        guard !origin.utf8.contains(UInt8(ascii: "*")) else {
            throw Fault("has a * in its host", "list the origins, or decide in code: \(.browsers + "allowsOrigin")")
        }
        guard let url = try? AbsoluteURL(parsing: origin) else {
            throw Fault("has no valid host and port", "write it like https://app.example.com:8443")
        }
        guard hasEveryPort else {
            let serialized = PageOrigin.serialized(url)
            guard origin.hasSameBytes(as: serialized) else {
                throw Fault("is not written as browsers send it", "write \(serialized)")
            }
            return .exact(Array(origin.utf8))
        }
        guard url.isLoopback else {
            throw Fault("has a * as its port, which only loopback hosts may have", "list the origins with their ports")
        }
        let stem = PageOrigin.withoutPort(url)
        guard origin.hasSameBytes(as: stem) else {
            throw Fault("is not written as browsers send it", "write \(stem)\(everyPort)")
        }
        return .everyPort(of: Array(stem.utf8))
    }

    /// Origins of extensions and embedded pages, such as vscode-webview://<id>.
    private static func ofOtherPage(
        _ bytes: [UInt8], _ scheme: ArraySlice<UInt8>, _ rest: ArraySlice<UInt8>
    ) throws(Fault) -> Self {
        let isEveryHost = rest.elementsEqual("*".utf8)
        guard PageOrigin.isScheme(scheme), isEveryHost || PageOrigin.isOpaqueHost(rest) else {
            throw Fault(
                "is not an origin as browsers spell it",
                "write it like https://app.example.com, or like vscode-webview://* for a whole scheme")
        }
        return isEveryHost ? .everyHost(ofScheme: Array(scheme)) : .exact(bytes)
    }

    /// Whether the origin is allowed. An ``exact(_:)`` one is compared before it is parsed: see ``AllowedOrigins``.
    func admits(_ origin: PageOrigin) -> Bool {
        switch self {
        case .exact(let bytes): origin.bytes == bytes
        case .everyPort(let stem): origin.url.map { PageOrigin.withoutPort($0).utf8.elementsEqual(stem) } ?? false
        case .everyHost(let scheme): origin.scheme == scheme
        case .everyPage: true
        }
    }
}
