import OAuthTestKit
import Synchronization
import Testing

@Suite("EventRecorder")
struct EventRecorderTests {
    @Test("events are recorded in order, and compare by name and reason")
    func comparison() async throws {
        let events = EventRecorder()
        let issuer = FakeIssuer()
        let server = try ResourceServer(testing: issuer, requiredScopes: ["a"], events: events)
            .protecting { _, _ in .text("ok") }
        _ = try await server.get("/mcp")
        _ = try await server.get("/mcp", token: issuer.token(scope: "b"))
        _ = try await server.get("/mcp", token: issuer.token(scope: "a"))
        #expect(
            events.all == [
                .denied("missing_credentials"), .init("key_refresh_started"), .init("key_refresh_succeeded"),
                .denied("insufficient_scope"), .allowed,
            ])
        #expect(events.refusals == [.missingCredentials, .insufficientScope(try #require(ScopeSet(["a"])))])
        #expect(events.reasons == ["missing_credentials", "insufficient_scope"])
        #expect(events.recorded.count == 5)
        events.removeAll()
        #expect(events.all.isEmpty)
    }

    @Test("attack: two refusals that look alike to the client are different events")
    func distinct() {
        #expect(EventRecorder.Event.denied("aud_mismatch") != .denied("exp_expired"))
        #expect(EventRecorder.Event.denied("aud_mismatch") != .wouldDeny("aud_mismatch"))
        #expect(EventRecorder.Event.denied("aud_mismatch") == EventRecorder.Event("denied", reason: "aud_mismatch"))
        #expect("\(EventRecorder.Event.denied("aud_mismatch"))" == "denied reason=aud_mismatch")
        #expect("\(EventRecorder.Event.allowed)" == "allowed")
    }

    @Test("a recorder passes events on, and records those of a verifier without a guard")
    func next() {
        let names = Mutex<[String]>([])
        let events = EventRecorder { event in names.withLock { $0.append(event.name) } }
        events.observe(.guardInShadow)
        events.observe(TokenVerificationEvent.issuerLookUpFailed)
        #expect(names.withLock { $0 } == ["GUARD_SHADOW", "issuer_look_up_failed"])
        #expect(events.all.map(\.name) == names.withLock { $0 })
        #expect(events.refusals.isEmpty)
    }
}
