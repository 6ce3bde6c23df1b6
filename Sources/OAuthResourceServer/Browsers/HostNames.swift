internal import HTTPMessages
internal import WireFormat

/// The values of `Host` that a server on a loopback address accepts: loopback names, the resource's host, because a
/// proxy may forward the original `Host`, and configured hosts. In a DNS rebinding attack, the attacker's domain
/// resolves to this machine. `Host` then still contains the attacker's domain.
struct HostNames: Sendable {
    private let own: HTTPHost
    private let further: [HTTPHost]

    init(_ resource: AbsoluteURL, _ further: [HTTPHost]) {
        own = HTTPHost(resource)
        self.further = further
    }

    /// Whether the value of `Host` names this server, on any port.
    func admit(_ host: ArraySlice<UInt8>) -> Bool {
        // The usual value on a loopback address needs no parsing: this address, alone or with a port.
        if ASCII.equals(host.prefix(9), "127.0.0.1") {
            let rest = host.dropFirst(9)
            if rest.isEmpty || rest.first == 0x3A && URLGrammar.port(rest.dropFirst()) != nil { return true }
        }
        return HTTPAuthority(bytes: host).map { admit($0) } ?? false
    }

    /// Whether an authority names this server, on any port.
    func admit(_ authority: HTTPAuthority) -> Bool {
        guard let host = authority.host else { return false }
        return host.isLoopback || host == own || further.contains(host)
    }
}
