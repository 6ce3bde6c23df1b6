public import WireFormat

/// A `client_id` that is the URL of a client ID metadata document, kept byte for byte.
///
/// **Checks** that it is an https URL with a path, without fragment, userinfo and dot segments, and that it is spelled
/// in the normal form of RFC 3986 §6.2.2 and §6.2.3, so that no two texts name one client.
/// **Does not check** to which address the host leads: the fetcher's policy for untrusted URLs does.
///
/// - SeeAlso: [Client ID Metadata Document, client
///   identifier](https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/)
public struct ClientIdentifierURL: Sendable, Hashable, CustomStringConvertible {
    /// Whether clients on this machine may be named by URL.
    public enum Loopback: Sendable, Hashable {
        /// They may not. The default.
        case refused
        /// Http and https URLs of loopback hosts are accepted too. Only for development, with an authorization server
        /// on the same machine: any program there can serve the document and be the client.
        case dangerouslyAccepted
    }

    /// The part of the normal form that a URL does not have.
    public enum Normalization: String, Sendable, Hashable {
        /// The scheme or the host has an upper-case letter.
        case letterCase = "letter_case"
        /// The default port is written.
        case defaultPort = "default_port"
        /// An escape stands for an unreserved character, or has lower-case digits.
        case percentEncoding = "percent_encoding"
    }

    /// Why a text is not an acceptable client identifier URL.
    public enum Fault: Error, Sendable, Hashable {
        /// The text is not an absolute http or https URL.
        case url(AbsoluteURL.ParseError)
        /// The scheme is not https.
        case notHTTPS
        /// The path is empty, or only the slash after the host.
        case noPath
        /// The URL has a fragment.
        case fragment
        /// A path segment is `.` or `..`, plain or percent-encoded.
        case dotSegments
        /// The URL is not spelled in the normal form.
        case notNormalized(Normalization)

        /// A stable, bounded code for events and metrics.
        public var code: String {
            switch self {
            case .url(.userinfo): "client_id_userinfo"
            case .url: "client_id_not_a_url"
            case .notHTTPS: "client_id_not_https"
            case .noPath: "client_id_no_path"
            case .fragment: "client_id_fragment"
            case .dotSegments: "client_id_dot_segments"
            case .notNormalized: "client_id_not_normalized"
            }
        }
    }

    /// The parsed URL.
    public let url: AbsoluteURL

    /// The URL as the client sent it.
    public var text: String { url.text }

    /// Whether the URL has a query, which the draft discourages.
    public var hasQuery: Bool { url.query != nil }

    /// Parses a client identifier of at most 2,048 bytes, such as `https://app.example.com/client.json`.
    ///
    /// - Throws: ``Fault`` for the first fault.
    public init(_ text: String, loopback: Loopback = .refused) throws(Fault) {
        do throws(AbsoluteURL.ParseError) {
            url = try AbsoluteURL(parsing: text)
        } catch {
            throw .url(error)
        }
        guard url.scheme == .https || loopback == .dangerouslyAccepted && url.isLoopback else { throw .notHTTPS }
        guard url.fragment == nil else { throw .fragment }
        guard url.path.utf8.count > 1 else { throw .noPath }
        guard !url.hasDotSegments else { throw .dotSegments }
        if let difference = Self.differenceFromNormalForm(url) { throw .notNormalized(difference) }
    }

    /// Whether a `client_id` is meant as the URL of a document: it begins with `https://`, or with `http://`. Other
    /// identifiers are those of registered clients.
    public static func isURL(_ clientID: String) -> Bool {
        let bytes = clientID.utf8
        return ASCII.equalsIgnoringCase(bytes.prefix(8), "https://".utf8)
            || ASCII.equalsIgnoringCase(bytes.prefix(7), "http://".utf8)
    }

    /// The URL as the client sent it.
    public var description: String { text }

    /// RFC 3986 §6.2.2.1 (case), §6.2.2.2 (escapes of unreserved characters), §6.2.3 (default port).
    private static func differenceFromNormalForm(_ url: AbsoluteURL) -> Normalization? {
        if url.origin.utf8.contains(where: { (0x41...0x5A).contains($0) }) { return .letterCase }
        if let port = url.port, port == (url.scheme == .https ? 443 : 80) { return .defaultPort }
        let rest = Array(url.text.utf8.dropFirst(url.origin.utf8.count))
        for index in rest.indices where rest[index] == UInt8(ascii: "%") {
            guard let octet = PercentEncoding.octet(in: rest, at: index + 1) else { continue }
            if PercentEncoding.isUnreserved(octet.byte) { return .percentEncoding }
            if rest[(index + 1)...(index + 2)].contains(where: { (0x61...0x66).contains($0) }) {
                return .percentEncoding
            }
        }
        return nil
    }
}

extension ClientIdentifierURL.Fault {
    /// What the owner of the URL should change: one sentence, for a person.
    public var remedy: String {
        switch self {
        case .url(.userinfo): "Remove the user name and password."
        case .url: "Use an absolute URL that follows RFC 3986, at most 2,048 bytes."
        case .notHTTPS: "Use https."
        case .noPath: "Add a path, such as /client.json."
        case .fragment: "Remove the fragment."
        case .dotSegments: "Write the path without . and .. segments."
        case .notNormalized(.letterCase): "Write scheme and host in lower case."
        case .notNormalized(.defaultPort): "Leave out the default port."
        case .notNormalized(.percentEncoding): "Encode only what must be encoded, with upper-case digits."
        }
    }
}
