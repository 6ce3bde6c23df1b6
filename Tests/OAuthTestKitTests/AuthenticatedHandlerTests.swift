import OAuthTestKit
import Testing

@Suite("A caller without a token")
struct AuthenticatedHandlerTests {
    private let issuer = FakeIssuer()
    private let events = EventRecorder()

    private func server(
        dpop: ResourceServerConfiguration.DPoP.Mode = .off, mode: ResourceServer.Mode = .enforced
    ) throws -> ProtectedHandler {
        try ResourceServer(
            testing: issuer, requiredScopes: ["notes:read"],
            operations: [.tool("add_note", requires: "notes:write")], mode: mode, dpop: dpop, events: events
        ) { $0.browsers.allowedOrigins = ["https://app.example"] }.protecting { request, principal in
            let session = request.fields[.mcpSessionID]?.string
            var response = HTTPResponse.text("\(principal.subject ?? "nobody") \(session ?? "")")
            if session == nil { response.fields[.mcpSessionID] = "session-1" }
            return response
        }
    }

    @Test("behind a guard, the caller needs no token, and every other rule of the guard applies")
    func guarded() async throws {
        let reader = try server().authenticated(as: "alice", scopes: ["notes:read"])
        #expect(try await reader.get("/mcp").text() == "alice ")
        #expect(try await reader.post("/mcp", json: .toolCall("add_note")).status == .forbidden)
        let writer = try server().authenticated(as: "alice", scopes: ["notes:read", "notes:write"])
        #expect(try await writer.post("/mcp", json: .toolCall("add_note")).status == .ok)
        let page: HTTPFields = [.origin: "https://evil.example"]
        #expect(try await writer.post("/mcp", fields: page, json: .mcp("ping")).status == .forbidden)
        #expect(events.reasons == ["insufficient_scope", "origin_not_allowed"])
        #expect(issuer.fetched.isEmpty)
    }

    @Test("attack: a caller without scopes gets no further than a token without them")
    func noScopes() async throws {
        #expect(try await server().authenticated(as: "alice").get("/mcp").status == .forbidden)
        let claimed = try server().authenticated(as: "alice") { $0["scope"] = "notes:read" }
        #expect(try await claimed.get("/mcp").status == .ok)
    }

    @Test("attack: credentials of the request itself are judged as always")
    func ownCredentials() async throws {
        let caller = try server().authenticated(as: "alice", scopes: ["notes:read"])
        let good = issuer.token(scope: "notes:read", subject: "bob")
        #expect(try await caller.get("/mcp", token: good).text() == "bob ")
        #expect(try await caller.get("/mcp", token: issuer.token(with: .expired)).status == .unauthorized)
        #expect(try await caller.get("/mcp", token: "").status == .unauthorized)
        #expect(events.reasons.first == "exp_expired")
    }

    @Test("attack: the handler of the test is not changed, and its own requests still need a token")
    func original() async throws {
        let server = try server()
        let caller = server.authenticated(as: "alice", scopes: ["notes:read"])
        #expect(try await caller.get("/mcp").status == .ok)
        #expect(try await server.get("/mcp").status == .unauthorized)
    }

    @Test("attack: a session of one caller is unknown to another, also one with a token")
    func sessions() async throws {
        let server = try server()
        let alice = server.authenticated(as: "alice", scopes: ["notes:read"])
        let begun = try await alice.post("/mcp", json: .mcp("initialize"))
        let session = try #require(begun.fields[.mcpSessionID])
        let fields: HTTPFields = [.mcpSessionID: session]
        #expect(try await alice.get("/mcp", fields: fields).text() == "alice session-1")
        let bob = server.authenticated(as: "bob", scopes: ["notes:read"])
        #expect(try await bob.get("/mcp", fields: fields).status == .notFound)
        // The same user at the same issuer, with a real token.
        let token = issuer.token(scope: "notes:read", subject: "alice")
        #expect(try await server.get("/mcp", token: token, fields: fields).text() == "alice session-1")
    }

    @Test("a guard that requires bound tokens, and one that is disabled, do what they do")
    func otherModes() async throws {
        let bound = try server(dpop: .required).authenticated(as: "alice", scopes: ["notes:read"])
        #expect(try await bound.get("/mcp").status == .unauthorized)
        #expect(events.reasons == ["dpop_binding_required"])
        let open = try server(mode: .disabled(anonymousAs: "dev", reach: .iKnowThisIsPublic))
        #expect(try await open.authenticated(as: "alice").get("/mcp").text() == "nobody ")
    }

    @Test("several resources: the caller is known to each of them")
    func resources() async throws {
        let other = FakeIssuer("https://other.example", audience: "https://resource.example/other")
        let resources = try ProtectedResources([
            server(),
            ResourceServer(testing: other) { $0.metadata.rootAlias = .notServed }.protecting { _, principal in
                .text("other \(principal.issuer ?? "")")
            },
        ])
        let caller = resources.authenticated(as: "alice", scopes: ["notes:read"])
        #expect(try await caller.get("/mcp").text() == "alice ")
        #expect(try await caller.get("/other").text() == "other https://other.example")
        #expect(try await resources.get("/other").status == .unauthorized)
    }

    @Test("a handler without a guard gets the caller as the current principal")
    func plain() async throws {
        let plain = ClosureHandler { _ in
            let principal = Principal.current
            return .text("\(principal?.subject ?? "nobody") \(principal?.scopes.tokens.joined(separator: " ") ?? "")")
        }
        #expect(try await plain.get("/").text() == "nobody ")
        #expect(try await plain.authenticated(as: "alice", scopes: ["b", "a"]).get("/").text() == "alice a b")
    }

    @Test("attack: a guard that is hidden in another handler refuses the caller")
    func hidden() async throws {
        let server = try server()
        let wrapper = ClosureHandler { try await server.respond(to: $0) }
        #expect(
            try await wrapper.authenticated(as: "alice", scopes: ["notes:read"]).get("/mcp").status == .unauthorized)
    }

    @Test("attack: such a handler is not served on the network")
    func exposure() throws {
        guard case .loopbackOnly = try server().authenticated(as: "alice").exposure else {
            Issue.record("the handler may be served everywhere")
            return
        }
    }

    @Test("a principal for handlers that take one")
    func principal() {
        let principal = Principal.authenticated(as: "alice", scopes: ["a"]) { $0["email"] = "alice@example.com" }
        #expect(principal.subject == "alice" && principal.clientID == "test-client")
        #expect(principal.issuer == FakeIssuer.defaultURL)
        #expect(principal.scopes.contains("a") && !principal.scopes.contains("b"))
        #expect(principal.claims["email"] == "alice@example.com")
        #expect(principal.identity != Principal.authenticated(as: "alice", issuer: "https://b.example").identity)
    }

    @Test("attack: two scopes in one text stop the test, because only one was meant")
    func scopesAreSingle() async {
        await #expect(processExitsWith: .failure) { _ = Principal.authenticated(as: "alice", scopes: ["a b"]) }
        await #expect(processExitsWith: .failure) { _ = Principal.authenticated(as: "alice", scopes: [""]) }
    }
}
