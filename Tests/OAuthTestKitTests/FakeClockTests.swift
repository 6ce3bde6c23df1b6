import OAuthTestKit
import Synchronization
import Testing

@Suite("FakeClock", .timeLimit(.minutes(5)))
struct FakeClockTests {
    private let clock = FakeClock()
    private let events = EventRecorder()

    @Test("both times pass together, and only the time of day is set back")
    func times() {
        #expect(clock.now == 1_700_000_000 && clock.elapsed == .zero)
        clock.advance(by: .seconds(1.5))
        #expect(clock.wallClock.now() == 1_700_000_001.5 && clock.monotonicClock.now() == .seconds(1.5))
        clock.setBack(by: .seconds(10))
        #expect(clock.now == 1_699_999_991.5 && clock.elapsed == .seconds(1.5))
    }

    @Test("a task waits until its time has come, or until it is cancelled")
    func sleep() async {
        let clock = clock
        let task = Task { await clock.monotonicClock.sleep(.seconds(10)) }
        while clock.sleepers == 0 { await Task.yield() }
        clock.advance(by: .seconds(9))
        #expect(clock.sleepers == 1)
        clock.advance(by: .seconds(1))
        await task.value
        let cancelled = Task { await clock.monotonicClock.sleep(.seconds(10)) }
        cancelled.cancel()
        await cancelled.value
        #expect(clock.sleepers == 0)
    }

    @Test("time that passes backwards stops the test")
    func backwards() async {
        await #expect(processExitsWith: .failure) { FakeClock().advance(by: .seconds(-1)) }
    }

    // MARK: What ages

    private func server(
        _ issuer: FakeIssuer, dpop: ResourceServerConfiguration.DPoP.Mode = .off, clock: FakeClock? = nil,
        configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws -> ProtectedHandler {
        try ResourceServer(testing: issuer, dpop: dpop, events: events, clock: clock, configure: configure)
            .protecting { _, _ in .text("ok") }
    }

    @Test("a token, and its cached verdict, end with its time")
    func tokens() async throws {
        let issuer = FakeIssuer(clock: clock)
        let server = try server(issuer)
        let token = issuer.token()
        #expect(try await server.get("/mcp", token: token).status == .ok)
        clock.advance(by: .seconds(3_659))
        #expect(try await server.get("/mcp", token: token).status == .ok)
        clock.advance(by: .seconds(1))
        #expect(try await server.get("/mcp", token: token).status == .unauthorized)
        #expect(events.reasons == ["exp_expired"])
    }

    @Test("keys age: after their hard lifetime an issuer that is down cannot be trusted from memory")
    func keys() async throws {
        let issuer = FakeIssuer(clock: clock)
        let server = try server(issuer)
        #expect(try await server.get("/mcp", token: issuer.token()).status == .ok)
        issuer.fault = .unreachable
        clock.advance(by: .seconds(3_000))
        #expect(try await server.get("/mcp", token: issuer.token()).status == .ok)
        clock.advance(by: .seconds(601))
        #expect(try await server.get("/mcp", token: issuer.token()).status == .serviceUnavailable)
        #expect(events.reasons == ["keys_unavailable"])
        issuer.fault = nil
        clock.advance(by: .seconds(61))
        #expect(try await server.get("/mcp", token: issuer.token()).status == .ok)
    }

    @Test("introspection verdicts age: a revoked token is accepted for a minute at most")
    func verdicts() async throws {
        let issuer = FakeIssuer(clock: clock)
        let server = try server(issuer) { $0.tokens.introspection = issuer.introspection }
        let token = issuer.opaqueToken()
        #expect(try await server.get("/mcp", token: token).status == .ok)
        issuer.revoke(token)
        clock.advance(by: .seconds(59))
        #expect(try await server.get("/mcp", token: token).status == .ok)
        clock.advance(by: .seconds(2))
        #expect(try await server.get("/mcp", token: token).status == .unauthorized)
        #expect(events.reasons == ["token_inactive"])
    }

    @Test("proofs age, and the store of used proofs with them")
    func proofs() async throws {
        let issuer = FakeIssuer(clock: clock)
        let server = try server(issuer, dpop: .required)
        let key = DPoPKey(clock: clock)
        let token = issuer.token(boundTo: key)
        let old: HTTPFields = [
            .authorization: try #require(HTTPFields.Value("DPoP \(token)")),
            .dpop: try #require(HTTPFields.Value(key.proof(.get, "https://resource.example/mcp", token: token))),
        ]
        #expect(try await server.get("/mcp", fields: old).status == .ok)
        #expect(try await server.get("/mcp", fields: old).status == .unauthorized)
        clock.advance(by: .seconds(302))
        #expect(try await server.get("/mcp", fields: old).status == .unauthorized)
        #expect(try await server.get("/mcp", token: token, provedBy: key).status == .ok)
        #expect(events.reasons == ["dpop_replayed", "dpop_iat_not_recent"])
    }

    @Test("an event stream ends with its token")
    func streams() async throws {
        let issuer = FakeIssuer(clock: clock)
        let server = try ResourceServer(testing: issuer, events: events).protecting { [clock] _, _ in
            HTTPResponse(
                status: .ok, fields: [.contentType: "text/event-stream"],
                body: .stream { writer in
                    try await writer.write(Array("data: 1\n\n".utf8))
                    await clock.monotonicClock.sleep(.seconds(100_000))
                    try await writer.write(Array("data: 2\n\n".utf8))
                })
        }
        let response = try await server.get("/mcp", token: issuer.token())
        async let text = response.text()
        while clock.sleepers < 2 { await Task.yield() }
        // The guard asks the time of day at least once a minute.
        for _ in 0..<62 {
            clock.advance(by: .seconds(60))
            await Task.yield()
        }
        while !events.all.contains(EventRecorder.Event("stream_expired")) {
            clock.advance(by: .seconds(60))
            await Task.yield()
        }
        #expect(try await text == "data: 1\n\n")
    }

    @Test("a login that is too old is refused")
    func logins() async throws {
        let issuer = FakeIssuer(clock: clock)
        let server = try server(issuer) {
            $0.requirements.routeScopes = [.init("/mcp/pay", requires: .authentication(maximumAge: .seconds(300)))]
        }
        let token = issuer.token { [clock] in $0.claims["auth_time"] = .init(floatLiteral: clock.now) }
        #expect(try await server.get("/mcp/pay", token: token).status == .ok)
        clock.advance(by: .seconds(361))
        #expect(try await server.get("/mcp/pay", token: token).status == .unauthorized)
        #expect(events.reasons == ["insufficient_user_authentication"])
    }

    @Test("a guard with another clock than its issuer finds the difference, beyond the skew")
    func otherClock() async throws {
        let behind = FakeClock(clock.now - 61)
        let issuer = FakeIssuer(clock: clock)
        let server = try server(issuer, clock: behind)
        #expect(try await server.get("/mcp", token: issuer.token()).status == .unauthorized)
        behind.advance(by: .seconds(1))
        #expect(try await server.get("/mcp", token: issuer.token()).status == .ok)
        #expect(events.reasons == ["iat_issued_in_future"])
    }
}
