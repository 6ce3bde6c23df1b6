public import WireFormat

/// The paths of well-known locations (RFC 8615).
package enum WellKnown {
    /// The common prefix of all well-known locations.
    package static let prefix = "/.well-known/"
    /// Protected resource metadata, RFC 9728 §3.
    package static let protectedResource = "/.well-known/oauth-protected-resource"
    /// Authorization server metadata, RFC 8414 §3.
    package static let authorizationServer = "/.well-known/oauth-authorization-server"
    /// OpenID Connect metadata, OpenID Connect Discovery §4.
    package static let openIDConfiguration = "/.well-known/openid-configuration"

    /// The path to append to a well-known path. RFC 9728 §3.1, RFC 8414 §3.1: a path that is only the slash after the
    /// host is removed first.
    static func insertablePath(of url: AbsoluteURL) -> String {
        url.path.utf8.count == 1 ? "" : url.path
    }

    /// The path that was appended to a well-known path: empty, or beginning with a slash. Nil when the path does not
    /// begin with the well-known path, as a whole segment.
    static func path(insertedInto path: String, after wellKnown: String) -> String? {
        guard path.utf8.starts(with: wellKnown.utf8) else { return nil }
        let rest = path.utf8.dropFirst(wellKnown.utf8.count)
        guard rest.isEmpty || rest.first == UInt8(ascii: "/") else { return nil }
        return String(decoding: rest, as: UTF8.self)
    }
}

extension ResourceIdentifier {
    /// The resources whose metadata is at a location: the inverse of ``metadataURL``.
    ///
    /// `https://mcp.example` and `https://mcp.example/` have the same location, because a path that is only the slash
    /// after the host is removed (RFC 9728 §3.1). Both are returned then, the shorter one first.
    ///
    /// - Parameters:
    ///   - url: The location, with any path, query and port. It is compared byte for byte.
    ///   - insecureHTTP: The hosts for which a resource may have an http URL.
    /// - Returns: Nothing when the URL has another form, or when no acceptable resource has it.
    /// - SeeAlso: [RFC 9728 §3.1](https://www.rfc-editor.org/rfc/rfc9728#section-3.1)
    public static func resources(
        ofMetadataURL url: AbsoluteURL, insecureHTTP: InsecureHTTP = .loopback
    ) -> [ResourceIdentifier] {
        guard let path = WellKnown.path(insertedInto: url.path, after: WellKnown.protectedResource) else { return [] }
        let query = url.query.map { "?" + $0 } ?? ""
        return (path.isEmpty ? ["", "/"] : [path]).compactMap {
            try? ResourceIdentifier(url.origin + $0 + query, insecureHTTP: insecureHTTP)
        }.filter { $0.metadataURL.hasSameBytes(as: url.text) }
    }
}

extension IssuerIdentifier {
    /// The request paths of the issuer's metadata document, in the order in which clients try them. First RFC 8414: its
    /// well-known path, followed by the issuer's path. Then OpenID Connect: its well-known path, followed by the
    /// issuer's path. Last OpenID Connect: the issuer's path, followed by the well-known path. An issuer without a path
    /// has only the first two.
    ///
    /// ``metadataURLs`` is built from it, so that the location that a client tries and the served one are equal.
    ///
    /// - SeeAlso: [RFC 8414 §3.1](https://www.rfc-editor.org/rfc/rfc8414#section-3.1) and
    ///   [§5](https://www.rfc-editor.org/rfc/rfc8414#section-5)
    public var metadataPaths: [String] {
        let path = WellKnown.insertablePath(of: url)
        // RFC 8414 §3.1: a terminating slash is removed before anything is inserted or appended.
        let stem = path.utf8.last == UInt8(ascii: "/") ? String(decoding: path.utf8.dropLast(), as: UTF8.self) : path
        let inserted = [WellKnown.authorizationServer + stem, WellKnown.openIDConfiguration + stem]
        return stem.isEmpty ? inserted : inserted + [stem + WellKnown.openIDConfiguration]
    }

    /// The possible locations of the issuer's metadata, in the order to try: see ``metadataPaths``.
    public var metadataURLs: [AbsoluteURL] {
        metadataPaths.compactMap { try? AbsoluteURL(parsing: url.origin + $0) }
    }

    /// The issuers whose metadata may be at a location: the inverse of ``metadataURLs``.
    ///
    /// A terminating slash of an issuer is removed before its locations are made (RFC 8414 §3.1), so that two issuers
    /// have each location. Both are returned, the shorter one first. A path that has a well-known part at both ends has
    /// two readings, and both are returned.
    ///
    /// - Parameters:
    ///   - url: The location. It is compared byte for byte. A location has no query.
    ///   - insecureHTTP: The hosts for which an issuer may have an http URL.
    /// - Returns: Nothing when the URL has none of the three forms, or when no acceptable issuer has it.
    public static func issuers(
        ofMetadataURL url: AbsoluteURL, insecureHTTP: InsecureHTTP = .never
    ) -> [IssuerIdentifier] {
        var stems = [WellKnown.authorizationServer, WellKnown.openIDConfiguration].compactMap {
            WellKnown.path(insertedInto: url.path, after: $0)
        }
        let suffix = WellKnown.openIDConfiguration.utf8
        let stem = String(decoding: url.path.utf8.dropLast(suffix.count), as: UTF8.self)
        let isAppended = url.path.utf8.dropFirst(stem.utf8.count).elementsEqual(suffix)
        if isAppended, !stem.isEmpty, !stems.contains(where: stem.hasSameBytes) { stems.append(stem) }
        return stems.flatMap { [$0, $0 + "/"] }.compactMap {
            try? IssuerIdentifier(url.origin + $0, insecureHTTP: insecureHTTP)
        }.filter { $0.metadataURLs.contains(url) }
    }
}
