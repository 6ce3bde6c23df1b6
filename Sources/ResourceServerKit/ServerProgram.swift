#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif
public import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import SafeFetch
public import SocketHTTP
internal import TokenVerification
internal import WireFormat

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
    /// The exit status after a mistake in the configuration, the port or a file: `EX_CONFIG` of sysexits(3). A service
    /// manager can be told not to restart the program after it.
    public static let configurationMistake: Int32 = 78

    /// Serves a handler on TCP until SIGINT or SIGTERM: see ``run(on:limits:accessLog:_:)``.
    ///
    /// - Parameters:
    ///   - host: An IPv4 or IPv6 address, or `localhost` for 127.0.0.1.
    ///   - port: The port; 0 lets the system choose a free one.
    ///   - limits: Limits on sizes, times and counts.
    ///   - accessLog: Called once for each request, on the event loops: it must not block a thread.
    ///   - makeHandler: Makes the handler. It is called once, at the start.
    public static func run<Handler: HTTPHandler>(
        host: String = "127.0.0.1", port: UInt16 = 8080, limits: ServerLimits = ServerLimits(),
        accessLog: (@Sendable (AccessRecord) -> Void)? = nil, _ makeHandler: () async throws -> Handler
    ) async {
        await run(on: .tcp(host: host, port: port), limits: limits, accessLog: accessLog, makeHandler)
    }

    /// Serves a handler until SIGINT or SIGTERM, then finishes the requests in flight and returns.
    ///
    /// When the server accepts connections, it writes its address as one line to the standard error. Mistakes in the
    /// configuration, the port or a file are written there too, all at once and one line each. They end the process
    /// with status 78, before any connection is accepted. Any other error that `makeHandler` throws, and a failure of
    /// the system at any time, is written in the same way, and ends the process with status 1.
    ///
    /// - Parameters:
    ///   - address: Where to listen.
    ///   - limits: Limits on sizes, times and counts.
    ///   - accessLog: Called once for each request, on the event loops: it must not block a thread.
    ///   - makeHandler: Makes the handler. It is called once, at the start.
    public static func run<Handler: HTTPHandler>(
        on address: HTTPServer.Address, limits: ServerLimits = ServerLimits(),
        accessLog: (@Sendable (AccessRecord) -> Void)? = nil, _ makeHandler: () async throws -> Handler
    ) async {
        var mistakes = Mistakes()
        // Both run, so that all mistakes are shown at once. A port that is only bound accepts no request.
        let handler = await mistakes.collect { try await makeHandler() }
        let listening = await mistakes.collect {
            try HTTPServer(address: address, limits: limits, accessLog: accessLog).listen()
        }
        if let handler, let listening {
            _ = await mistakes.collect {
                try await listening.runUntilTerminated(handler) {
                    StandardStreams.writeError("listening on \(listening.place)\n")
                }
            }
        }
        end(mistakes)
    }

    /// Writes the mistakes and ends the process; returns when there are none.
    static func end(_ mistakes: Mistakes) {
        guard let status = mistakes.exitStatus else { return }
        for line in mistakes.lines { StandardStreams.writeError(Self.oneLine(line) + "\n") }
        exit(status)
    }

    /// The text without scalars that end a line or change how a terminal shows it: an error may repeat a host or a
    /// path. `LogText` would also escape the `…` of ranges.
    static func oneLine(_ text: String) -> String {
        let notShown: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
        let scalars = text.unicodeScalars.map { notShown.contains($0.properties.generalCategory) ? " " : $0 }
        return String(String.UnicodeScalarView(scalars))
    }
}

/// The mistakes that keep a program from running, one line each.
struct Mistakes {
    private(set) var lines: [String] = []
    private var areConfiguration = true

    /// The status to exit with; nil when there is no mistake.
    var exitStatus: Int32? {
        guard !lines.isEmpty else { return nil }
        return areConfiguration ? ServerProgram.configurationMistake : 1
    }

    /// Returns what `body` returns. When it throws, keeps the error and returns nil.
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
        case let error as FetchPolicy.Invalid: lines += error.faults
        case let error as JWTPolicy.Invalid: lines += error.faults.map(\.description)
        case let error as IdentifierError: lines.append(Self.line(error))
        case let error as AbsoluteURL.ParseError: lines.append(Self.line(.url(error)))
        case JSONWebKeySet.ParseError.noPEMBlock:
            lines.append("a text has no PEM block; give it a PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE (RFC 7468 §2)")
        case is JSONWebKeySet.ParseError:
            lines.append("a key set is not a JWK Set; give it a JSON object with an array \"keys\" (RFC 7517 §5)")
        default:
            lines.append(String(describing: error))
            areConfiguration = areConfiguration && Self.isConfigurationMistake(error)
        }
    }

    private static func line(_ error: IdentifierError) -> String {
        let place = ConfigurationError.Path([.variable("an identifier or URL of the program")])
        return FaultRenderer.code.line(.init(place, error, example: "https://mcp.example.com/mcp", insecureHTTP: nil))
    }

    /// Whether the operator must change the configuration. A failure of the system may be over at the next start.
    private static func isConfigurationMistake(_ error: any Error) -> Bool {
        switch error {
        case HTTPServer.StartError.system, HTTPServer.StartError.alreadyRun: false
        case is HTTPServer.StartError, is CertificateAuthorityFile.Unusable: true
        default: false
        }
    }
}
