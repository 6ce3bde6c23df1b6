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
    /// They outlive their loops.
    private let loopCounters = Mutex<[LoopCounters]>([])
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
        for loop in loopCounters.withLock({ $0 }) { loop.add(to: &counters) }
        census.add(to: &counters)
        return counters
    }

    /// Serves until the calling task is cancelled, then stops gracefully and returns.
    ///
    /// The handler runs on the event loops, which serve all connections. A handler that waits must suspend; it must not
    /// block a thread.
    ///
    /// The task of a request is cancelled as soon as its client goes away, also while nothing is being written. A
    /// client that closes only its sending side counts as gone, because a full close looks the same to the server. If
    /// the handler responds all the same, the response is sent before the connection closes.
    ///
    /// To stop, the server closes its port and every idle connection. Requests in flight have
    /// ``ServerLimits/shutdownGrace`` to end; then their tasks are cancelled and their connections closed. All threads
    /// and descriptors are released.
    ///
    /// - Parameter handler: Responds to the requests.
    /// - Throws: ``HTTPServer/StartError/loopbackOnly(_:reason:)`` when the handler's
    ///   ``HTTPMessages/HTTPHandler/exposure`` does not allow the address. No connection has been accepted then, and
    ///   the address is released. Another ``HTTPServer/StartError`` when a thread or a descriptor cannot be obtained,
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
        let crew: LoopCrew
        do throws(HTTPServer.StartError) {
            try socket.check(handler.exposure)
            OpenFileLimit.raise(toHold: limits.connections)
            crew = try LoopCrew(count: limits.eventLoops ?? systemProcessorCount())
        } catch {
            socket.close()
            throw error
        }
        loopCounters.withLock { $0 = crew.loops.map(\.counters) }
        let service = HTTPService(
            handler: handler, limits: limits, listener: socket.kind, census: census, accessLog: accessLog,
            onError: onError)
        let acceptor = Acceptor(listener: socket, loops: crew.loops, service: service)
        whenReady()
        let accepting = Task(executorPreference: acceptor.loop) { await acceptor.run() }
        let failure = await withTaskCancellationHandler {
            await accepting.value
        } onCancel: {
            acceptor.stopSoon()
        }
        // The stop runs in a task of its own: the calling task is cancelled, which must not shorten the grace.
        await Task { await crew.stop(service) }.value
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
