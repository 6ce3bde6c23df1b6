internal import WireFormat

/// A pattern of the redirect URIs that an operator admits. A client must also have registered the URI.
///
/// A pattern is a redirect URI in which `*` may stand for one whole label of the host, or for the port:
/// `https://*.example.com/callback`, `http://localhost:*/callback`. The host needs two labels without `*`, so that no
/// pattern admits a whole top-level domain. A pattern without a path admits every path and query of its origin; a
/// pattern with a path admits exactly this path and query. Everything else of a URI is compared as bytes.
///
/// Each part of a URI is compared with the same part of the pattern, never the joined text: a `*` cannot match a `/`,
/// an `@` or a `.`.
public struct RedirectURIPattern: Sendable, Hashable, CustomStringConvertible {
    private enum Form: Sendable, Hashable {
        /// A private scheme: the whole text.
        case exact
        case origin(scheme: AbsoluteURL.Scheme, labels: [String?], port: Port)
    }

    private enum Port: Sendable, Hashable {
        case any
        case exactly(UInt16)
    }

    /// Why a text is not a pattern.
    public enum Fault: Error, Sendable, Hashable {
        /// A `*` is neither a whole label of the host nor the port.
        case wildcard
        /// The host is `*`, or has fewer than two labels without `*`.
        case tooWide
        /// With a label or a port in place of each `*`, the text is not an acceptable redirect URI.
        case redirectURI(RedirectURI.Fault)
    }

    /// The pattern as configured.
    public let text: String
    private let form: Form
    private let path: String
    private let query: String?

    /// Parses a pattern.
    ///
    /// - Throws: ``Fault`` for the first fault.
    public init(_ text: String) throws(Fault) {
        self.text = text
        guard let parts = Self.split(text) else {
            // No `//`: a private scheme, which has no host. Nothing of it may be open.
            guard !text.utf8.contains(UInt8(ascii: "*")) else { throw .wildcard }
            _ = try Self.parse(text)
            (form, path, query) = (.exact, "", nil)
            return
        }
        let star = UInt8(ascii: "*")
        guard !parts.scheme.utf8.contains(star), !parts.rest.utf8.contains(star) else { throw .wildcard }
        let labels = parts.host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels where label.contains(star) && label.count > 1 { throw .wildcard }
        guard !parts.port.utf8.contains(star) || parts.port.utf8.count == 1 else { throw .wildcard }
        // A label and a port stand in for each `*`, so that one parser checks everything else.
        let host = labels.map { $0.contains(star) ? "x" : String(decoding: $0, as: UTF8.self) }
        let hasAnyPort = parts.port.utf8.elementsEqual([star])
        let port = parts.port.isEmpty ? "" : ":" + (hasAnyPort ? "1" : parts.port)
        let sample = try Self.parse("\(parts.scheme)://\(host.joined(separator: "."))\(port)\(parts.rest)")
        guard let url = sample.url else {
            guard !text.utf8.contains(star) else { throw .wildcard }
            (form, path, query) = (.exact, "", nil)
            return
        }
        let isOpen = labels.contains { $0.contains(star) }
        guard !isOpen || labels.count(where: { !$0.contains(star) }) >= 2 else { throw .tooWide }
        form = .origin(
            scheme: url.scheme, labels: labels.map { $0.contains(star) ? nil : String(decoding: $0, as: UTF8.self) },
            port: hasAnyPort ? .any : .exactly(url.effectivePort))
        path = url.path
        query = url.query
    }

    /// Whether the pattern admits this URI.
    public func admits(_ uri: RedirectURI) -> Bool {
        guard case .origin(let scheme, let labels, let port) = form else { return uri.text.hasSameBytes(as: text) }
        guard let url = uri.url, url.scheme == scheme else { return false }
        if case .exactly(let port) = port, url.effectivePort != port { return false }
        // The labels of an address are not names: only the whole address is compared.
        let own = url.hostKind == .name ? url.host.utf8.split(separator: UInt8(ascii: ".")) : [url.hostBytes]
        let wanted = url.hostKind == .name ? labels : [Self.joined(labels)]
        guard own.count == wanted.count else { return false }
        for (label, pattern) in zip(own, wanted) {
            guard let pattern else { continue }
            guard ASCII.equalsIgnoringCase(label, pattern.utf8) else { return false }
        }
        if path.isEmpty { return true }
        return url.path.hasSameBytes(as: path) && AbsoluteURL.hasSameBytes(url.query, query)
    }

    /// The pattern as configured.
    public var description: String { text }

    private static func parse(_ text: String) throws(Fault) -> RedirectURI {
        do throws(RedirectURI.Fault) {
            return try RedirectURI(text)
        } catch {
            throw .redirectURI(error)
        }
    }

    private static func joined(_ labels: [String?]) -> String? {
        labels.contains(nil) ? "" : labels.compactMap(\.self).joined(separator: ".")
    }

    /// The parts of a text with `//`. The host is without brackets; the rest begins with `/` or `?`, or is empty.
    private static func split(_ text: String) -> (scheme: String, host: String, port: String, rest: String)? {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[(colon + 1)...].starts(with: "//".utf8) else {
            return nil
        }
        let start = colon + 3
        let end =
            bytes[start...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? bytes.endIndex
        let authority = bytes[start..<end]
        // Behind the brackets of an IPv6 address, or behind the name.
        let afterBrackets = authority.lastIndex(of: UInt8(ascii: "]")).map { $0 + 1 } ?? authority.startIndex
        let mark = authority[afterBrackets...].firstIndex(of: UInt8(ascii: ":"))
        func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
        return (
            string(bytes[..<colon]), string(authority[..<(mark ?? authority.endIndex)]),
            string(mark.map { authority[($0 + 1)...] } ?? []), string(bytes[end...])
        )
    }
}

extension RedirectURI {
    /// The URL of a web server or of a loopback host; nil for a private scheme.
    var url: AbsoluteURL? {
        switch destination {
        case .web(let url), .loopback(let url): url
        case .privateScheme: nil
        }
    }
}

extension AbsoluteURL {
    /// The host as it stands in a URL, with the brackets of an IPv6 address.
    fileprivate var hostBytes: Substring.UTF8View {
        (hostKind == .ipv6 ? "[\(host)]" : host)[...].utf8
    }
}
