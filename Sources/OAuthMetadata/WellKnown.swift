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
}

extension IssuerIdentifier {
    /// The possible locations of the issuer's metadata, in the order to try. First RFC 8414: its well-known path,
    /// followed by the issuer's path. Then OpenID Connect: its well-known path, followed by the issuer's path. Last
    /// OpenID Connect: the issuer's path, followed by the well-known path.
    public var metadataURLs: [AbsoluteURL] {
        let path = WellKnown.insertablePath(of: url)
        let origin = url.origin
        // RFC 8414 §3.1: a terminating slash is removed before anything is inserted or appended.
        let stem = path.utf8.last == UInt8(ascii: "/") ? String(decoding: path.utf8.dropLast(), as: UTF8.self) : path
        var candidates = [
            origin + WellKnown.authorizationServer + stem, origin + WellKnown.openIDConfiguration + stem,
        ]
        if !stem.isEmpty { candidates.append(origin + stem + WellKnown.openIDConfiguration) }
        return candidates.compactMap { try? AbsoluteURL(parsing: $0) }
    }
}
