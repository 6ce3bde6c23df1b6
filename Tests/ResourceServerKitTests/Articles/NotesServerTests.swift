import OAuthTestKit
import Testing

// The code of the article "Test your server". The test of the README, with which the article begins, is in FirstTest.

@Suite("The notes server")
struct NotesServerTests {
    let clock = FakeClock()
    let events = EventRecorder()
    let issuer: FakeIssuer
    let server: ProtectedHandler

    init() throws {
        issuer = FakeIssuer(audience: "https://mcp.example.com/mcp", clock: clock)
        server = try ResourceServer(
            testing: issuer, requiredScopes: ["mcp:use"],
            operations: [.tool("add_note", requires: "notes:write")], events: events
        ).protecting(NotesHandler())
    }

    @Test("A good token reaches the handler")
    func good() async throws {
        let token = issuer.token(scope: "mcp:use notes:write", subject: "alice")
        let response = try await server.post(
            "/mcp", token: token, json: .toolCall("add_note", ["text": "hi"]))
        #expect(response.status == .ok)
        #expect(try await response.json()["notes"] == 1)
    }

    @Test("A token with any defect is refused, for its own reason", arguments: TokenDefect.allCases)
    func refused(defect: TokenDefect) async throws {
        let response = try await server.post("/mcp", token: issuer.token(with: defect))
        #expect(response.status == .unauthorized)
        #expect(events.refusals == [.token(defect.rejection)])
    }

    @Test("A tool that needs another scope is refused, and the challenge names the scopes")
    func scopes() async throws {
        let response = try await server.post(
            "/mcp", token: issuer.token(), json: .toolCall("add_note"))
        #expect(response.status == .forbidden)
        #expect(try response.challenge?.scope?.tokens == ["mcp:use", "notes:write"])
        #expect(events.all.last == .denied("insufficient_scope"))
    }

    @Test("Each user has separate notes")
    func users() async throws {
        for name in ["alice", "bob"] {
            let response = try await server.authenticated(as: name, scopes: ["mcp:use"]).post("/mcp")
            #expect(try await response.json()["notes"] == 1)
        }
    }

    @Test("A token is good until its end, and the clock skew after it")
    func expiry() async throws {
        let token = issuer.token()
        clock.advance(by: .seconds(3_659))
        #expect(try await server.post("/mcp", token: token).status == .ok)
        clock.advance(by: .seconds(1))
        #expect(try await server.post("/mcp", token: token).status == .unauthorized)
        #expect(events.reasons == ["exp_expired"])
    }

    @Test("While the issuer is down, a token that cannot be judged gets 503, not 401")
    func outage() async throws {
        issuer.fault = .unreachable
        #expect(try await server.post("/mcp", token: issuer.token()).status == .serviceUnavailable)
        #expect(events.reasons == ["keys_unavailable"])
        issuer.fault = nil
        clock.advance(by: .seconds(61))
        #expect(try await server.post("/mcp", token: issuer.token()).status == .ok)
    }

    @Test("After a key rotation, tokens of the new key are accepted")
    func rotation() async throws {
        #expect(try await server.post("/mcp", token: issuer.token()).status == .ok)
        issuer.rotateKeys()
        #expect(try await server.post("/mcp", token: issuer.token()).status == .ok)
    }
}

@Suite("The notes server, in other ways")
struct OtherNotesServerTests {
    @Test("The configuration of the program accepts the tokens of its issuer")
    func ownConfiguration() async throws {
        var configuration = ResourceServerConfiguration(
            resource: "https://mcp.example.com/mcp", issuers: ["https://login.example.com"])
        configuration.requirements.scopes = ["mcp:use"]

        let issuer = FakeIssuer("https://login.example.com", audience: configuration.resource)
        let server = try ResourceServer(configuration, testing: issuer).protecting(NotesHandler())
        #expect(try await server.post("/mcp", token: issuer.token()).status == .ok)
    }

    @Test("A token that is bound to a key needs a proof by this key")
    func boundTokens() async throws {
        let issuer = FakeIssuer()
        let server = try ResourceServer(testing: issuer, dpop: .required).protecting(NotesHandler())
        let key = DPoPKey()
        let token = issuer.token(boundTo: key)
        #expect(try await server.post("/mcp", token: token, provedBy: key).status == .ok)
        #expect(try await server.post("/mcp", token: token).status == .unauthorized)
    }

    @Test("An opaque token is accepted until it is revoked")
    func opaqueTokens() async throws {
        let clock = FakeClock()
        let issuer = FakeIssuer(clock: clock)
        let server = try ResourceServer(testing: issuer) {
            $0.tokens.introspection = issuer.introspection
        }.protecting(NotesHandler())
        let token = issuer.opaqueToken()
        #expect(try await server.post("/mcp", token: token).status == .ok)
        issuer.revoke(token)
        clock.advance(by: .seconds(61))
        #expect(try await server.post("/mcp", token: token).status == .unauthorized)
    }

    @Test("The handler alone, without a guard")
    func handler() async throws {
        let alice = NotesHandler().authenticated(as: "alice")
        #expect(try await alice.post("/mcp").status == .ok)
        #expect(try await NotesHandler().post("/mcp").status == .forbidden)
    }

    @Test("The program's own verifier keeps the promises of the protocol")
    func conformance() async throws {
        let conformance = TokenVerifierConformance(
            TicketVerifier(store: Tickets()), accepts: ["good"], refuses: ["old"],
            unavailable: TicketVerifier(store: NoTickets()))
        #expect(await conformance.violations() == [])
    }

    private struct Tickets: TicketStore {
        func ticket(for token: [UInt8]) async throws -> Ticket? {
            switch String(decoding: token, as: UTF8.self) {
            case "good": Ticket(user: "alice", scopes: "mcp:use", endsAt: .infinity)
            case "old": Ticket(user: "alice", scopes: "mcp:use", endsAt: 0)
            default: nil
            }
        }
    }

    private struct NoTickets: TicketStore {
        struct Down: Error {}
        func ticket(for token: [UInt8]) async throws -> Ticket? { throw Down() }
    }
}
