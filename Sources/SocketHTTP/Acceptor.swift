#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import HTTPMessages

/// Accepts connections on one loop and distributes them over all loops.
actor Acceptor {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    private let listener: ListeningSocket
    private let socket: Socket
    private let loops: [EventLoop]
    private let service: HTTPService
    private var next = 0
    private var isStopping = false
    private var failure: HTTPServer.StartError?

    /// - Parameter loops: At least one loop. The first one accepts.
    init(listener: ListeningSocket, loops: [EventLoop], service: HTTPService) {
        loop = loops[0]
        self.listener = listener
        self.loops = loops
        self.service = service
        socket = Socket(descriptor: listener.descriptor, loop: loops[0])
    }

    /// Accepts until ``stopSoon()``. Then it accepts the connections that are already in the system's queue, and closes
    /// the socket.
    ///
    /// - Returns: The reason when it has stopped without ``stopSoon()``, else nil.
    func run() async -> HTTPServer.StartError? {
        if !socket.open() { failure = .system("epoll_ctl", errno) }
        while !isStopping, failure == nil {
            switch acceptBurst() {
            case .wouldBlock:
                _ = await socket.readable(until: .max)
            case .more:
                await Task.yield()
            case .exhausted:
                // No descriptor or no memory is left. Connections that end release some; trying again at once would
                // spin.
                await socket.pause(until: loop.now + 100)
            }
        }
        while failure == nil, case .more = acceptBurst() {}
        listener.file?.remove()
        loop.remove(socket)
        return failure
    }

    /// Ends ``run()``. May be called from any thread.
    nonisolated func stopSoon() {
        Task(executorPreference: loop) { await self.stop() }
    }

    private func stop() {
        isStopping = true
        socket.abort()
    }

    private enum Burst {
        case wouldBlock
        case more
        case exhausted
    }

    private func acceptBurst() -> Burst {
        for _ in 0..<64 {
            switch socket.accept() {
            case .connection(let descriptor): admit(descriptor)
            case .wouldBlock: return .wouldBlock
            case .retry: continue
            case .exhausted: return .exhausted
            case .broken(let code):
                failure = .system("accept", code)
                return .wouldBlock
            }
        }
        return .more
    }

    private func admit(_ descriptor: Int32) {
        // Only when it is needed, because it costs a system call.
        let network = service.limits.connectionsPerPeer == nil ? nil : SocketAddress(peerOf: descriptor)?.network
        if let fault = service.census.enter(network, service.limits) {
            refuse(descriptor, fault)
            return
        }
        let loop = loops[next]
        next = (next + 1) % loops.count
        let connection = HTTPConnection(descriptor: descriptor, network: network, loop: loop, service: service)
        Task(executorPreference: loop) { await connection.run() }
    }

    /// Refuses a connection beyond the limit: sends a response if the socket takes it at once, then closes.
    private func refuse(_ descriptor: Int32, _ fault: RequestFault) {
        let refused = Socket(descriptor: descriptor, loop: loop)
        var out: [UInt8] = []
        ResponseHead.append(fault.status, HTTPFields(), .length(0), .close, date: loop.dateLine, to: &out)
        loop.counters.countResponse(fault.status)
        _ = refused.send(out, from: 0)
        refused.finishSending()
        // A close with unread bytes would reset the connection, and the client could lose the response: see `linger()`.
        var unread: [UInt8] = []
        _ = refused.receive(into: &unread, atMost: .max)
        refused.close()
    }
}
