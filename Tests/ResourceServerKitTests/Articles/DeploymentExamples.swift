import ResourceServerKit

// The code of the article "Deploy": it is here so that it compiles. `ArticleExampleTests` calls what needs no network.

/// A server behind a proxy on the same machine.
func serveOnUnixSocket() async {
    await ServerProgram.run(
        on: .unixSocket(path: "/run/notes/http.sock", mode: 0o660)
    ) {
        try ResourceServer.fromEnvironment().protecting { request, principal in
            .text("Hello, \(principal.subject ?? "stranger")\n")
        }
    }
}

/// A server in a container: it must listen on all addresses of its network name space.
func serveInContainer() async {
    await ServerProgram.run(host: "0.0.0.0", port: 8080) {
        try ResourceServer.fromEnvironment().protecting { request, principal in
            .text("Hello, \(principal.subject ?? "stranger")\n")
        }
    }
}

/// The keys before the first request, a health check, and an access log.
func serveWithHealth() async {
    await ServerProgram.run(port: 8080, accessLog: { print($0) }) {
        let resourceServer = try ResourceServer.fromEnvironment { settings in
            settings.requirements.routes = [
                RouteRule("/healthz", .public), RouteRule("/readyz", .public),
            ]
        }
        try? await resourceServer.prepare()
        return resourceServer.protecting { request, principal in
            switch request.path {
            case "/healthz": return .text("ok\n")
            case "/readyz":
                let isReady = resourceServer.health.isAvailable
                return .text(
                    isReady ? "ready\n" : "no keys\n",
                    status: isReady ? .ok : .serviceUnavailable)
            default: return .text("Hello, \(principal.subject ?? "stranger")\n")
            }
        }
    }
}

/// Log lines and counts from the same events.
func observedServer(_ configuration: ResourceServerConfiguration) throws -> (
    ResourceServer, EventMetrics
) {
    let metrics = EventMetrics()
    let resourceServer = try ResourceServer(configuration) { event in
        LineLogger.standardError.observe(event)
        metrics.observe(event)
    }
    return (resourceServer, metrics)
}

/// The page for Prometheus.
func metricsPage(_ metrics: EventMetrics, _ resourceServer: ResourceServer)
    -> HTTPResponse
{
    .text(
        metrics.text(
            keySources: resourceServer.trustedIssuers.map { ($0.issuer, $0.keys) }))
}

/// Health, readiness and metrics on a second port.
func serveWithOperations() async {
    await ServerProgram.run(port: 8080, operationsPort: 9090) { operations in
        try ResourceServer.fromEnvironment(observer: operations.observe).protecting { request, principal in
            .text("Hello, \(principal.subject ?? "stranger")\n")
        }
    }
}

/// The keys of MCP sessions, which all instances of a server share.
func shareSessions(_ configuration: inout ResourceServerConfiguration) throws {
    configuration.sessions = .bound(
        try SessionKeys(file: "/run/secrets/session-keys"))
}
