public import WireFormat

/// The URL that a DPoP proof is for, in the form in which `htu` is compared (RFC 9449 §4.3, RFC 3986 §6.2.2 and
/// §6.2.3).
///
/// Scheme and host are in lower case, the default port and one slash at the end are left out, escapes of unreserved
/// characters are undone and the others are in upper case, and dot segments are removed. A query and a fragment have no
/// effect.
public struct DPoPTarget: Sendable, Hashable, CustomStringConvertible {
    private let text: String

    /// The target of a request: the public URL of the resource, never one that is made from `Host`.
    ///
    /// - Parameter url: The URL that the client has called.
    public init(_ url: AbsoluteURL) {
        let scheme = url.scheme.rawValue
        let port = url.effectivePort == (url.scheme == .https ? 443 : 80) ? "" : ":\(url.effectivePort)"
        let host = String(decoding: url.host.utf8.map { ASCII.lowercased($0) }, as: UTF8.self)
        let authority = url.hostKind == .ipv6 ? "[\(host)]" : host
        text = "\(scheme)://\(authority)\(port)\(Self.normalized(url.path))"
    }

    /// The target of a request to a path of the server that has this public URL.
    ///
    /// - Parameters:
    ///   - server: A URL of the server; its path is not used.
    ///   - path: The path of the request as sent. Nil is returned for one that is not a path.
    public init?(server: AbsoluteURL, path: String) {
        // Without the slash, the path would become a part of the host.
        guard path.isEmpty || path.utf8.first == UInt8(ascii: "/"),
            let url = try? AbsoluteURL(parsing: server.origin + path), url.query == nil, url.fragment == nil
        else { return nil }
        self.init(url)
    }

    /// Whether a proof with this `htu` is for the target. `htu` is a string.
    func isNamed(by htu: JSONDocument.Node) -> Bool {
        // The usual spelling is the normal form. Its own normal form is the same, unless it ends in a slash: then the
        // path ends in several, of which each normal form has one less.
        if text.utf8.last != UInt8(ascii: "/"), htu.isString(text) { return true }
        return htu.string.flatMap { DPoPTarget(htu: $0) } == self
    }

    /// The target that a proof names; nil when `htu` is not an http or https URL, or has a query or a fragment.
    init?(htu: String) {
        // RFC 9449 §4.2: without query and fragment parts. Even an empty one is refused.
        guard let url = try? AbsoluteURL(parsing: htu), url.query == nil, url.fragment == nil else { return nil }
        self.init(url)
    }

    /// The normal form.
    public var description: String { text }

    /// RFC 3986 §6.2.2.2 (escapes), §5.2.4 (dot segments).
    private static func normalized(_ path: String) -> String {
        var output: [[UInt8]] = []
        var endsInDots = false
        for segment in Array(path.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .dropFirst()
        {
            let dots = URLGrammar.dots(of: segment)
            endsInDots = dots != nil
            switch dots {
            case 1?: continue
            case 2?: output = output.dropLast()
            default: output.append(unescaped(segment))
            }
        }
        // RFC 3986 §5.2.4: dots at the end leave a slash.
        if endsInDots { output.append([]) }
        // One slash at the end makes no difference.
        if output.last?.isEmpty == true { output.removeLast() }
        return output.map { "/" + String(decoding: $0, as: UTF8.self) }.joined()
    }

    private static func unescaped(_ segment: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var index = segment.startIndex
        while index < segment.endIndex {
            if segment[index] == UInt8(ascii: "%"), let octet = PercentEncoding.octet(in: segment, at: index + 1) {
                if PercentEncoding.isUnreserved(octet.byte) {
                    output.append(octet.byte)
                } else {
                    output += segment[index..<octet.end].map { (0x61...0x66).contains($0) ? $0 - 0x20 : $0 }
                }
                index = octet.end
            } else {
                output.append(segment[index])
                index += 1
            }
        }
        return output
    }
}
