/// Where plain `http` is acceptable. Tokens and keys over plain HTTP can be read and replaced by anybody on the way.
public enum InsecureHTTP: String, Sendable, Hashable {
    /// Nowhere.
    case never
    /// For `localhost`, 127.0.0.0/8 and `::1`: development on one machine.
    case loopback
    /// For every host. Only where something else protects the way, such as a mesh that encrypts.
    case dangerouslyAnyHost = "any_host"

    /// Whether the URL's scheme is acceptable.
    public func admits(_ url: AbsoluteURL) -> Bool {
        switch (url.scheme, self) {
        case (.https, _), (.http, .dangerouslyAnyHost): true
        case (.http, .loopback): url.isLoopback
        case (.http, .never): false
        }
    }
}
