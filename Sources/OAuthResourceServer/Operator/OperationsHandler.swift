public import HTTPMessages
internal import TokenVerification

/// A ready-made handler for a second port that only the platform and the monitoring can reach.
///
/// | path | response |
/// |---|---|
/// | `/healthz` | 200 as long as the process answers |
/// | `/readyz` | 200 when requests can be served, otherwise 503; a line for each check |
/// | `/metrics` | the metrics in the text format of Prometheus |
///
/// The server is ready when the keys of every issuer are there and all further checks are good. Keys are fetched at
/// first use, so call ``ResourceServer/prepare()`` at the start: otherwise a platform that waits for readiness never
/// sends the first request.
///
/// The handler needs no token and shows the names of issuers. Do not serve it on the port of the protected handler.
/// It answers GET and HEAD.
public struct OperationsHandler: HTTPHandler {
    private let servers: [ResourceServer]
    private let metrics: EventMetrics
    private let checks: [ReadinessCheck]
    private let further: @Sendable () -> [MetricFamily]

    /// A handler for some guards.
    ///
    /// - Parameters:
    ///   - servers: The guards whose keys are shown. Two guards of one issuer are shown once.
    ///   - metrics: The counts of their events. Each guard must have `metrics.observe` as its observer.
    ///   - checks: What else must be ready, such as ``ReadinessCheck/replayStore(_:)``.
    ///   - further: Returns further metrics, for each request of `/metrics`.
    public init(
        _ servers: [ResourceServer], metrics: EventMetrics, checks: [ReadinessCheck] = [],
        further: @escaping @Sendable () -> [MetricFamily] = { [] }
    ) {
        self.servers = servers
        self.metrics = metrics
        self.checks = servers.flatMap { ReadinessCheck.ofGuard($0) } + checks
        self.further = further
    }

    /// Answers one request.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        var response = await response(for: request.target.path)
        if request.method != .get, request.method != .head, response.status != .notFound {
            response = .text("method not allowed\n", status: .methodNotAllowed)
            response.fields.append(.allow, "GET, HEAD")
        }
        response.fields.append(.cacheControl, "no-store")
        if request.method == .head { response.body = .bytes([]) }
        return response
    }

    private func response(for path: String) async -> HTTPResponse {
        switch path {
        case "/healthz": return .text("ok\n")
        case "/readyz": return await readiness()
        case "/metrics":
            var response = HTTPResponse(status: .ok)
            response.fields.append(.contentType, "text/plain; version=0.0.4; charset=utf-8")
            response.body = .bytes(Array(text.utf8))
            return response
        default: return .text("not found\n", status: .notFound)
        }
    }

    private func readiness() async -> HTTPResponse {
        var lines: [String] = []
        var isReady = true
        for check in checks {
            let fault = await check.fault()
            isReady = isReady && fault == nil
            lines.append("\(check.name) \(fault ?? "ready")\n")
        }
        return .text(
            (isReady ? "ready\n" : "not ready\n") + lines.joined(), status: isReady ? .ok : .serviceUnavailable)
    }

    /// All metrics, as text.
    private var text: String {
        var known: Set<String> = []
        let sources = servers.flatMap(\.trustedIssuers).filter { known.insert($0.issuer).inserted }.map {
            (issuer: $0.issuer, keys: $0.keys)
        }
        let families = [metrics.family] + EventMetrics.families(of: sources) + further()
        return families.map(\.text).joined()
    }
}
