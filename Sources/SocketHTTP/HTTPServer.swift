#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
public import HTTPMessages
import Synchronization

/// An HTTP/1.1 server on plain sockets, for one handler.
///
/// It speaks no TLS: terminate that in front of it, and bind it to a loopback address. What it accepts is RFC 9112 read strictly;
/// what it limits is ``ServerLimits``.
///
/// ```swift
/// let listening = try HTTPServer(host: "127.0.0.1", port: 8080, handler: handler).listen()
/// print("port \(listening.port)")
/// try await listening.runUntilTerminated()
/// ```
public struct HTTPServer: Sendable {
    private let host: String
    private let port: UInt16
    private let service: HTTPService

    /// A server that is not listening yet.
    ///
    /// - Parameters:
    ///   - host: An IPv4 or IPv6 address, or `localhost` for 127.0.0.1. Names are not resolved.
    ///   - port: The port; 0 is any free one.
    ///   - limits: Sizes, times and numbers.
    ///   - handler: Answers the requests, on the event loops: it must not block a thread.
    ///   - onError: Called with what a handler threw and the client saw as a 500 or as a broken stream; for the operator.
    public init(
        host: String, port: UInt16, limits: ServerLimits = ServerLimits(), handler: any HTTPHandler,
        onError: (@Sendable (any Error) -> Void)? = nil
    ) {
        self.host = host
        self.port = port
        service = HTTPService(handler: handler, limits: limits, onError: onError)
    }

    /// Takes the port. Connections queue until the server runs; no thread is started yet.
    public func listen() throws(ListenError) -> ListeningServer {
        let (descriptor, port) = try ListeningSocket.open(host: host, port: port)
        return ListeningServer(descriptor: descriptor, port: port, service: service)
    }
}

/// A server that holds its port. It gives the port back when it has run, or when it is released without.
public final class ListeningServer: Sendable {
    /// The port it listens on; never 0.
    public let port: UInt16
    private let service: HTTPService
    private let descriptor: Mutex<Int32?>

    fileprivate init(descriptor: Int32, port: UInt16, service: HTTPService) {
        self.port = port
        self.service = service
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        if let descriptor = descriptor.withLock({ $0 }) { _ = systemClose(descriptor) }
    }

    /// Serves until the calling task is cancelled, then stops gracefully and returns.
    ///
    /// Stopping: the port is closed; idle connections are closed; requests in flight have ``ServerLimits/shutdownGrace`` to end;
    /// then their tasks are cancelled and their connections closed. Threads and descriptors are given back.
    /// - Throws: ``ListenError`` when a thread or a descriptor is not to be had, or on a second call.
    public func run() async throws(ListenError) {
        let taken = descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        guard let descriptor = taken else { throw .alreadyRun }
        let crew: LoopCrew
        do throws(ListenError) {
            crew = try LoopCrew(count: service.limits.eventLoops ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        } catch {
            _ = systemClose(descriptor)
            throw error
        }
        let acceptor = Acceptor(descriptor: descriptor, loops: crew.loops, service: service)
        let accepting = Task(executorPreference: acceptor.loop) { await acceptor.run() }
        await withTaskCancellationHandler {
            await accepting.value
        } onCancel: {
            acceptor.stopSoon()
        }
        // The steps of the stop are a task of their own: the calling task is cancelled, which must not shorten the grace.
        let service = self.service
        await Task { await crew.stop(service) }.value
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
final class HTTPService: Sendable {
    let handler: any HTTPHandler
    let limits: ServerLimits
    let times: ServerTimes
    let onError: (@Sendable (any Error) -> Void)?
    let census = ConnectionCensus()

    init(handler: any HTTPHandler, limits: ServerLimits, onError: (@Sendable (any Error) -> Void)?) {
        self.handler = handler
        self.limits = limits
        self.onError = onError
        times = ServerTimes(limits)
    }
}

/// The event loops of a running server.
private struct LoopCrew: Sendable {
    let loops: [EventLoop]
    private let threads: [PosixThread]

    init(count: Int) throws(ListenError) {
        var loops: [EventLoop] = []
        var threads: [PosixThread] = []
        do throws(ListenError) {
            for _ in 0..<max(1, min(count, 1024)) {
                let loop = try EventLoop()
                threads.append(try loop.start())
                loops.append(loop)
            }
        } catch {
            for loop in loops { loop.stop() }
            for thread in threads { thread.join() }
            throw error
        }
        self.loops = loops
        self.threads = threads
    }

    /// The graceful stop, after the port is closed.
    func stop(_ service: HTTPService) async {
        await onEachLoop { $0.drain() }
        var isEmpty = await service.census.isEmpty(within: service.limits.shutdownGrace)
        if !isEmpty {
            await onEachLoop { $0.abort() }
            isEmpty = await service.census.isEmpty(within: ServerLimits.cancellationTime)
        }
        if !isEmpty { await onEachLoop { $0.closeSockets() } }
        for loop in loops { loop.stop() }
        for thread in threads {
            // A handler that ignores its cancellation keeps its thread, without a socket; nobody waits for it.
            if isEmpty { thread.join() } else { thread.abandon() }
        }
    }

    private func onEachLoop(_ body: @escaping @Sendable (EventLoop) -> Void) async {
        for loop in loops {
            await Task(executorPreference: loop) { body(loop) }.value
        }
    }
}

/// Counts the open connections.
final class ConnectionCensus: Sendable {
    private struct State {
        var count = 0
        var waiter: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())

    /// Counts one more, unless there are `limit` already.
    func enter(limit: Int) -> Bool {
        state.withLock { state in
            guard state.count < limit else { return false }
            state.count += 1
            return true
        }
    }

    func leave() {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            state.count -= 1
            guard state.count == 0 else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: true)
    }

    /// Waits until no connection is open; false when that takes longer than `time`.
    func isEmpty(within time: Duration) async -> Bool {
        var timer: Task<Void, Never>?
        let isEmpty = await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.count > 0 { state.waiter = continuation }
                return state.count == 0
            }
            if isEmpty {
                continuation.resume(returning: true)
            } else {
                timer = Task {
                    guard (try? await Task.sleep(for: time)) != nil else { return }
                    giveUp()
                }
            }
        }
        timer?.cancel()
        return isEmpty
    }

    private func giveUp() {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: false)
    }
}
