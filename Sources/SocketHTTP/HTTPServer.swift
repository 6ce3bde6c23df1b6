/// An HTTP/1.1 server on plain sockets, not yet listening.
///
/// It speaks no TLS: terminate TLS in front of it, and bind it to a loopback address or a Unix-domain socket. It reads
/// requests strictly by RFC 9112; ``ServerLimits`` holds every limit.
///
/// ```swift
/// let listening = try HTTPServer(host: "127.0.0.1", port: 0).listen()
/// print("port \(listening.port)")
/// try await listening.runUntilTerminated(handler)
/// ```
public struct HTTPServer: Sendable {
    private let address: Address
    private let limits: ServerLimits
    private let accessLog: (@Sendable (AccessRecord) -> Void)?
    private let onError: (@Sendable (any Error) -> Void)?

    /// A server that is not listening yet.
    ///
    /// - Parameters:
    ///   - address: Where it listens.
    ///   - limits: Sizes, times and numbers.
    ///   - accessLog: Called once for each request, on the event loops: it must not block a thread.
    ///   - onError: Called with each error that a handler threw; the client saw a 500 or a broken stream. For the
    ///     operator.
    public init(
        address: Address, limits: ServerLimits = ServerLimits(), accessLog: (@Sendable (AccessRecord) -> Void)? = nil,
        onError: (@Sendable (any Error) -> Void)? = nil
    ) {
        self.address = address
        self.limits = limits
        self.accessLog = accessLog
        self.onError = onError
    }

    /// A server on TCP that is not listening yet.
    ///
    /// - Parameters:
    ///   - host: An IPv4 or IPv6 address, or `localhost` for 127.0.0.1. Names are not resolved.
    ///   - port: The port; 0 lets the system choose a free one.
    ///   - limits: Sizes, times and numbers.
    ///   - accessLog: Called once for each request, on the event loops: it must not block a thread.
    ///   - onError: Called with each error that a handler threw; the client saw a 500 or a broken stream. For the
    ///     operator.
    public init(
        host: String, port: UInt16, limits: ServerLimits = ServerLimits(),
        accessLog: (@Sendable (AccessRecord) -> Void)? = nil, onError: (@Sendable (any Error) -> Void)? = nil
    ) {
        self.init(address: .tcp(host: host, port: port), limits: limits, accessLog: accessLog, onError: onError)
    }

    /// Binds the address, so that its port is known. Connections queue in the system until the server runs. No thread
    /// is started yet.
    ///
    /// For a Unix-domain socket, it locks a file with the name of the socket and `.lock` until it listens, and then
    /// removes the file. It blocks the thread for up to 5 s while another program holds that lock. Then it throws
    /// ``StartError/lockHeld(_:)``.
    ///
    /// - Throws: ``StartError`` when the address is not valid, not available or already in use.
    public func listen() throws(StartError) -> ListeningServer {
        ListeningServer(try ListeningSocket.open(address), limits: limits, accessLog: accessLog, onError: onError)
    }
}
