public import WireFormat

/// Well-known locations (RFC 8615).
package enum WellKnown {
    /// The common prefix of all well-known locations.
    package static let prefix = "/.well-known/"
    /// RFC 9728 §3.
    package static let protectedResource = "/.well-known/oauth-protected-resource"
    /// RFC 8414 §3.
    package static let authorizationServer = "/.well-known/oauth-authorization-server"
    /// OpenID Connect Discovery §4.
    package static let openIDConfiguration = "/.well-known/openid-configuration"

    /// RFC 9728 §3.1, RFC 8414 §3.1: a path that is only the slash after the host is removed before inserting.
    static func insertablePath(of url: AbsoluteURL) -> String {
        url.path.utf8.count == 1 ? "" : url.path
    }
}

extension IssuerIdentifier {
    /// Where the metadata of this issuer may stand, in the order to try: RFC 8414 inserted, OpenID Connect inserted,
    /// OpenID Connect appended.
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
