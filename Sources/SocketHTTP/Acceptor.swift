#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import HTTPMessages

/// Accepts connections on one loop and spreads them over all.
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

    /// `loops` must not be empty.
    init(listener: ListeningSocket, loops: [EventLoop], service: HTTPService) {
        loop = loops[0]
        self.listener = listener
        self.loops = loops
        self.service = service
        socket = Socket(descriptor: listener.descriptor, loop: loops[0])
    }

    /// Accepts until ``stopSoon()``, then takes what is in the queue already and closes the socket. Returns why, when it stopped by
    /// itself.
    func run() async -> HTTPServer.StartError? {
        if !socket.open() { failure = .system("epoll_ctl", errno) }
        while !isStopping, failure == nil {
            switch acceptBurst() {
            case .wouldBlock:
                _ = await socket.readable(until: .max)
            case .more:
                await Task.yield()
            case .exhausted:
                // No descriptor or no memory: connections that end give some back. Trying at once would spin.
                await socket.pause(until: loop.now + 100)
            }
        }
        while failure == nil, case .more = acceptBurst() {}
        listener.file?.remove()
        loop.remove(socket)
        return failure
    }

    /// Ends ``run()``. Callable from anywhere.
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
        // Asked for only where somebody wants to know: it is a system call.
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

    /// One connection too many: answered if the socket takes it at once, then closed.
    private func refuse(_ descriptor: Int32, _ fault: RequestFault) {
        let refused = Socket(descriptor: descriptor, loop: loop)
        var out: [UInt8] = []
        ResponseHead.append(fault.status, HTTPFields(), .length(0), .close, date: loop.dateLine, to: &out)
        loop.counters.countResponse(fault.status)
        _ = refused.send(out, from: 0)
        refused.finishSending()
        // Closing with bytes unread would reset the connection and could take the answer from the client: see `linger()`.
        var unread: [UInt8] = []
        _ = refused.receive(into: &unread, atMost: .max)
        refused.close()
    }
}
