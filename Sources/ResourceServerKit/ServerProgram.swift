#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif
public import HTTPMessages
internal import SafeFetch
public import SocketHTTP
internal import TokenVerification

/// The entry point of a server program.
///
/// ```swift
/// await ServerProgram.run(port: 8080) {
///     try ResourceServer.fromEnvironment().protecting { request, principal in
///         .text("Hello, \(principal.subject ?? "stranger")\n")
///     }
/// }
/// ```
public enum ServerProgram {
    /// The exit status for a mistake of configuration, port or file: `EX_CONFIG` of sysexits(3). A service manager can be told
    /// not to restart the program then.
    public static let configurationMistake: Int32 = 78

    /// Serves a handler on TCP until SIGINT or SIGTERM: see ``run(on:limits:accessLog:_:)``.
    ///
    /// - Parameters:
    ///   - host: An IPv4 or IPv6 address, or `localhost` for 127.0.0.1.
    ///   - port: The port; 0 lets the system choose a free one.
    ///   - limits: Sizes, times and numbers.
    ///   - accessLog: Called once for each request, on the event loops: it must not block a thread.
    ///   - makeHandler: Makes the handler. Runs once, at the start.
    public static func run<Handler: HTTPHandler>(
        host: String = "127.0.0.1", port: UInt16 = 8080, limits: ServerLimits = ServerLimits(),
        accessLog: (@Sendable (AccessRecord) -> Void)? = nil, _ makeHandler: () async throws -> Handler
    ) async {
        await run(on: .tcp(host: host, port: port), limits: limits, accessLog: accessLog, makeHandler)
    }

    /// Serves a handler until SIGINT or SIGTERM, then finishes the requests in flight and returns.
    ///
    /// When it listens, one line on the standard error says where. Every mistake of configuration, port or file is one line on
    /// the standard error, all of them at once, and ends the process with status 78. Nothing was started then: no request was
    /// accepted. Any other error that `makeHandler` throws is shown in the same way, and ends the process with status 1.
    ///
    /// - Parameters:
    ///   - address: Where to listen.
    ///   - limits: Sizes, times and numbers.
    ///   - accessLog: Called once for each request, on the event loops: it must not block a thread.
    ///   - makeHandler: Makes the handler. Runs once, at the start.
    public static func run<Handler: HTTPHandler>(
        on address: HTTPServer.Address, limits: ServerLimits = ServerLimits(),
        accessLog: (@Sendable (AccessRecord) -> Void)? = nil, _ makeHandler: () async throws -> Handler
    ) async {
        var mistakes = Mistakes()
        // Both are tried, so that all mistakes are shown at once. A port that is only bound accepts nothing.
        let handler = await mistakes.collect { try await makeHandler() }
        let listening = await mistakes.collect {
            try HTTPServer(address: address, limits: limits, accessLog: accessLog).listen()
        }
        if let handler, let listening {
            StandardStreams.writeError("listening on \(listening.place)\n")
            _ = await mistakes.collect { try await listening.runUntilTerminated(handler) }
        }
        guard let status = mistakes.exitStatus else { return }
        for line in mistakes.lines { StandardStreams.writeError(line + "\n") }
        exit(status)
    }
}

/// What keeps a program from running, a line each.
struct Mistakes {
    private(set) var lines: [String] = []
    private var areConfiguration = true

    /// The status to exit with; nil when there is no mistake.
    var exitStatus: Int32? {
        guard !lines.isEmpty else { return nil }
        return areConfiguration ? ServerProgram.configurationMistake : 1
    }

    /// What `body` returns; nil when it throws, and then the error is kept.
    mutating func collect<Value>(_ body: () async throws -> Value) async -> Value? {
        do {
            return try await body()
        } catch {
            add(error)
            return nil
        }
    }

    private mutating func add(_ error: any Error) {
        switch error {
        case let error as ConfigurationError: lines += error.lines
        case let error as HTTPServer.StartError: lines.append(error.description)
        case let error as FetchPolicy.Invalid: lines += error.faults
        case let error as CertificateAuthorityFile.Unusable: lines.append("\(error)")
        default:
            lines.append(String(describing: error))
            areConfiguration = false
        }
    }
}
