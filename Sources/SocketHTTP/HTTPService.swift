package import HTTPMessages

/// The settings and counters that every connection of a running server shares.
package final class HTTPService: Sendable {
    let handler: any HTTPHandler
    let limits: ServerLimits
    let times: ServerTimes
    let capacity: ServerCapacity
    let memory: MemoryBudget
    /// The loops that serve the connections.
    let loops: [EventLoop]
    let listener: HTTPRequest.ListenerKind
    let census: ConnectionCensus
    let accessLog: (@Sendable (AccessRecord) -> Void)?
    let onError: (@Sendable (any Error) -> Void)?

    init(
        handler: any HTTPHandler, limits: ServerLimits, capacity: ServerCapacity, loops: [EventLoop],
        listener: HTTPRequest.ListenerKind, census: ConnectionCensus,
        accessLog: (@Sendable (AccessRecord) -> Void)?, onError: (@Sendable (any Error) -> Void)?
    ) {
        self.handler = handler
        self.limits = limits
        self.listener = listener
        self.census = census
        self.accessLog = accessLog
        self.onError = onError
        times = ServerTimes(limits)
        self.capacity = capacity
        self.loops = loops
        memory = MemoryBudget(bytes: capacity.memoryBytes)
    }

    /// The network that the census counts for a connection; nil without a limit per peer, and for a Unix-domain socket.
    func network(of peer: HTTPRequest.PeerAddress?) -> SocketAddress.Network? {
        limits.connectionsPerPeer == nil ? nil : peer.map { SocketAddress.Network(of: $0) }
    }

    /// A service without a listening socket, for a program that makes its own connections.
    package convenience init(handler: any HTTPHandler, limits: ServerLimits) {
        self.init(
            handler: handler, limits: limits, capacity: ServerCapacity(limits, openFiles: nil, memory: nil),
            loops: [], listener: .unknown, census: ConnectionCensus(), accessLog: nil, onError: nil)
    }
}
