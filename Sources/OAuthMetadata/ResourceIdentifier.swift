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

/// Well-known locations (RFC 8615).
public enum WellKnown {
    /// The common prefix of all well-known locations.
    public static let prefix = "/.well-known/"
    /// RFC 9728 §3.
    public static let protectedResource = "/.well-known/oauth-protected-resource"
    /// RFC 8414 §3.
    public static let authorizationServer = "/.well-known/oauth-authorization-server"
    /// OpenID Connect Discovery §4.
    public static let openIDConfiguration = "/.well-known/openid-configuration"

    /// RFC 9728 §3.1, RFC 8414 §3.1: a path that is only the slash after the host is removed before inserting.
    static func insertablePath(of url: AbsoluteURL) -> String {
        url.path.utf8.count == 1 ? "" : url.path
    }

    /// Where the metadata of an issuer may stand, in the order to try: RFC 8414 inserted, OpenID Connect inserted,
    /// OpenID Connect appended.
    public static func authorizationServerMetadataURLs(of issuer: IssuerIdentifier) -> [AbsoluteURL] {
        let path = insertablePath(of: issuer.url)
        let origin = issuer.url.origin
        // RFC 8414 §3.1: a terminating slash is removed before anything is inserted or appended.
        let stem = path.utf8.last == UInt8(ascii: "/") ? String(decoding: path.utf8.dropLast(), as: UTF8.self) : path
        var candidates = [origin + authorizationServer + stem, origin + openIDConfiguration + stem]
        if !stem.isEmpty { candidates.append(origin + stem + openIDConfiguration) }
        return candidates.compactMap { try? AbsoluteURL(parsing: $0) }
    }
}
