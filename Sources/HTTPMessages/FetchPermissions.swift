public import WireFormat

/// What the operator allows a fetcher beyond https to public addresses.
///
/// Plain values, so that a configuration can be read before a fetcher is made of it.
public struct FetchPermissions: Sendable, Hashable {
    /// When a plain `http` URL may be fetched.
    public var insecureHTTP: InsecureHTTP
    /// Host names and literal addresses that may be fetched from although their addresses are private, as they stand in the
    /// URL (ASCII case is ignored). A permission is for that host alone.
    public var privateHosts: [String]

    /// Permissions; none by default.
    public init(insecureHTTP: InsecureHTTP = .never, privateHosts: [String] = []) {
        self.insecureHTTP = insecureHTTP
        self.privateHosts = privateHosts
    }
}
