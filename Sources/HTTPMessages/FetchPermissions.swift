public import WireFormat

/// What the operator allows a fetcher beyond https to public addresses.
public struct FetchPermissions: Sendable, Hashable {
    /// The hosts whose plain `http` URLs may be fetched.
    public var insecureHTTP: InsecureHTTP
    /// Hosts that may be fetched from although their addresses are private. A permission is for that host alone, as the
    /// URL names it.
    public var privateHosts: [HTTPHost]

    /// Permissions; by default there are none.
    public init(insecureHTTP: InsecureHTTP = .never, privateHosts: [HTTPHost] = []) {
        self.insecureHTTP = insecureHTTP
        self.privateHosts = privateHosts
    }

    /// Whether the URL is https, or its host is one for which plain http is allowed.
    package func admitsScheme(of url: AbsoluteURL) -> Bool {
        insecureHTTP.admits(url) || (insecureHTTP == .privateHosts && privateHosts.contains(HTTPHost(url)))
    }
}
