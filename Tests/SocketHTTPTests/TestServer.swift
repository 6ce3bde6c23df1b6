import HTTPMessages
import Synchronization

@testable import SocketHTTP

/// Runs a server on a free port around `body`, and stops it gracefully.
func withServer<Result: Sendable>(
    _ handler: any HTTPHandler, limits: (inout ServerLimits) -> Void = { _ in },
    onError: (@Sendable (any Error) -> Void)? = nil, _ body: (UInt16) async throws -> Result
) async throws -> Result {
    try await withListener(handler, limits: limits, onError: onError) { try await body($0.port) }
}

/// Runs a server around `body`, and stops it gracefully.
func withListener<Result: Sendable>(
    _ handler: any HTTPHandler, at address: HTTPServer.Address = .tcp(host: "127.0.0.1", port: 0),
    limits: (inout ServerLimits) -> Void = { _ in }, accessLog: (@Sendable (AccessRecord) -> Void)? = nil,
    onError: (@Sendable (any Error) -> Void)? = nil, _ body: (ListeningServer) async throws -> Result
) async throws -> Result {
    var chosen = ServerLimits()
    chosen.eventLoops = 2
    chosen.shutdownGrace = .milliseconds(200)
    // No time passes but the time that a test skips: a busy machine must not run into a limit.
    chosen.headTime = .never
    chosen.bodyTime = .never
    chosen.idleTime = .never
    chosen.writeStallTime = .never
    chosen.lingerTime = .never
    chosen.cancellationTime = .never
    chosen.answerTime = .never
    limits(&chosen)
    let server = HTTPServer(
        address: address, limits: chosen, accessLog: accessLog, onError: onError)
    let listening = try server.listen()
    let running = Task { try await listening.run(handler) }
    do {
        let result = try await body(listening)
        running.cancel()
        try await running.value
        return result
    } catch {
        running.cancel()
        try await running.value
        throw error
    }
}

extension Duration {
    /// Longer than the sum of what a test skips.
    static let never = Duration.seconds(30_000_000_000)
    /// A limit that a test is about. It is longer than any test takes, so that it ends only when the test skips it.
    static let tested = Duration.seconds(10_000)
}

extension ListeningServer {
    /// Waits until the server has received this number of bytes in sum.
    func hasReceived(_ bytes: Int) async {
        while counters.receivedBytes < bytes { await Task.yield() }
    }

    /// Waits until the server has accepted this number of connections in sum.
    func hasAccepted(_ connections: Int) async {
        while counters.acceptedConnections < connections { await Task.yield() }
    }

    /// Skips time until the operation has ended, again and again, because what the operation waits for may begin later
    /// than the first skip.
    func skip<Result: Sendable>(
        _ time: Duration, until operation: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let isDone = Milestone()
        let task = Task {
            defer { isDone.reach() }
            return try await operation()
        }
        while !isDone.isReached {
            await skip(time)
            // A server that is stopping has no loops to wait for. The operation needs the thread too.
            await Task.yield()
        }
        return try await task.value
    }
}

/// An event that happens once and can be awaited.
final class Milestone: Sendable {
    private struct State {
        var isReached = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var isReached: Bool { state.withLock { $0.isReached } }

    func reach() {
        let waiters = state.withLock { state in
            state.isReached = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits for the event, even if the task is cancelled.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if !state.isReached { state.waiters.append(continuation) }
                return state.isReached
            }
            if isReached { continuation.resume() }
        }
    }
}

/// A counter that several tasks increase.
final class Tally: Sendable {
    private let total = Atomic<Int>(0)

    var value: Int { total.load(ordering: .relaxed) }

    func add(_ count: Int) {
        total.add(count, ordering: .relaxed)
    }
}

/// Answers every request with `METHOD path body`.
let echo = ClosureHandler { request in
    let body = try await request.body.collect(upTo: 64 << 20)
    return HTTPResponse(status: .ok, body: .bytes(Array("\(request.method) \(request.target.text) ".utf8) + body))
}

/// Waits until the condition holds. False after a time that no machine needs.
func settles(_ isTrue: () -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(200)
    while !isTrue() {
        guard ContinuousClock.now < end else { return false }
        await Task.yield()
    }
    return true
}

/// A handler that waits until it is cancelled.
func waitingHandler(_ begun: Milestone, _ cancelled: Milestone) -> ClosureHandler {
    ClosureHandler { _ in
        begun.reach()
        defer { cancelled.reach() }
        try await sleepUntilCancelled()
        return .text("never")
    }
}

/// Sleeps until it is cancelled.
func sleepUntilCancelled() async throws {
    while true { try await Task.sleep(for: .seconds(60)) }
}
