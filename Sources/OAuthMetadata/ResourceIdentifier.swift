public import WireFormat

/// A protected resource's identifier (RFC 9728 §1.2, RFC 8707 §2), kept byte for byte in documents, audiences and
/// challenges: never re-serialised, which would add a `/`, and never derived from a request.
public struct ResourceIdentifier: Sendable, Hashable, CustomStringConvertible {
    /// The identifier, parsed.
    public let url: AbsoluteURL

    /// The identifier as the operator spelled it.
    public var text: String { url.text }

    /// A resource: https, or http where `insecureHTTP` admits it; no fragment, no userinfo.
    public init(_ text: String, insecureHTTP: InsecureHTTP = .loopback) throws(IdentifierError) {
        url = try AbsoluteURL(identifier: text, insecureHTTP: insecureHTTP)
    }

    /// The request path of the metadata document: the well-known string inserted before the resource's own path
    /// (RFC 9728 §3.1). The advertised ``metadataURL`` is made of it, so that what is advertised is what is served.
    public var metadataPath: String {
        WellKnown.protectedResource + WellKnown.insertablePath(of: url)
    }

    /// The URL of the metadata document, for `resource_metadata` in challenges (RFC 9728 §5.1).
    public var metadataURL: String {
        url.origin + metadataPath + (url.query.map { "?" + $0 } ?? "")
    }

    /// The identifier as spelled.
    public var description: String { text }
}
