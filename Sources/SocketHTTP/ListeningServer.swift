public import HTTPMessages
import Synchronization

/// A server that holds its address and waits for a handler.
///
/// It releases the address when ``run(_:)`` returns, or when it is deallocated before.
public final class ListeningServer: Sendable {
    /// The port that it listens on; 0 for a Unix-domain socket only.
    public let port: UInt16
    /// The address that it listens on: `127.0.0.1:8080`, `[::1]:8080`, or a path.
    public let place: String
    private let limits: ServerLimits
    private let accessLog: (@Sendable (AccessRecord) -> Void)?
    private let onError: (@Sendable (any Error) -> Void)?
    private let census = ConnectionCensus()
    private struct Engine {
        /// They outlive their loops.
        var counters: [LoopCounters] = []
        var memory: MemoryBudget?
        /// The loops of a server that runs.
        var loops: [EventLoop] = []
    }

    private let engine = Mutex(Engine())
    private let clock = LoopClock()
    private let socket: Mutex<ListeningSocket?>

    init(
        _ socket: ListeningSocket, limits: ServerLimits, accessLog: (@Sendable (AccessRecord) -> Void)?,
        onError: (@Sendable (any Error) -> Void)?
    ) {
        port = socket.port
        place = socket.place
        self.limits = limits
        self.accessLog = accessLog
        self.onError = onError
        self.socket = Mutex(socket)
    }

    deinit {
        socket.withLock { $0?.close() }
    }

    /// What the server has done so far. May be read at any time, from any thread; a read is cheap.
    public var counters: Counters {
        var counters = Counters()
        let (loops, memory) = engine.withLock { ($0.counters, $0.memory) }
        for loop in loops { loop.add(to: &counters) }
        counters.heldBytes = memory?.heldBytes ?? 0
        census.add(to: &counters)
        return counters
    }

    /// Moves the clock of the loops forward, for a test. Returns when each loop has acted on it.
    func skip(_ time: Duration) async {
        clock.skip(milliseconds: ServerTimes.milliseconds(time))
        for loop in engine.withLock({ $0.loops }) {
            // The turn that runs the first job may have read the clock before.
            for _ in 1...2 { await Task(executorPreference: loop) {}.value }
        }
    }

    /// Serves until the calling task is cancelled, then stops gracefully and returns.
    ///
    /// The handler runs on the event loops, which serve all connections. A handler that waits must suspend; it must not
    /// block a thread. One that does holds up the connections of its loop, and on the first loop all new clients too.
    ///
    /// The task of a request is cancelled when its client goes away: at once when the connection is reset, and when it
    /// stops reading for ``ServerLimits/writeStallTime``.
    ///
    /// A client that closes its sending side after a whole request is answered like any other, and its task goes on. A
    /// full close looks the same to the server until it sends something, so a client that closed its connection is
    /// noticed with the next write. A stream is probed at once with one byte of the chunked coding that has no meaning.
    /// Before the response, and for a stream to an HTTP/1.0 client, the system asks the client's system (TCP
    /// keep-alive): first after 20 s, then every 10 s. The connection is lost after three questions without an answer
    /// (about 50 s), or when the client's system answers that it has forgotten the connection, which takes about a
    /// minute after a full close on most systems. A Unix-domain socket shows a full close at once.
    ///
    /// To stop, the server closes its port and every connection that waits for a request or for the rest of its head.
    /// Requests in flight have ``ServerLimits/shutdownGrace`` to end; then their tasks are cancelled and their
    /// connections closed. All threads and descriptors are released. Only a handler that blocks its thread keeps that
    /// thread, and the port if the same thread accepts connections, until it returns.
    ///
    /// - Parameter handler: Responds to the requests.
    /// - Throws: ``HTTPServer/StartError/loopbackOnly(_:reason:)`` when the handler's
    ///   ``HTTPMessages/HTTPHandler/exposure`` does not allow the address. No connection has been accepted then, and
    ///   the address is released. ``HTTPServer/StartError/tooFewFiles(_:needed:)`` when the limit of open files leaves
    ///   no place for connections. Another ``HTTPServer/StartError`` when a thread or a descriptor cannot be obtained,
    ///   on a second call, or when another owner of an inherited socket has shut it down.
    public func run(_ handler: any HTTPHandler) async throws(HTTPServer.StartError) {
        try await run(handler, whenReady: {})
    }

    /// - Parameter whenReady: Called when nothing can keep the server from accepting connections any more.
    private func run(
        _ handler: any HTTPHandler, whenReady: @Sendable () -> Void
    ) async throws(HTTPServer.StartError) {
        let taken = socket.withLock { socket in
            defer { socket = nil }
            return socket
        }
        guard let socket = taken else { throw .alreadyRun }
        let capacity: ServerCapacity
        let crew: LoopCrew
        do throws(HTTPServer.StartError) {
            try socket.check(handler.exposure)
            let loops = LoopCrew.count(limits)
            capacity = try .onThisSystem(limits, loops: loops)
            crew = try LoopCrew(count: loops, clock: clock)
        } catch {
            socket.close()
            throw error
        }
        let service = HTTPService(
            handler: handler, limits: limits, capacity: capacity, loops: crew.loops,
            listener: socket.kind, census: census, accessLog: accessLog, onError: onError)
        engine.withLock { engine in
            engine = Engine(counters: crew.loops.map(\.counters), memory: service.memory, loops: crew.loops)
        }
        let acceptor = Acceptor(listener: socket, loops: crew.loops, service: service)
        whenReady()
        let end = FirstAnswer<HTTPServer.StartError?>()
        Task(executorPreference: acceptor.loop) { end.give(await acceptor.run()) }
        let timer = Mutex<Task<Void, Never>?>(nil)
        let failure = await withTaskCancellationHandler {
            await end.value
        } onCancel: {
            acceptor.stopSoon()
            // A handler may block the thread of the acceptor. Then the port stays open until the handler returns.
            timer.withLock { $0 = end.give(nil, after: limits.cancellationTime) }
        }
        timer.withLock { $0?.cancel() }
        // The stop runs in a task of its own: the calling task is cancelled, which must not shorten the grace.
        await Task { await crew.stop(service) }.value
        engine.withLock { $0.loops = [] }
        if let failure { throw failure }
    }

    /// Serves until the calling task is cancelled or the process gets SIGINT or SIGTERM, then stops like ``run(_:)``.
    ///
    /// - Parameter handler: Responds to the requests.
    /// - Throws: What ``run(_:)`` throws.
    public func runUntilTerminated(_ handler: any HTTPHandler) async throws(HTTPServer.StartError) {
        try await runUntilTerminated(handler, whenReady: {})
    }

    /// Serves like ``runUntilTerminated(_:)``, and says when it is ready.
    ///
    /// - Parameter whenReady: Called once, when the server accepts connections and both signals stop it gracefully.
    package func runUntilTerminated(
        _ handler: any HTTPHandler, whenReady: @escaping @Sendable () -> Void
    ) async throws(HTTPServer.StartError) {
        TerminationSignal.install()
        let failure = await withTaskGroup(of: HTTPServer.StartError?.self) { group in
            group.addTask {
                do throws(HTTPServer.StartError) {
                    try await self.run(handler, whenReady: whenReady)
                    return nil
                } catch {
                    return error
                }
            }
            group.addTask {
                _ = try? await TerminationSignal.wait()
                return nil
            }
            var failure = await group.next() ?? nil
            group.cancelAll()
            for await other in group { failure = failure ?? other }
            return failure
        }
        if let failure { throw failure }
    }
}
