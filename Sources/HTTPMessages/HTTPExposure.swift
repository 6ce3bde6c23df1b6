/// The addresses on which a server may run a handler.
public enum HTTPExposure: Sendable, Hashable {
    /// Any address.
    case anywhere
    /// Loopback addresses and Unix-domain sockets only. The reason is a text for the operator: why, and what to do.
    case loopbackOnly(reason: String)
}
