import HTTPMessages
import JOSE
import OAuthResourceServer
import OAuthTestKit
import SocketHTTP
import Synchronization
import Testing
import TokenVerification
import WireFormat

/// Bound tokens of other sources than signed JWTs, and what else of the guard meets them.
@Suite("Proofs and the rest of the guard", .serialized, .timeLimit(.minutes(5)))
struct ProofSourceTests {
    private static let endpoint = "https://issuer.example/introspect"

    /// A guard with introspection, whose answers a test sets.
    private func introspecting(
        _ mode: ResourceServerConfiguration.DPoP.Mode, _ fetcher: ScriptedFetcher,
        configure: (inout ResourceServerConfiguration) throws -> Void = { _ in }
    ) throws -> RowPaths {
        var configuration = ResourceServerConfiguration(resource: GuardUnderTest.resource, requiredScopes: ["mcp:use"])
        configuration.tokens.introspection = IntrospectionConfiguration(
            endpoint: Self.endpoint, issuer: "https://issuer.example", resource: nil,
            credentials: .basic(clientID: "rs", try ClientSecret("s3cret")))
        configuration.dpop.mode = mode
        configuration.clocks.wall = WallClock { GuardUnderTest.now }
        try configure(&configuration)
        let server = try ResourceServer(configuration, fetcher: fetcher, observer: { _ in })
        return RowPaths(guarded: GuardUnderTest(handler: server.protecting { try await GuardUnderTest.answer($0, $1) }))
    }

    private func set(_ changes: JSONDocument.Object, at fetcher: ScriptedFetcher) {
        var answer: JSONDocument.Object = [
            "active": true, "aud": .string(GuardUnderTest.resource), "scope": "mcp:use", "sub": "test-user",
        ]
        for (name, value) in changes.members { answer[name] = value }
        fetcher.set(Self.endpoint, json: answer)
    }

    private static let bound: JSONValue = ["jkt": .string(DPoPKey.client.thumbprint)]

    private func row(_ token: String, _ scheme: String, by key: DPoPKey = .client) -> RowRequest {
        var request = ProofRequest(token, by: key)
        request.scheme = scheme
        return request.row
    }

    @Test("RFC 9449 §6.2: the cnf of an introspection answer binds the token, remembered or not")
    func introspection() async throws {
        for mode in [ResourceServerConfiguration.DPoP.Mode.optional, .required] {
            let fetcher = ScriptedFetcher()
            let paths = try introspecting(mode, fetcher)
            for type in ["DPoP", "dpop", "Bearer", nil] as [String?] {
                set(["cnf": Self.bound, "token_type": type.map { .string($0) } ?? .null], at: fetcher)
                let token = "opaque-\(mode)-\(type ?? "none")"
                // The second time, the answer is remembered.
                for _ in 1...2 {
                    #expect(try await paths.inProcess(row(token, "DPoP")) == .passed())
                    #expect(try await paths.inProcess(row(token, "Bearer")).status == 401)
                    #expect(try await paths.inProcess(row(token, "DPoP", by: .stranger)).status == 401)
                    var bare = row(token, "DPoP")
                    bare.lines.removeAll { $0.name == "DPoP" }
                    #expect(try await paths.inProcess(bare) == .invalidProof)
                }
            }
        }
    }

    @Test("RFC 9449 §6.2: a token that the authorization server calls DPoP is no bearer token, without cnf either")
    func introspectionWithoutKey() async throws {
        for mode in [ResourceServerConfiguration.DPoP.Mode.off, .optional, .required] {
            let fetcher = ScriptedFetcher()
            let paths = try introspecting(mode, fetcher)
            set(["token_type": "DPoP"], at: fetcher)
            for scheme in ["Bearer", "DPoP"] {
                #expect(try await paths.inProcess(row("opaque", scheme)).status == 401, "\(mode), \(scheme)")
            }
        }
    }

    @Test("An introspection answer whose cnf cannot be read, or is not checked here, is refused under both schemes")
    func introspectionMalformed() async throws {
        let values: [JSONValue] = [
            .null, 1, [:], [], "x", ["jkt": ""], ["kid": "x"], ["x5t#S256": .string(DPoPKey.client.thumbprint)],
        ]
        for (number, value) in values.enumerated() {
            for mode in [ResourceServerConfiguration.DPoP.Mode.off, .optional, .required] {
                let fetcher = ScriptedFetcher()
                set(["cnf": value], at: fetcher)
                let paths = try introspecting(mode, fetcher)
                for scheme in ["Bearer", "DPoP"] {
                    #expect(try await paths.inProcess(row("opaque", scheme)).status == 401, "\(number), \(mode)")
                }
            }
        }
    }

    @Test("A pre-shared token is not bound: accepted as Bearer beside DPoP, and refused as DPoP with any proof")
    func staticToken() async throws {
        let made = StaticTokenFixture.make()
        let fetcher = ScriptedFetcher()
        fetcher.set(Self.endpoint, json: ["active": false])
        let paths = try introspecting(.optional, fetcher) {
            $0.tokens.staticTokens = try StaticTokenList(parsing: Array(made.lines.utf8))
        }
        #expect(try await paths.inProcess(row(made.token, "Bearer")).status == 200)
        let refused = RowAnswer.invalidTokenByProof.with(RowAnswer.bearerOffer)
        #expect(try await paths.inProcess(row(made.token, "DPoP")) == refused)
        var bare = row(made.token, "DPoP")
        bare.lines.removeAll { $0.name == "DPoP" }
        #expect(try await paths.inProcess(bare) == refused)
    }

    @Test("A disabled guard looks at no proof and uses none up, whatever the mode of DPoP is")
    func disabled() async throws {
        for mode in [ResourceServerConfiguration.DPoP.Mode.optional, .required] {
            let guarded = try ProofGuard(mode) { $0.mode = .disabled(anonymousAs: "local", reach: .iKnowThisIsPublic) }
            var request = ProofRequest()
            request.fields = [request.proof.signed()]
            for _ in 1...2 { #expect(try await guarded.answer(request).status == 200) }
            request.fields = ["garbage", "garbage"]
            #expect(try await guarded.answer(request).status == 200)
            #expect(guarded.takeCodes() == [])
        }
    }

    @Test("POLICY §11: a session belongs to its principal; each request to it needs the proof of its own token's key")
    func session() async throws {
        var configuration = ResourceServerConfiguration(resource: GuardUnderTest.resource, requiredScopes: ["mcp:use"])
        configuration.dpop.mode = .optional
        configuration.clocks.wall = WallClock { GuardUnderTest.now }
        var policy = JWTPolicy(issuer: GuardUnderTest.issuer.url, resource: GuardUnderTest.resource)
        policy.confirmations = [.dpop]
        let verifier = try JWTTokenVerifier(
            [.init(try JWTValidation(policy), keys: GuardUnderTest.issuer.keySource)],
            clock: WallClock { GuardUnderTest.now })
        let handler = try ResourceServer(configuration, verifier: verifier).protecting { request, _ in
            var response = HTTPResponse.text(request.fields[.mcpSessionID]?.string ?? "begun")
            if !request.fields.contains(.mcpSessionID) { response.fields.append(.mcpSessionID, "s-1") }
            return response
        }
        let paths = RowPaths(guarded: GuardUnderTest(handler: handler))
        let begun = try await paths.inProcess(ProofRequest().row)
        let session = try #require(begun.lines.first { $0.hasPrefix("Mcp-Session-Id: ") }).dropFirst(16)
        func answer(_ token: String, by key: DPoPKey) async throws -> RowAnswer {
            var request = ProofRequest(token, by: key)
            request.lines = [("Mcp-Session-Id", String(session))]
            return try await paths.inProcess(request.row)
        }
        #expect(try await answer(ProofRequest.boundToken(), by: .client).body == "s-1")
        // Another device of the same user and client, with a token that is bound to its own key.
        let second = ProofRequest.boundToken(to: .stranger)
        #expect(try await answer(second, by: .stranger).body == "s-1")
        // The token of the session and another key; another user with a key of their own.
        #expect(try await answer(ProofRequest.boundToken(), by: .stranger) == .invalidTokenByProof)
        let other = ProofRequest.boundToken(to: .stranger) { $0.claims["sub"] = "other-user" }
        #expect(try await answer(other, by: .stranger).status == 404)
    }

    @Test("An event stream over a socket needs a proof for its GET, and a replayed one opens no second stream")
    func stream() async throws {
        let opened = Mutex(0)
        var configuration = ResourceServerConfiguration(resource: GuardUnderTest.resource, requiredScopes: ["mcp:use"])
        configuration.dpop.mode = .required
        configuration.clocks.wall = WallClock { GuardUnderTest.now }
        // Streams end by the time of day, and not by the clock of this test.
        configuration.streams.listening = .dangerouslyOutlivesToken
        var policy = JWTPolicy(issuer: GuardUnderTest.issuer.url, resource: GuardUnderTest.resource)
        policy.confirmations = [.dpop]
        let verifier = try JWTTokenVerifier(
            [.init(try JWTValidation(policy), keys: GuardUnderTest.issuer.keySource)],
            clock: WallClock { GuardUnderTest.now })
        let handler = try ResourceServer(configuration, verifier: verifier).protecting { _, _ in
            opened.withLock { $0 += 1 }
            return .events { writer in try await writer.send(ServerSentEvent(data: "hello")) }
        }
        let paths = RowPaths(guarded: GuardUnderTest(handler: handler))
        let listening = try HTTPServer(host: "127.0.0.1", port: 0, limits: RowPaths.patientLimits).listen()
        let running = Task { try await listening.run(handler) }
        var request = ProofRequest()
        request.method = "GET"
        request.lines = [("Accept", "text/event-stream")]
        #expect(try await paths.overSocket(request.row, listening.port) == .invalidProof)
        request.proof.claims["htm"] = "GET"
        request.fields = [request.proof.signed()]
        let answer = try await paths.overSocket(request.row, listening.port)
        #expect(answer.status == 200 && answer.body.contains("data: hello"))
        #expect(try await paths.overSocket(request.row, listening.port) == .invalidProof)
        request.lines.append(("Last-Event-ID", "1"))
        #expect(try await paths.overSocket(request.row, listening.port) == .invalidProof)
        #expect(opened.withLock { $0 } == 1)
        running.cancel()
        try await running.value
    }

    @Test("No description or dump of a guard shows a key, a secret or a password")
    func dumps() async throws {
        let secrets = ["nonce-key-of-32-visible-characters", "s3cret-of-the-introspection"]
        var configuration = ResourceServerConfiguration(resource: GuardUnderTest.resource, requiredScopes: ["mcp:use"])
        configuration.tokens.introspection = IntrospectionConfiguration(
            endpoint: Self.endpoint, issuer: "https://issuer.example", resource: nil,
            credentials: .basic(clientID: "rs", try ClientSecret(secrets[1])))
        configuration.dpop.mode = .required
        configuration.dpop.nonces = .required(try DPoPNonces(current: Array(secrets[0].utf8)))
        configuration.dpop.replayStore = .url("valkey://:hunter2-password@127.0.0.1")
        configuration.dpop.openReplayStore = { _ throws(ConfigurationError) in InMemoryReplayStore() }
        let server = try ResourceServer(configuration, fetcher: ScriptedFetcher(), observer: { _ in })
        var text = "\(configuration) \(server) "
        dump(configuration, to: &text)
        dump(server, to: &text)
        #expect((secrets + ["hunter2"]).filter { text.contains($0) }.isEmpty)
        // The bytes of a key in a list, one a line.
        let lines = text.split(separator: "\n").map { $0.drop { " -▿".contains($0) } }
        let bytes = secrets[0].utf8.prefix(8).map { "\($0)" }
        let isShown = lines.indices.contains { lines[$0...].prefix(8).map(String.init) == bytes }
        #expect(!isShown)
    }
}
