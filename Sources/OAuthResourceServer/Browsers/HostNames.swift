internal import HTTPMessages
internal import WireFormat

/// The names under which a server on a loopback address is meant: loopback ones, and the resource's own for a proxy in front
/// that keeps `Host`. A page that was served under another name and then resolved to this machine (DNS rebinding) still
/// sends that other name.
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
