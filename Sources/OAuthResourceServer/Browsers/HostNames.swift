internal import HTTPMessages
internal import WireFormat

/// The host names of a server on a loopback address: loopback names, and the resource's own for a proxy in front that
/// keeps `Host`. In a DNS rebinding attack, the name of a page's server is made to resolve to this machine, and the
/// requests of the page still carry that name.
struct HostNames: Sendable {
    private let own: HTTPHost

    init(_ resource: AbsoluteURL) {
        own = HTTPHost(resource)
    }

    /// Whether an authority names this server, on any port.
    func admit(_ authority: HTTPAuthority) -> Bool {
        guard let host = authority.host else { return false }
        return host.isLoopback || host == own
    }
}
