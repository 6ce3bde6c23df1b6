import OAuthTestKit
import Testing

@testable import ResourceServerKit

@Suite("Operations of a program: lines, counts, readiness and metrics", .timeLimit(.minutes(5)))
struct ServerOperationsTests {
    /// A server for this machine that needs no token, with a page of its operations.
    private func withServers(
        _ body: @escaping @Sendable (_ port: UInt16, _ operationsPort: UInt16) async throws -> Void
    ) async throws {
        let operations = ServerOperations(next: nil)
        var configuration = ResourceServerConfiguration(resource: "http://127.0.0.1:8080/mcp")
        configuration.mode = .disabled(anonymousAs: "developer")
        let server = try ResourceServer(configuration, observer: operations.observe)
        let handler = server.protecting { request, _ in
            request.path == "/fail" ? .text("", status: .internalServerError) : .text("hello")
        }
        #expect(handler.guards.map(\.resource.text) == ["http://127.0.0.1:8080/mcp"])
        let first = try HTTPServer(host: "127.0.0.1", port: 0, accessLog: operations.durations.record).listen()
        let second = try HTTPServer(host: "127.0.0.1", port: 0).listen()
        operations.show(first)
        let page = operations.handler(for: handler.guards)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await first.run(handler) }
            group.addTask { try await second.run(page) }
            try await body(first.port, second.port)
            group.cancelAll()
        }
    }

    private func get(_ port: UInt16, _ path: String) async throws -> FetchedDocument {
        let url = try AbsoluteURL(parsing: "http://127.0.0.1:\(port)\(path)")
        return try await CurlFetcher(insecureHTTP: .loopback).fetch(
            DocumentRequest(url: url, maximumBodyBytes: 65_536))
    }

    @Test("The page shows requests, connections and events of the server beside it")
    func page() async throws {
        try await withServers { port, operationsPort in
            #expect(try await get(port, "/mcp").status == .ok)
            #expect(try await get(port, "/fail").status == .internalServerError)
            #expect(try await get(operationsPort, "/readyz").status == .ok)
            // A record is made when its response has been handed to the system, which a client may see before.
            var text = ""
            while !text.contains(#"http_request_duration_seconds_count{class="5xx"} 1"#) {
                text = String(decoding: try await get(operationsPort, "/metrics").body, as: UTF8.self)
            }
            for line in [
                #"oauth_events_total{event="GUARD_DISABLED",level="warning"} 1"#,
                #"oauth_events_total{event="allowed_anonymously",level="debug"} 2"#,
                #"http_responses_total{class="2xx"} 1"#, #"http_request_duration_seconds_count{class="2xx"} 1"#,
                #"http_request_duration_seconds_bucket{class="2xx",le="+Inf"} 1"#,
                "# TYPE http_connections_open gauge",
            ] {
                #expect(text.contains(line + "\n"))
            }
        }
    }

    @Test("An event and the access log share the identifier of a request")
    func identifiers() async throws {
        let (events, records) = (Recorder<String>(), Recorder<String>())
        var configuration = ResourceServerConfiguration(resource: "http://127.0.0.1:8080/mcp")
        configuration.mode = .disabled(anonymousAs: "developer")
        let server = try ResourceServer(configuration) { event in
            if case .allowedAnonymously(_, let request) = event { events.append(request.id?.description ?? "none") }
        }
        let log: @Sendable (AccessRecord) -> Void = { records.append($0.requestID?.description ?? "none") }
        let listening = try HTTPServer(host: "127.0.0.1", port: 0, accessLog: log).listen()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listening.run(server.protecting { _, _ in .text("") }) }
            for _ in 0..<2 { _ = try await get(listening.port, "/") }
            while records.all.count < 2 { await Task.yield() }
            group.cancelAll()
        }
        #expect(events.all == records.all && Set(events.all).count == 2)
        #expect(events.all.allSatisfy { $0.count == 16 })
    }
}
