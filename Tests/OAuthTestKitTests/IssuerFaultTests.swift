import OAuthTestKit
import Testing

@Suite("What goes wrong at the issuer", .timeLimit(.minutes(5)))
struct IssuerFaultTests {
    private let clock = FakeClock()
    private let events = EventRecorder()
    private let issuer: FakeIssuer
    private let server: ProtectedHandler

    init() throws {
        issuer = FakeIssuer(clock: clock)
        server = try ResourceServer(testing: issuer, events: events).protecting { _, _ in .text("ok") }
    }

    @Test(
        "with any fault, no token can be judged: 503, and the event says the fault",
        arguments: FakeIssuer.Fault.allCases)
    func faults(fault: FakeIssuer.Fault) async throws {
        issuer.fault = fault
        let response = try await server.get("/mcp", token: issuer.token())
        #expect(response.status == .serviceUnavailable)
        #expect(response.fields[.retryAfter] != nil)
        #expect(events.reasons == ["keys_unavailable"])
        #expect(events.all.contains { $0.reason == fault.code }, "\(events.all)")
        issuer.fault = nil
        clock.advance(by: .seconds(61))
        #expect(try await server.get("/mcp", token: issuer.token()).status == .ok)
    }

    @Test("attack: with any fault, a bad token is not accepted", arguments: FakeIssuer.Fault.allCases)
    func badTokens(fault: FakeIssuer.Fault) async throws {
        issuer.fault = fault
        for defect in TokenDefect.allCases {
            #expect(try await server.get("/mcp", token: issuer.token(with: defect)).status != .ok, "\(defect)")
        }
    }

    @Test("a slow issuer: many requests wait for one fetch")
    func slow() async throws {
        issuer.holdAnswers()
        let (server, issuer) = (server, issuer)
        let statuses = Task {
            try await withThrowingTaskGroup(of: HTTPStatus.self) { group in
                for _ in 0..<8 { group.addTask { try await server.get("/mcp", token: issuer.token()).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        while issuer.fetched.isEmpty { await Task.yield() }
        issuer.releaseAnswers()
        #expect(try await statuses.value == Array(repeating: .ok, count: 8))
        #expect(issuer.fetched.count == 2)
    }

    @Test("an issuer that is too slow is an outage, when the clock of the test says so")
    func tooSlow() async throws {
        issuer.holdAnswers()
        let (server, issuer) = (server, issuer)
        let status = Task { try await server.get("/mcp", token: issuer.token()).status }
        // The request, and the fetch for which it waits.
        while issuer.fetched.isEmpty || clock.sleepers < 2 { await Task.yield() }
        clock.advance(by: RemoteKeySet.Limits.patience)
        #expect(try await status.value == .serviceUnavailable)
        #expect(events.reasons == ["keys_unavailable"])
        issuer.releaseAnswers()
    }

    @Test("a server learns of a new key when it needs it, and does not forget the old one at once")
    func rotation() async throws {
        let old = issuer.token()
        #expect(try await server.get("/mcp", token: old).status == .ok)
        issuer.rotateKeys()
        #expect(try await server.get("/mcp", token: issuer.token()).status == .ok)
        #expect(try await server.get("/mcp", token: old).status == .ok)
        #expect(issuer.fetched.count == 3)
    }

    @Test("attack: a key that the issuer has dropped verifies nothing, once the server knows")
    func droppedKey() async throws {
        let server = try ResourceServer(testing: issuer, events: events) {
            $0.tokens.issuers[0].keySettings.dropRemovedKeys = .atOnce
        }.protecting { _, _ in .text("ok") }
        let old = issuer.token()
        #expect(try await server.get("/mcp", token: old).status == .ok)
        issuer.rotateKeys(.drop)
        #expect(try await server.get("/mcp", token: issuer.token()).status == .ok)
        #expect(try await server.get("/mcp", token: old).status == .unauthorized)
        #expect(events.reasons == ["key_unknown"])
    }

    // MARK: Introspection

    private func introspecting() throws -> ProtectedHandler {
        try ResourceServer(testing: issuer, events: events) { [issuer] in
            $0.tokens.introspection = issuer.introspection
        }.protecting { _, principal in .text(principal.subject ?? "") }
    }

    @Test("an opaque token is what its answer says, and JWTs are still verified with keys")
    func opaque() async throws {
        let server = try introspecting()
        #expect(try await server.get("/mcp", token: issuer.opaqueToken(subject: "alice")).text() == "alice")
        #expect(try await server.get("/mcp", token: issuer.token(subject: "bob")).text() == "bob")
    }

    @Test("the endpoint is where the metadata or the configuration of the program says")
    func endpoints() async throws {
        for endpoint in [.discovered, "https://login.example/introspection"] as [IntrospectionConfiguration.Endpoint] {
            let issuer = FakeIssuer()
            var introspection = issuer.introspection
            introspection.endpoint = endpoint
            var configuration = ResourceServerConfiguration(resource: issuer.audience)
            configuration.metadata.authorizationServers = [issuer.url]
            configuration.tokens.introspection = introspection
            let server = try ResourceServer(configuration, testing: issuer).protecting { _, _ in .text("ok") }
            #expect(try await server.get("/mcp", token: issuer.opaqueToken()).status == .ok, "\(endpoint)")
        }
    }

    @Test(
        "attack: an opaque token whose answer is not good is refused for its reason",
        arguments: [
            ("active", .bool(false), "token_inactive"), ("aud", "https://other.example", "aud_mismatch"),
            ("aud", .null, "aud_wrong_type"), ("iss", "https://other.example", "iss_mismatch"),
            ("exp", 1, "token_inactive"), ("cnf", ["jkt": "x"], "cnf_unsatisfied"),
        ] as [(String, JSONValue, String)])
    func badAnswers(member: String, value: JSONValue, code: String) async throws {
        let token = issuer.opaqueToken { $0[member] = value }
        #expect(try await introspecting().get("/mcp", token: token).status == .unauthorized)
        #expect(events.reasons == [code])
    }

    @Test("attack: a token that the issuer did not make, or has revoked, is not active")
    func inactive() async throws {
        let revoked = issuer.opaqueToken()
        issuer.revoke(revoked)
        for token in ["invented", revoked, FakeIssuer().opaqueToken()] {
            #expect(try await introspecting().get("/mcp", token: token).status == .unauthorized)
        }
        #expect(Set(events.reasons) == ["token_inactive"])
    }

    @Test("the endpoint demands credentials, and faults are its faults too")
    func endpoint() async throws {
        let anonymous = DocumentRequest(
            url: try AbsoluteURL(parsing: issuer.url + "/introspect"), method: .postForm(Array("token=a".utf8)),
            maximumBodyBytes: 1_000)
        #expect(try await issuer.fetch(anonymous).status == .unauthorized)
        let elsewhere = DocumentRequest(
            url: try AbsoluteURL(parsing: issuer.url + "/other"), method: .postForm(Array("token=a".utf8)),
            maximumBodyBytes: 1_000)
        #expect(try await issuer.fetch(elsewhere).status == .notFound)
        issuer.fault = .serverError
        let response = try await introspecting().get("/mcp", token: issuer.opaqueToken())
        #expect(response.status == .serviceUnavailable)
        #expect(events.reasons == ["introspection_unavailable"])
        #expect(events.all.contains(EventRecorder.Event("introspection_failed", reason: "status_500")))
    }

    // MARK: Fetches

    @Test("only the documents of the issuer are served, and only as large as the request allows")
    func documents() async throws {
        func fetch(_ url: String, limit: Int = 100_000) async throws(FetchError) -> HTTPStatus {
            guard let url = try? AbsoluteURL(parsing: url) else { throw .notAllowed }
            return try await issuer.fetch(DocumentRequest(url: url, maximumBodyBytes: limit)).status
        }
        #expect(try await fetch("https://issuer.example/.well-known/openid-configuration") == .ok)
        #expect(try await fetch("https://issuer.example/elsewhere") == .notFound)
        await #expect(throws: FetchError.notResolved) { try await fetch("https://other.example/jwks") }
        await #expect(throws: FetchError.notResolved) { try await fetch("https://issuer.example:8443/jwks") }
        await #expect(throws: FetchError.tooLarge(limit: 9)) {
            try await fetch("https://issuer.example/jwks", limit: 9)
        }
    }

    @Test("a scripted fetcher gives its answers, in order of the requests, and waits when it is told to")
    func scripted() async throws {
        let fetcher = ScriptedFetcher()
        fetcher.set("https://a.example/x", json: ["a": 1], fields: [.eTag: "\"1\""])
        fetcher.set("https://a.example/y", .failure(.timedOut))
        func request(_ url: String) throws -> DocumentRequest {
            DocumentRequest(url: try AbsoluteURL(parsing: url), maximumBodyBytes: 100)
        }
        let document = try await fetcher.fetch(request("https://a.example/x"))
        #expect(document.status == .ok && document.body == Array(#"{"a":1}"#.utf8))
        #expect(document.fields[.contentType] == "application/json" && document.fields[.eTag] == "\"1\"")
        await #expect(throws: FetchError.timedOut) { try await fetcher.fetch(request("https://a.example/y")) }
        #expect(try await fetcher.fetch(request("https://a.example/z")).status == .notFound)
        #expect(fetcher.requests == ["x", "y", "z"].map { "https://a.example/" + $0 })
        fetcher.hold()
        let held = try request("https://a.example/x")
        let task = Task { try await fetcher.fetch(held).status }
        while fetcher.requests.count < 4 { await Task.yield() }
        fetcher.release()
        #expect(try await task.value == .ok)
        #expect(fetcher.lastRequest?.url == held.url)
    }
}
