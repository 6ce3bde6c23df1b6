/// The hosts for which plain `http` is acceptable. Every machine on the network path can read and replace what plain
/// HTTP carries, tokens and keys too.
public enum InsecureHTTP: String, Sendable, Hashable {
    /// For no host.
    case never
    /// For `localhost`, 127.0.0.0/8 and `::1`: development on one machine.
    case loopback
    /// For loopback hosts, and for the hosts that the operator has listed as private. This type alone admits loopback
    /// hosts only, because it has no list.
    case privateHosts = "private_hosts"
    /// For every host. Only where something else protects the network path, such as a mesh that encrypts.
    case dangerouslyAnyHost = "any_host"

    /// Whether the URL's scheme is acceptable.
    public func admits(_ url: AbsoluteURL) -> Bool {
        switch (url.scheme, self) {
        case (.https, _), (.http, .dangerouslyAnyHost): true
        case (.http, .loopback), (.http, .privateHosts): url.isLoopback
        case (.http, .never): false
        }
    }
}
