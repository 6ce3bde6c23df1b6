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

    private let socket: Socket
    private let loops: [EventLoop]
    private let service: HTTPService
    private var next = 0
    private var isStopping = false

    /// `loops` must not be empty.
    init(descriptor: Int32, loops: [EventLoop], service: HTTPService) {
        loop = loops[0]
        self.loops = loops
        self.service = service
        socket = Socket(descriptor: descriptor, loop: loops[0])
    }

    /// Accepts until ``stopSoon()``, then takes what is in the queue already and closes the port.
    func run() async {
        if socket.open() {
            while !isStopping {
                switch acceptBurst() {
                case .wouldBlock:
                    _ = await socket.readable(until: .max)
                case .more:
                    await Task.yield()
                case .exhausted:
                    // No descriptor or no memory: connections that end give some back. Trying at once would spin.
                    _ = await socket.pause(until: loop.now + 100)
                }
            }
            while case .more = acceptBurst() {}
        }
        loop.remove(socket)
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
            }
        }
        return .more
    }

    private func admit(_ descriptor: Int32) {
        guard service.census.enter(limit: service.limits.connections) else {
            refuse(descriptor)
            return
        }
        let loop = loops[next]
        next = (next + 1) % loops.count
        let connection = HTTPConnection(descriptor: descriptor, loop: loop, service: service)
        Task(executorPreference: loop) { await connection.run() }
    }

    /// One connection too many: answered if the socket takes it at once, then closed.
    private func refuse(_ descriptor: Int32) {
        let refused = Socket(descriptor: descriptor, loop: loop)
        var out: [UInt8] = []
        ResponseHead.append(
            RequestFault.tooManyConnections.status, HTTPFields(), .length(0), .close, date: loop.dateLine, to: &out)
        _ = refused.send(out, from: 0)
        refused.finishSending()
        refused.close()
    }
}
