internal import WireFormat

extension HTTPRequest {
    /// The kind of address that a server listens on.
    public enum ListenerKind: Sendable, Hashable {
        /// The server does not say.
        case unknown
        /// A loopback address. Only this machine can reach it, but so can every web page in a browser on this machine.
        case loopback
        /// Any other IP address.
        case network
        /// A Unix-domain socket.
        case unixSocket
    }
}

extension HTTPRequest.ListenerKind {
    /// The kind of a local address, as another HTTP library gives it.
    ///
    /// - Parameter ipAddress: The IP address at which the connection arrived, without port; nil when there is none.
    ///   Text that is not an IP address gives ``unknown``. A disabled guard refuses such requests.
    public init(ipAddress: String?) {
        // A link-local address may have a zone, which begins with %.
        let text = Array((ipAddress ?? "").utf8.prefix { $0 != UInt8(ascii: "%") })[...]
        guard let address = IPLiteral.parseIPv4(text) ?? IPLiteral.parseIPv6(text) else {
            self = .unknown
            return
        }
        // RFC 4291 §2.5.5.2: a socket for both versions shows IPv4 addresses as ::ffff:127.0.0.1.
        let isMapped = address.count == 16 && address.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        self = IPLiteral.isLoopback(isMapped ? Array(address.suffix(4)) : address) ? .loopback : .network
    }
}
