#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import HTTPMessages
import Synchronization

/// Accepts connections on one loop and distributes them over all loops.
actor Acceptor {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    private let listener: ListeningSocket
    private let socket: Socket
    private let loops: [EventLoop]
    private let service: HTTPService
    /// The position of the loop whose turn is next.
    private var next = 0
    /// Since when each loop has connections that it has not begun to serve.
    private var newcomersSince: [Int64]
    /// The other loops that were asked to close a connection and have not answered.
    private var unanswered: Set<ObjectIdentifier> = []
    /// Whether another loop has closed a connection for the present client.
    private var hasMadeRoom = false
    private var isStopping = false
    private var failure: HTTPServer.StartError?

    /// - Parameter loops: At least one loop. The first one accepts.
    init(listener: ListeningSocket, loops: [EventLoop], service: HTTPService) {
        loop = loops[0]
        self.listener = listener
        self.loops = loops
        self.service = service
        newcomersSince = loops.map { _ in 0 }
        socket = Socket(descriptor: listener.descriptor, loop: loops[0])
    }

    /// Accepts until ``stopSoon()``. Then it accepts the connections that are already in the system's queue, and closes
    /// the socket.
    ///
    /// - Returns: The reason when it has stopped without ``stopSoon()``, else nil.
    func run() async -> HTTPServer.StartError? {
        if !socket.open() { failure = .system("epoll_ctl", errno) }
        while !isStopping, failure == nil {
            switch await acceptBurst() {
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
        while failure == nil, case .more = await acceptBurst() {}
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

    private func acceptBurst() async -> Burst {
        for _ in 0..<64 {
            switch socket.accept() {
            case .connection(let descriptor, let peer): await admit(descriptor, from: peer)
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

    private func admit(_ descriptor: Int32, from peer: HTTPRequest.PeerAddress?) async {
        let perPeer = service.limits.connectionsPerPeer
        let network = service.network(of: peer)
        func enter(_ limit: Int?) -> RequestFault? { service.census.enter(network, limit: limit, perPeer: perPeer) }
        var fault = enter(service.capacity.connections)
        if fault == .tooManyConnections {
            fault = await makeRoom() ? enter(nil) : enter(service.capacity.connections)
        }
        if let fault {
            service.census.refuse(fault)
            refuse(descriptor, fault)
            return
        }
        let loop = nextLoop()
        let connection = HTTPConnection(descriptor: descriptor, peer: peer, loop: loop, service: service)
        Task(executorPreference: loop) {
            loop.newcomers.subtract(1, ordering: .relaxed)
            await connection.run()
        }
    }

    /// The next loop in turn that begins to serve its connections in time. A loop whose thread a handler blocks would
    /// collect connections until every place is taken.
    private func nextLoop() -> EventLoop {
        for _ in loops.indices {
            let (index, loop) = (next, loops[next])
            next = (next + 1) % loops.count
            let hadNewcomers = loop.newcomers.load(ordering: .relaxed) > 0
            if hadNewcomers, self.loop.now - newcomersSince[index] > service.times.answer { continue }
            if !hadNewcomers { newcomersSince[index] = self.loop.now }
            loop.newcomers.add(1, ordering: .relaxed)
            return loop
        }
        // This one runs.
        loop.newcomers.add(1, ordering: .relaxed)
        return loop
    }

    /// Closes the connection that gives way first, of all loops. False when none waits.
    ///
    /// Without it, clients that connect and send nothing would lock out every other client.
    private func makeRoom() async -> Bool {
        hasMadeRoom = false
        // Connections that were accepted a moment ago have not begun to wait. They go before those that were answered.
        await Task.yield()
        if await evictFirst() { return true }
        // Others are about to end. A loop that has not finished its turn has not announced its waits, so every loop is
        // asked.
        await Task.yield()
        return await evictFirst(askingAll: true)
    }

    /// - Parameter askingAll: Whether a loop without an announced wait is asked too.
    private func evictFirst(askingAll: Bool = false) async -> Bool {
        let waits = loops.map { (first: $0.firstWait.load(ordering: .relaxed), loop: $0) }
        for (first, loop) in waits.sorted(by: { $0.first < $1.first }) where askingAll || first != .max {
            // The answer to an earlier question may have come late.
            if hasMadeRoom { return true }
            if await loop === self.loop ? take(loop.evict()) : evict(on: loop) { return true }
        }
        return false
    }

    /// Asks another loop to close the connection that gives way first. False when none waits there, and when the loop
    /// does not answer in time. A handler that blocks keeps its loop's thread, and must not keep this one too.
    private func evict(on other: EventLoop) async -> Bool {
        let id = ObjectIdentifier(other)
        guard unanswered.insert(id).inserted else { return false }
        Task(executorPreference: other) {
            let hasEvicted = other.evict()
            await self.hear(hasEvicted, from: id)
        }
        let deadline = loop.now + service.times.answer
        while !hasMadeRoom, unanswered.contains(id), await socket.hasNews(until: deadline) {}
        return hasMadeRoom
    }

    private func hear(_ hasEvicted: Bool, from id: ObjectIdentifier) {
        unanswered.remove(id)
        // Late, it makes room for the client that waits then.
        if take(hasEvicted) { hasMadeRoom = true }
        socket.signal(.readable)
    }

    private func take(_ hasEvicted: Bool) -> Bool {
        if hasEvicted { service.census.reject(.evicted) }
        return hasEvicted
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
        _ = refused.discard()
        refused.close()
    }
}
