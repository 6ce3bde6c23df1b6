internal import HTTPMessages
public import OAuthResourceServer
public import SocketHTTP

extension ServerProgram {
    /// Serves a handler on TCP, and its operations on a second port of this machine: see
    /// ``OAuthResourceServer/OperationsHandler`` for the paths.
    ///
    /// ```swift
    /// await ServerProgram.run(port: 8080, operationsPort: 9090) { operations in
    ///     try ResourceServer.fromEnvironment(observer: operations.observe).protecting { request, principal in
    ///         .text("Hello, \(principal.subject ?? "stranger")\n")
    ///     }
    /// }
    /// ```
    ///
    /// Keys are fetched at the start. If an issuer is down then, the program serves nevertheless, and `/readyz` answers
    /// 503 until the keys are there. Otherwise it behaves as ``run(host:port:limits:accessLog:_:)``.
    ///
    /// - Parameters:
    ///   - host: An IPv4 or IPv6 address, or `localhost` for 127.0.0.1.
    ///   - port: The port; 0 lets the system choose a free one.
    ///   - operationsHost: The address of the second port. Give a wider one only where the platform alone can
    ///     reach it.
    ///   - operationsPort: The second port; 0 lets the system choose a free one.
    ///   - limits: Limits on sizes, times and counts.
    ///   - accessLog: Called once for each request, on the event loops: it must not block a thread.
    ///   - makeHandler: Makes the handler, whose guards must have `observe` of the operations as their observer. It is
    ///     called once, at the start.
    public static func run<Handler: GuardedHandler>(
        host: String = "127.0.0.1", port: UInt16 = 8080, operationsHost: String = "127.0.0.1", operationsPort: UInt16,
        limits: ServerLimits = ServerLimits(), accessLog: (@Sendable (AccessRecord) -> Void)? = nil,
        _ makeHandler: (ServerOperations) async throws -> Handler
    ) async {
        let operations = ServerOperations()
        let log: @Sendable (AccessRecord) -> Void = { record in
            operations.durations.record(record)
            accessLog?(record)
        }
        var mistakes = Mistakes()
        let handler = await mistakes.collect { try await makeHandler(operations) }
        let listening = await mistakes.collect {
            try HTTPServer(host: host, port: port, limits: limits, accessLog: log).listen()
        }
        let second = await mistakes.collect { try HTTPServer(host: operationsHost, port: operationsPort).listen() }
        if let handler, let listening, let second {
            operations.show(listening)
            let page = operations.handler(for: handler.guards)
            // An issuer that is down is an event, and its keys are fetched later.
            let preparing = Task {
                for server in handler.guards { try? await server.prepare() }
            }
            let failure = await withTaskGroup(of: (any Error)?.self) { group in
                group.addTask { await outcome { try await second.run(page) } }
                group.addTask {
                    await outcome {
                        try await listening.runUntilTerminated(handler) {
                            StandardStreams.writeError(
                                "listening on \(listening.place), operations on \(second.place)\n")
                        }
                    }
                }
                // The first server that ends, ends the program.
                let first = await group.next() ?? nil
                group.cancelAll()
                return first
            }
            preparing.cancel()
            if let failure { _ = await mistakes.collect { throw failure } }
        }
        end(mistakes)
    }

    private static func outcome(_ body: () async throws -> Void) async -> (any Error)? {
        do {
            try await body()
            return nil
        } catch {
            return error
        }
    }
}
