public import HTTPMessages
import Synchronization

/// An HTTP/1.1 server on plain sockets, for one handler.
///
/// It speaks no TLS: terminate that in front of it, and bind it to a loopback address or a Unix-domain socket. What it accepts is
/// RFC 9112 read strictly; what it limits is ``ServerLimits``.
///
/// ```swift
/// let listening = try HTTPServer(host: "127.0.0.1", port: 8080, handler: handler).listen()
/// print("port \(listening.port)")
/// try await listening.runUntilTerminated()
/// ```
///
/// Handlers run on the event loops, which serve all connections: a handler that waits must suspend. One that has to block a thread
/// does so in ``BlockingThreads/run(_:)``.
///
/// The task of a request is cancelled as soon as its client goes away, also while nothing is being written. A client that closes
/// only its sending side counts as gone: few do it on purpose, and a plain close looks the same from here. If the handler answers
/// all the same, the answer is sent before the connection closes.
public struct HTTPServer: Sendable {
    private let address: ListenAddress
    private let handler: any HTTPHandler
    private let limits: ServerLimits
    private let accessLog: (@Sendable (AccessRecord) -> Void)?
    private let onError: (@Sendable (any Error) -> Void)?

    /// A server that is not listening yet.
    ///
    /// - Parameters:
    ///   - address: Where it listens.
    ///   - limits: Sizes, times and numbers.
    ///   - handler: Answers the requests, on the event loops: it must not block a thread.
    ///   - accessLog: Called once for each request, on the event loops: it must not block a thread.
    ///   - onError: Called with what a handler threw and the client saw as a 500 or as a broken stream; for the operator.
    public init(
        address: ListenAddress, limits: ServerLimits = ServerLimits(), handler: any HTTPHandler,
        accessLog: (@Sendable (AccessRecord) -> Void)? = nil, onError: (@Sendable (any Error) -> Void)? = nil
    ) {
        self.address = address
        self.limits = limits
        self.handler = handler
        self.accessLog = accessLog
        self.onError = onError
    }

    /// A server on TCP that is not listening yet.
    ///
    /// - Parameters:
    ///   - host: An IPv4 or IPv6 address, or `localhost` for 127.0.0.1. Names are not resolved.
    ///   - port: The port; 0 is any free one.
    ///   - limits: Sizes, times and numbers.
    ///   - handler: Answers the requests, on the event loops: it must not block a thread.
    ///   - accessLog: Called once for each request, on the event loops: it must not block a thread.
    ///   - onError: Called with what a handler threw and the client saw as a 500 or as a broken stream; for the operator.
    public init(
        host: String, port: UInt16, limits: ServerLimits = ServerLimits(), handler: any HTTPHandler,
        accessLog: (@Sendable (AccessRecord) -> Void)? = nil, onError: (@Sendable (any Error) -> Void)? = nil
    ) {
        self.init(
            address: .tcp(host: host, port: port), limits: limits, handler: handler, accessLog: accessLog,
            onError: onError)
    }

    /// Takes the address. Connections queue until the server runs; no thread is started yet.
    ///
    /// - Throws: ``ListenError/loopbackOnly(_:reason:)`` when the handler's ``HTTPMessages/HTTPHandler/exposure`` does not allow the
    ///   address; else what the system said.
    public func listen() throws(ListenError) -> ListeningServer {
        let socket = try ListeningSocket.open(address, handler.exposure)
        return ListeningServer(
            socket,
            HTTPService(
                handler: handler, limits: limits, listener: socket.kind, accessLog: accessLog, onError: onError))
    }
}

/// A server that holds its address. It gives it back when it has run, or when it is released without.
public final class ListeningServer: Sendable {
    /// The port it listens on; 0 for a Unix-domain socket only.
    public let port: UInt16
    /// The address it listens on: `127.0.0.1:8080`, `[::1]:8080`, or a path.
    public let place: String
    private let service: HTTPService
    private let socket: Mutex<ListeningSocket?>

    init(_ socket: ListeningSocket, _ service: HTTPService) {
        port = socket.port
        place = socket.place
        self.service = service
        self.socket = Mutex(socket)
    }

    deinit {
        socket.withLock { $0?.close() }
    }

    /// What the server has done so far. Cheap: it may be asked at any time, from anywhere.
    public var counters: ServerCounters { service.counters }

    /// Serves until the calling task is cancelled, then stops gracefully and returns.
    ///
    /// Stopping: the port is closed; idle connections are closed; requests in flight have ``ServerLimits/shutdownGrace`` to end;
    /// then their tasks are cancelled and their connections closed. Threads and descriptors are given back.
    /// - Throws: ``ListenError`` when a thread or a descriptor is not to be had, on a second call, or when somebody who shares the
    ///   socket has shut it down.
    public func run() async throws(ListenError) {
        let taken = socket.withLock { socket in
            defer { socket = nil }
            return socket
        }
        guard let socket = taken else { throw .alreadyRun }
        OpenFileLimit.raise(toHold: service.limits.connections)
        let crew: LoopCrew
        do throws(ListenError) {
            crew = try LoopCrew(count: service.limits.eventLoops ?? systemProcessorCount())
        } catch {
            socket.close()
            throw error
        }
        service.count(crew.loops)
        let acceptor = Acceptor(listener: socket, loops: crew.loops, service: service)
        let accepting = Task(executorPreference: acceptor.loop) { await acceptor.run() }
        let failure = await withTaskCancellationHandler {
            await accepting.value
        } onCancel: {
            acceptor.stopSoon()
        }
        // The steps of the stop are a task of their own: the calling task is cancelled, which must not shorten the grace.
        let service = self.service
        await Task { await crew.stop(service) }.value
        if let failure { throw failure }
    }

    /// Serves until the calling task is cancelled or the process gets SIGINT or SIGTERM, then stops like ``run()``.
    public func runUntilTerminated() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.run() }
            group.addTask { _ = try? await TerminationSignal.wait() }
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}

/// What every connection of a server shares.
package final class HTTPService: Sendable {
    let handler: any HTTPHandler
    let limits: ServerLimits
    let times: ServerTimes
    let listener: HTTPRequest.ListenerKind
    let accessLog: (@Sendable (AccessRecord) -> Void)?
    let onError: (@Sendable (any Error) -> Void)?
    let census = ConnectionCensus()
    /// Outlive their loops.
    private let loopCounters = Mutex<[LoopCounters]>([])

    package init(
        handler: any HTTPHandler, limits: ServerLimits, listener: HTTPRequest.ListenerKind = .unknown,
        accessLog: (@Sendable (AccessRecord) -> Void)? = nil, onError: (@Sendable (any Error) -> Void)? = nil
    ) {
        self.handler = handler
        self.limits = limits
        self.listener = listener
        self.accessLog = accessLog
        self.onError = onError
        times = ServerTimes(limits)
    }

    /// Takes the counters of these loops into account.
    func count(_ loops: [EventLoop]) {
        loopCounters.withLock { $0 = loops.map(\.counters) }
    }

    var counters: ServerCounters {
        var counters = ServerCounters()
        for loop in loopCounters.withLock({ $0 }) { loop.add(to: &counters) }
        census.add(to: &counters)
        return counters
    }
}
