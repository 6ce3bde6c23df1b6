internal import HTTPMessages
public import OAuthResourceServer
public import SocketHTTP
internal import Synchronization

/// What an operator sees of a program: its events as lines and counts, its readiness, and its metrics.
///
/// ``ServerProgram/run(host:port:operationsHost:operationsPort:limits:accessLog:_:)`` makes it and serves it on a
/// second port.
public final class ServerOperations: Sendable {
    /// The counts of the events.
    public let metrics = EventMetrics()
    /// The durations of the requests.
    public let durations = RequestDurations()
    private let next: ResourceServerEvent.Observer?
    private let checks = Mutex<[ReadinessCheck]>([])
    private let server = Mutex<ListeningServer?>(nil)

    /// Operations that count events and pass them on.
    ///
    /// - Parameter next: Receives every event too. By default, a line is written to the standard error for each refusal
    ///   and each fault of an issuer.
    public init(next: ResourceServerEvent.Observer? = LineLogger.standardError.observe) {
        self.next = next
    }

    /// Takes an event. Pass this function as the `observer` of every ``OAuthResourceServer/ResourceServer``.
    public func observe(_ event: ResourceServerEvent) {
        metrics.observe(event)
        next?(event)
    }

    /// Adds something that must be ready before requests are served, such as
    /// ``OAuthResourceServer/ReadinessCheck/replayStore(_:)``.
    public func require(_ check: ReadinessCheck) {
        checks.withLock { $0.append(check) }
    }

    /// Shows the counters of a server too.
    public func show(_ listening: ListeningServer) {
        server.withLock { $0 = listening }
    }

    /// The handler for a second port.
    ///
    /// - Parameter servers: The guards, which have ``observe(_:)`` as their observer.
    public func handler(for servers: [ResourceServer]) -> OperationsHandler {
        OperationsHandler(servers, metrics: metrics, checks: checks.withLock { $0 }) { [self] in
            (server.withLock { $0 }?.metricFamilies ?? []) + [durations.family]
        }
    }
}
