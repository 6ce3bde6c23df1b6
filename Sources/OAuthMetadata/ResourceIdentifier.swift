public import WireFormat

/// The identifier of a protected resource (RFC 9728 §1.2, RFC 8707 §2). It is kept byte for byte in documents,
/// audiences and challenges. It is never serialized again, which would add a `/`, and never derived from a request.
public struct ResourceIdentifier: Sendable, Hashable, CustomStringConvertible {
    /// The parsed identifier.
    public let url: AbsoluteURL

    /// The identifier as it was configured.
    public var text: String { url.text }

    /// Parses a resource identifier.
    ///
    /// **Checks** that it is an https URL, or an http URL that `insecureHTTP` allows, without fragment, userinfo and
    /// dot segments.
    ///
    /// - Throws: ``IdentifierError`` for the first fault.
    public init(_ text: String, insecureHTTP: InsecureHTTP = .loopback) throws(IdentifierError) {
        url = try AbsoluteURL(identifier: text, insecureHTTP: insecureHTTP)
    }

    /// The request path of the metadata document: the well-known path, followed by the resource's own path (RFC 9728
    /// §3.1). ``metadataURL`` is built from it, so that the advertised location and the served one are equal.
    public var metadataPath: String {
        WellKnown.protectedResource + WellKnown.insertablePath(of: url)
    }

    /// The URL of the metadata document, for the parameter `resource_metadata` of challenges (RFC 9728 §5.1).
    public var metadataURL: String {
        url.origin + metadataPath + (url.query.map { "?" + $0 } ?? "")
    }

    /// The identifier as it was configured.
    public var description: String { text }
}
