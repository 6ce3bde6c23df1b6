import OAuthTestKit
import Testing

/// A handler that says who calls what.
private struct Echo: HTTPHandler {
    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        let body = String(decoding: try await request.body.collect(upTo: 1_000), as: UTF8.self)
        let caller = Principal.current?.subject ?? "a stranger"
        return .text("\(caller): \(request.method) \(request.target.text) \(body)")
    }
}

@Suite("A guard for tests, and requests to it")
struct TestServerTests {
    private let issuer = FakeIssuer()
    private let events = EventRecorder()

    private func server(
        requiredScopes: [String] = [], dpop: ResourceServerConfiguration.DPoP.Mode = .off,
        configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws -> ProtectedHandler {
        try ResourceServer(
            testing: issuer, requiredScopes: requiredScopes, dpop: dpop, events: events, configure: configure
        ).protecting(Echo())
    }

    // MARK: The guard

    @Test("a good token of the issuer is accepted, and its keys were discovered in the process")
    func good() async throws {
        let response = try await server().post("/mcp", token: issuer.token(), json: ["a": 1])
        #expect(try await response.text() == #"test-user: POST /mcp {"a":1}"#)
        #expect(
            issuer.fetched == [
                "https://issuer.example/.well-known/oauth-authorization-server", "https://issuer.example/jwks",
            ])
    }

    @Test("a token with any defect is refused, for the reason that the defect names", arguments: TokenDefect.allCases)
    func defects(defect: TokenDefect) async throws {
        let response = try await server().post("/mcp", token: issuer.token(with: defect))
        #expect(response.status == .unauthorized)
        #expect(events.refusals == [.token(defect.rejection)])
        #expect(events.reasons == [defect.rejection.code])
    }

    @Test("attack: an issuer with the same identifier and other keys is a stranger")
    func impostor() async throws {
        let impostor = FakeIssuer()
        #expect(try await server().post("/mcp", token: impostor.token()).status == .unauthorized)
        #expect(events.refusals == [.token(.invalid(.jwt(.key(.unknown))))])
    }

    @Test("attack: an issuer that was not named is refused, and nothing is fetched from it")
    func stranger() async throws {
        let stranger = FakeIssuer("https://stranger.example")
        #expect(try await server().post("/mcp", token: stranger.token()).status == .unauthorized)
        #expect(events.refusals == [.token(.invalid(.unknownIssuer(.other)))])
        #expect(stranger.fetched.isEmpty)
    }

    @Test("attack: a token for another resource of the same issuer is refused")
    func otherResource() async throws {
        let token = issuer.token(audience: "https://other.example/mcp")
        #expect(try await server().post("/mcp", token: token).status == .unauthorized)
        #expect(events.reasons == ["aud_mismatch"])
    }

    @Test("attack: an algorithm that a server in production refuses is refused here too")
    func algorithms() async throws {
        let issuer = FakeIssuer(algorithms: [.edDSA])
        let server = try ResourceServer(testing: issuer, events: events).protecting(Echo())
        #expect(try await server.post("/mcp", token: issuer.token()).status == .unauthorized)
        #expect(events.reasons == ["alg_not_allowed"])
    }

    @Test("several issuers are trusted, on one origin too, and each verifies its own tokens")
    func severalIssuers() async throws {
        let tenants = ["a", "b"].map { FakeIssuer("https://login.example/\($0)", audience: issuer.audience) }
        let server = try ResourceServer(testing: issuer, tenants[0], tenants[1], events: events).protecting(Echo())
        for each in [issuer] + tenants {
            #expect(try await server.post("/mcp", token: each.token()).status == .ok)
        }
        // A token of one tenant that claims to be of the other.
        let forged = tenants[0].token { $0.claims["iss"] = .string(tenants[1].url) }
        #expect(try await server.post("/mcp", token: forged).status == .unauthorized)
        #expect(events.reasons == ["key_unknown"])
    }

    @Test("scopes, operations, mode, and every other setting are those of a guard in production")
    func settings() async throws {
        let server = try ResourceServer(
            testing: issuer, requiredScopes: ["mcp:use"], operations: [.tool("delete_*", requires: "files:write")],
            events: events
        ) { $0.responses.realm = "notes" }.protecting(Echo())
        #expect(try await server.post("/mcp", token: issuer.token(scope: "other")).status == .forbidden)
        #expect(try await server.post("/mcp", token: issuer.token(), json: .toolCall("list")).status == .ok)
        let refused = try await server.post("/mcp", token: issuer.token(), json: .toolCall("delete_all", ["id": 1]))
        #expect(refused.status == .forbidden)
        #expect(try refused.challenge?.scope?.tokens == ["files:write", "mcp:use"])
        #expect(try refused.challenge?.realm == "notes")
        #expect(events.reasons == ["insufficient_scope", "insufficient_scope"])
    }

    @Test("shadow mode lets requests through, and the recorder has what would have happened")
    func shadow() async throws {
        let server = try ResourceServer(testing: issuer, mode: .shadow, events: events).protecting(Echo())
        #expect(try await server.post("/mcp").status == .ok)
        #expect(events.reasons == ["missing_credentials"])
        #expect(events.all.contains(.wouldDeny("missing_credentials")))
    }

    @Test("a disabled guard on loopback sees that its requests arrive there")
    func disabled() async throws {
        let issuer = FakeIssuer("http://127.0.0.1:9000", audience: "http://127.0.0.1:8080/mcp")
        let server = try ResourceServer(testing: issuer, mode: .disabled(anonymousAs: "dev")).protecting(Echo())
        #expect(try await server.get("/mcp").status == .ok)
        let local = try ResourceServer(testing: issuer, events: events).protecting(Echo())
        #expect(try await local.get("/mcp", token: issuer.token()).status == .ok)
    }

    @Test("faults of the configuration are thrown, all at once")
    func faults() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try ResourceServer(testing: issuer, requiredScopes: ["a b"]) { $0.tokens.maximumBytes = 1 }
        }
        #expect(error?.faults.count == 2)
    }

    @Test("the program's own configuration is used as it is, with fake issuers in the place of those it names")
    func ownConfiguration() async throws {
        let configuration = ResourceServerConfiguration(
            resource: "https://mcp.example.com/mcp",
            issuers: [
                .keycloak(realm: "https://login.example.com/realms/notes"),
                IssuerConfiguration("https://other.example.com", keys: .url("https://keys.example.com/set")),
            ], requiredScopes: ["mcp:use"])
        let keycloak = FakeIssuer(configuration.tokens.issuers[0].issuer, audience: configuration.resource)
        let other = FakeIssuer("https://other.example.com", audience: configuration.resource)
        let server = try ResourceServer(configuration, testing: keycloak, other, events: events).protecting(Echo())
        for each in [keycloak, other] {
            let token = each.token { $0.claims["typ"] = "Bearer" }
            #expect(try await server.post("/mcp", token: token).status == .ok, "\(each.url)")
            #expect(try await server.post("/mcp", token: each.token(scope: "x")).status != .ok)
        }
        #expect(other.fetched == ["https://keys.example.com/set"])
        // An issuer of the configuration that no fake issuer replaces cannot be reached.
        let alone = try ResourceServer(configuration, testing: keycloak, events: events).protecting(Echo())
        #expect(try await alone.post("/mcp", token: other.token()).status == .serviceUnavailable)
    }

    // MARK: Requests

    @Test("get, post, delete and send say what they say")
    func requests() async throws {
        let server = try server()
        let token = issuer.token(subject: "alice")
        #expect(try await server.get("/mcp?a=b", token: token).text() == "alice: GET /mcp?a=b ")
        #expect(try await server.delete("/mcp", token: token).text() == "alice: DELETE /mcp ")
        #expect(try await server.post("/mcp", token: token).text() == "alice: POST /mcp ")
        let put = try await server.send(.put, "/mcp", token: token, body: Array("x".utf8))
        #expect(try await put.text() == "alice: PUT /mcp x")
        let list = try await server.post("/mcp", token: token, json: .mcp("tools/list"))
        #expect(try await list.text() == #"alice: POST /mcp {"jsonrpc":"2.0","method":"tools/list","id":1}"#)
        let note = JSONValue.mcp("notifications/initialized", id: nil)
        #expect(note == ["jsonrpc": "2.0", "method": "notifications/initialized"])
    }

    @Test("the fields of a request: those of an MCP client unless the test gives its own")
    func fields() async throws {
        let fields = ClosureHandler { request in
            .text(request.fields.pairs.map { "\($0.name): \($0.value)" }.joined(separator: "\n"))
        }
        #expect(
            try await fields.post("/", json: [:]).text() == """
                Content-Type: application/json
                Accept: application/json, text/event-stream
                Host: localhost
                """)
        let own: HTTPFields = ["Content-Type": "text/plain", .accept: "*/*", .host: "a.example", "X-A": "1"]
        #expect(
            try await fields.post("/", token: "t", fields: own, json: 1).text()
                == "Content-Type: text/plain\nAccept: */*\nHost: a.example\nX-A: 1\nAuthorization: Bearer t")
        #expect(try await server().protectedHost() == "resource.example")
    }

    @Test("attack: a token beside credentials of the test is not silently replaced")
    func twoCredentials() async throws {
        let response = try await server().post(
            "/mcp", token: issuer.token(), fields: [.authorization: "Bearer other"])
        #expect(response.status == .badRequest)
        #expect(events.reasons == ["repeated_credentials"])
    }

    @Test("a bound token is sent with a proof by its key, and without it is refused")
    func boundTokens() async throws {
        let server = try server(dpop: .required)
        let key = DPoPKey()
        let token = issuer.token(boundTo: key)
        #expect(try await server.get("/mcp?a=b", token: token, provedBy: key).status == .ok)
        #expect(try await server.post("/mcp", token: token, provedBy: key).status == .ok)
        #expect(try await server.delete("/mcp", token: token).status == .unauthorized)
        #expect(try await server.post("/mcp", token: token, provedBy: DPoPKey()).status == .unauthorized)
        #expect(try await server.post("/mcp", token: issuer.token(), provedBy: key).status == .unauthorized)
        #expect(events.reasons == ["dpop_bound_token_as_bearer", "dpop_other_key", "dpop_unbound_token"])
    }

    @Test("of several resources, the request is for the one that it names, and so is its proof")
    func severalResources() async throws {
        let issuers = ["https://a.example/mcp", "https://b.example/mcp"].map { FakeIssuer(audience: $0) }
        let resources = try ProtectedResources(
            issuers.map { issuer in
                try ResourceServer(testing: issuer, dpop: .required).protecting { request, _ in
                    .text(request.fields[.host]?.string ?? "")
                }
            })
        let key = DPoPKey()
        let first = issuers[0].token(boundTo: key)
        #expect(try await resources.get("/mcp", token: first, provedBy: key).text() == "a.example")
        let second = issuers[1].token(boundTo: key)
        let fields: HTTPFields = [.host: "b.example"]
        #expect(try await resources.get("/mcp", token: second, provedBy: key, fields: fields).text() == "b.example")
        #expect(try await resources.get("/mcp", token: second, provedBy: key).status == .unauthorized)
    }

    @Test("a token that cannot be sent in a field, and a proof for nothing, stop the test")
    func impossibleRequests() async {
        await #expect(processExitsWith: .failure) {
            _ = try await ClosureHandler { _ in .text("") }.get("/", token: "a\r\nb")
        }
        await #expect(processExitsWith: .failure) {
            _ = try await ClosureHandler { _ in .text("") }.get("/", token: "a", provedBy: DPoPKey())
        }
    }

    // MARK: Responses

    @Test("text, JSON and bytes of a response, a stream included, up to a limit")
    func content() async throws {
        let stream = HTTPResponse(
            status: .ok,
            body: .stream { writer in
                for piece in ["{\"a\"", ":1}"] { try await writer.write(Array(piece.utf8)) }
            })
        #expect(try await stream.text() == #"{"a":1}"#)
        #expect(try await stream.json()["a"] == 1)
        #expect(try await stream.bytes(upTo: 7).count == 7)
        for response in [stream, HTTPResponse.text(#"{"a":1}"#)] {
            await #expect(throws: HTTPResponse.UnreadableContent.tooLong(limit: 6)) {
                try await response.bytes(upTo: 6)
            }
        }
        await #expect(throws: HTTPResponse.UnreadableContent.notJSON) { try await HTTPResponse.text("x").json() }
        await #expect(throws: HTTPResponse.UnreadableContent.notText) {
            try await HTTPResponse(status: .ok, body: .bytes([0xFF])).text()
        }
        // A stream that goes on after its writer has thrown is too long all the same.
        let stubborn = HTTPResponse(
            status: .ok, body: .stream { writer in for _ in 0..<9 { try? await writer.write([1]) } })
        await #expect(throws: HTTPResponse.UnreadableContent.tooLong(limit: 6)) { try await stubborn.bytes(upTo: 6) }
    }

    @Test("the challenge of a refusal")
    func challenge() async throws {
        let response = try await server(requiredScopes: ["mcp:use"]).post("/mcp", token: issuer.token(with: .expired))
        #expect(try response.challenge?.error == "invalid_token")
        #expect(
            try response.challenge?.resourceMetadata?.text
                == "https://resource.example/.well-known/oauth-protected-resource/mcp")
        #expect(try HTTPResponse.text("").challenge == nil)
    }
}

extension ProtectedHandler {
    /// The host that a request to the handler names.
    fileprivate func protectedHost() async throws -> String? {
        let guarded = guards[0].protecting { request, _ in .text(request.fields[.host]?.string ?? "none") }
        return try await guarded.authenticated(as: "alice").get("/mcp").text()
    }
}
