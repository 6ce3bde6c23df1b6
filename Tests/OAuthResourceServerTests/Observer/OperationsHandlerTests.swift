import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification

@Suite("OperationsHandler: a second port for the platform and the monitoring")
struct OperationsHandlerTests {
    private func get(
        _ path: String, from handler: OperationsHandler, _ method: HTTPMethod = .get
    ) async throws -> HTTPResponse {
        await handler.respond(to: HTTPRequest(method: method, target: try #require(HTTPRequest.Target(path))))
    }

    @Test("/healthz is 200; another path is 404; another method is 405; HEAD has no body; nothing is stored")
    func health() async throws {
        let handler = OperationsHandler([try GuardFixture().server], metrics: EventMetrics())
        let health = try await get("/healthz", from: handler)
        #expect(health.status == .ok && health.bodyText == "ok\n" && health.text(.cacheControl) == "no-store")
        #expect(try await get("/other", from: handler).status == .notFound)
        let posted = try await get("/healthz", from: handler, .post)
        #expect(posted.status == .methodNotAllowed && posted.text(.allow) == "GET, HEAD")
        #expect(try await get("/metrics", from: handler, .head).bodyText == "")
    }

    @Test("/readyz is 503 until the keys are there and every further check is good, and names what is missing")
    func readiness() async throws {
        let fetcher = ScriptedFetcher()
        var configuration = ResourceServerConfiguration(
            resource: GuardFixture.resource, issuers: [IssuerConfiguration(GuardFixture.issuer.url)])
        // The time limits of fetches do not pass while this machine is busy with other tests.
        configuration.clocks = Clocks(wall: .system, monotonic: FakeClock().monotonicClock)
        let server = try ResourceServer(configuration, fetcher: fetcher)
        let store = StoreOfTwo()
        let handler = OperationsHandler([server], metrics: EventMetrics(), checks: [.replayStore(store)])
        let before = try await get("/readyz", from: handler)
        #expect(before.status == .serviceUnavailable)
        #expect(before.bodyText == "not ready\nkeys unavailable\nreplay_store ready\n")
        let metadata = "https://issuer.example/.well-known/oauth-authorization-server"
        fetcher.set(metadata, json: GuardFixture.issuer.metadata)
        fetcher.set("https://issuer.example/jwks", json: GuardFixture.issuer.jwks)
        try await server.prepare()
        let after = try await get("/readyz", from: handler)
        #expect(after.status == .ok && after.bodyText == "ready\nkeys ready\nreplay_store ready\n")
        // The store of two is full now.
        let full = try await get("/readyz", from: handler)
        #expect(full.bodyText == "not ready\nkeys ready\nreplay_store replay_store_full\n")
        let page = try await get("/metrics", from: handler)
        #expect(page.text(.contentType) == "text/plain; version=0.0.4; charset=utf-8")
        #expect(page.bodyText.contains("\noauth_keys_age_seconds{issuer=\"https://issuer.example\"} "))
    }

    /// A store that is full after two identifiers.
    private final class StoreOfTwo: ReplayStore {
        private let count = Mutex(0)

        func record(
            _ identifier: ReplayIdentifier, for lifetime: Duration
        ) async throws(ReplayStoreError) -> ReplayVerdict {
            guard
                count.withLock({
                    $0 += 1; return $0 <= 2
                })
            else { throw .full }
            return .first
        }
    }

    @Test("Further metrics follow; a histogram has numbers as Prometheus writes them")
    func further() async throws {
        let family = MetricFamily(
            "a_seconds", .histogram, help: "A.",
            [.init(1, labels: [("le", "0.5")], suffix: "_bucket"), .init(0.25, suffix: "_sum"), .init(.infinity)])
        let handler = OperationsHandler([], metrics: EventMetrics(), further: { return [family] })
        #expect(
            try await get("/metrics", from: handler).bodyText == """
                # HELP a_seconds A.
                # TYPE a_seconds histogram
                a_seconds_bucket{le="0.5"} 1
                a_seconds_sum 0.25
                a_seconds +Inf

                """)
    }
}
