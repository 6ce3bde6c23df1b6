import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("Guard modes", .serialized)
struct GuardModeTests {
    private static let local = "http://127.0.0.1:8080/mcp"
    private static let host = [("Host", "localhost")]

    private func disabled(
        _ resource: String = local, _ mode: ResourceServer.Mode = .disabled(anonymousAs: "dev"),
        hasVerifier: Bool = false
    ) throws -> (server: ResourceServer, log: EventLog) {
        var configuration = ResourceServerConfiguration(
            resource: resource, requiredScopes: ["mcp:use"])
        configuration.mode = mode
        let log = EventLog()
        return (
            try ResourceServer(
                configuration, verifier: hasVerifier ? StubVerifier() : nil, observer: { log.append($0) }), log
        )
    }

    // MARK: Shadow

    @Test(
        "POLICY §12: shadow lets every request through, with its principal if the token is good, and reports the rest")
    func shadow() async throws {
        let fixture = try GuardFixture { $0.mode = .shadow }
        func exchange(_ token: String?, _ target: String = "/mcp") async throws -> String? {
            let exchange = try await GuardExchange(fixture.server, .post, target, token: token)
            #expect(exchange.response.status == .ok)
            return exchange.served
        }
        #expect(try await exchange(nil) == "<anonymous>")
        #expect(try await exchange("x") == "<anonymous>")
        #expect(try await exchange(GuardFixture.issuer.token(with: .expired)) == "<anonymous>")
        #expect(try await exchange(GuardFixture.issuer.token()) == "test-user")
        #expect(try await exchange(GuardFixture.issuer.token { $0.claims["scope"] = nil }) == "test-user")
        #expect(try await exchange(GuardFixture.issuer.token(), "/mcp?access_token=x") == "<anonymous>")
        let events = fixture.log.all.map { event in event.name + (event.reason.map { " reason=\($0)" } ?? "") }
        let once = [
            "would_deny reason=missing_credentials", "allowed_anonymously",
            "would_deny reason=token_parts", "allowed_anonymously",
            "would_deny reason=exp_expired", "allowed_anonymously",
            "allowed", "would_deny reason=insufficient_scope",
            "would_deny reason=token_in_two_places", "allowed_anonymously",
        ]
        // Each request was sent through both entries.
        #expect(events.filter { $0.hasPrefix("would_deny") }.count == 10)
        #expect(Set(events.dropFirst()) == Set(once))
    }

    @Test("Shadow mode is announced when the guard is created; enforced and static modes are not.")
    func announcement() throws {
        func events(_ mode: ResourceServer.Mode) throws -> [String] {
            let fixture = try GuardFixture { configuration in
                configuration.mode = mode
                if mode == .staticTokens { configuration.metadata.authorizationServers = [] }
            }
            return fixture.log.all.map(\.description)
        }
        #expect(
            try events(.shadow)
                == ["GUARD_SHADOW"])
        #expect(try events(.enforced) == [])
        #expect(try events(.staticTokens) == [])
    }

    @Test("In shadow mode a form is searched and handed on whole, and what is down does not stop anybody")
    func shadowForm() async throws {
        let fixture = try GuardFixture { $0.mode = .shadow }
        let handler = fixture.server.protecting { request, _ in
            .text(String(decoding: try await request.body.collect(upTo: 100), as: UTF8.self))
        }
        var request = HTTPRequest(method: .post, target: "/mcp")
        request.fields.append(.authorization, try #require(HTTPFields.Value("Bearer " + GuardFixture.issuer.token())))
        request.fields.append(.contentType, "application/x-www-form-urlencoded")
        let pieces = ["access_", "token=x"].makeIterator()
        let source = PieceSource(pieces)
        request.body = HTTPRequest.Body { () throws(HTTPRequest.Body.ReadError) in await source.next() }
        #expect(try await handler.respond(to: request).bodyText == "access_token=x")
        let unavailable = try GuardFixture(verifier: UnavailableVerifier()) { $0.mode = .shadow }
        #expect(try await GuardExchange(unavailable.server, token: "x").served == "<anonymous>")
    }

    @Test("Shadow mode serves the metadata and refuses Origin and Host all the same")
    func shadowBrowsers() async throws {
        let server = try GuardFixture { configuration in
            configuration.mode = .shadow
            configuration.resource = Self.local
        }.server
        let document = "/.well-known/oauth-protected-resource/mcp"
        #expect(try await GuardExchange(server, .get, document, fields: Self.host).response.status == .ok)
        #expect(try await GuardExchange(server, fields: [("Host", "evil.example")]).response.status.code == 421)
        #expect(
            try await GuardExchange(server, fields: Self.host + [("Origin", "https://x.example")]).response.status
                == .forbidden)
    }

    // MARK: Static tokens

    @Test("POLICY §12: for static tokens there is no metadata, and the challenge is plain, with a realm")
    func staticTokens() async throws {
        for (realm, expected) in [(nil, GuardFixture.resource), ("notes", "notes")] {
            let server = try GuardFixture { configuration in
                configuration.mode = .staticTokens
                configuration.metadata.authorizationServers = []
                configuration.responses.realm = realm
            }.server
            let refused = try await GuardExchange(server)
            #expect(refused.response.status == .unauthorized)
            #expect(refused.response.text(.wwwAuthenticate) == #"Bearer realm="\#(expected)", scope="mcp:use""#)
            for path in ["", "/mcp"] {
                let document = try await GuardExchange(server, .get, "/.well-known/oauth-protected-resource" + path)
                #expect(document.response.status == .notFound)
            }
            #expect(try await GuardExchange(server, token: GuardFixture.issuer.token()).served == "test-user")
        }
    }

    // MARK: Disabled

    @Test("POLICY §12: disabled looks at no token, names everybody alike, and says so loudly at the start")
    func disabled() async throws {
        let (server, log) = try disabled()
        #expect(
            log.all.map(\.description) == [
                #"GUARD_DISABLED as="dev" reach=loopbackOnly"#
            ])
        for listener in [HTTPRequest.ListenerKind.loopback, .unixSocket] {
            for token in [nil, "x"] {
                let exchange = try await GuardExchange(server, token: token, fields: Self.host, listener: listener)
                #expect(exchange.served == "<dev>")
            }
        }
        #expect(try await GuardExchange(server, fields: [("Host", "evil.example")]).response.status.code == 421)
        let document = "/.well-known/oauth-protected-resource/mcp"
        let exchange = try await GuardExchange(server, .get, document, fields: Self.host, listener: .loopback)
        #expect(exchange.response.status == .notFound)
    }

    @Test(
        "POLICY §12: disabled is refused beyond loopback, and where the listener is not known to be loopback",
        arguments: [HTTPRequest.ListenerKind.network, .unknown])
    func disabledOnNetwork(listener: HTTPRequest.ListenerKind) async throws {
        let (server, log) = try disabled()
        let exchange = try await GuardExchange(server, fields: Self.host, listener: listener)
        #expect(
            exchange.response.summary == [
                "500", "Content-Type: application/json", "Cache-Control: no-store", #"{"error":"server_error"}"#,
            ])
        #expect(log.all.last?.description.hasPrefix("denied reason=disabled_on_network token=none ") == true)
        guard case .loopbackOnly(let reason) = server.protecting({ _, _ in .text("") }).exposure else {
            Issue.record("may listen anywhere")
            return
        }
        #expect(reason.hasPrefix("the guard is disabled and accepts every request"))
    }

    @Test("A disabled guard that is known to be public goes anywhere")
    func publicKnowingly() async throws {
        let (server, log) = try disabled(
            "https://mcp.example/mcp", .disabled(anonymousAs: "anybody", reach: .iKnowThisIsPublic), hasVerifier: true)
        #expect(try await GuardExchange(server, listener: .network).served == "<anybody>")
        #expect(server.protecting({ _, _ in .text("") }).exposure == .anywhere)
        #expect(log.all.first?.description.hasSuffix("reach=iKnowThisIsPublic") == true)
    }

    @Test("Every other mode may be served anywhere")
    func exposure() throws {
        for mode in [ResourceServer.Mode.enforced, .shadow] {
            let server = try GuardFixture { $0.mode = mode }.server
            #expect(server.protecting({ _, _ in .text("") }).exposure == .anywhere)
        }
    }

    // MARK: Configuration

    private static let all: [ResourceServer.Mode] = [
        .enforced, .shadow, .staticTokens, .disabled(anonymousAs: "dev"),
        .disabled(anonymousAs: "dev", reach: .iKnowThisIsPublic),
    ]

    @Test(
        "POLICY §12: no combination of settings lets an unproven request through unless the mode says so",
        arguments: all)
    func combinations(mode: ResourceServer.Mode) async throws {
        var enforced = 0
        for resource in [Self.local, GuardFixture.resource] {
            for issuers in [[], ["https://issuer.example"]] {
                for scopes in [[], ["mcp:use"]] {
                    for hasVerifier in [true, false] {
                        for observer in [{ _ in }, nil] as [ResourceServerEvent.Observer?] {
                            var configuration = ResourceServerConfiguration(
                                resource: resource, requiredScopes: scopes)
                            configuration.metadata.authorizationServers = issuers
                            configuration.mode = mode
                            let server = try? ResourceServer(
                                configuration, verifier: hasVerifier ? StubVerifier() : nil, observer: observer)
                            guard let server else { continue }
                            let exchange = try await GuardExchange(
                                server, token: "x", fields: Self.host, listener: .loopback)
                            let isOpen = exchange.served != nil
                            let isLocal = resource == Self.local
                            switch mode {
                            case .enforced, .staticTokens:
                                #expect(!isOpen && hasVerifier && issuers.isEmpty == (mode == .staticTokens))
                            case .shadow: #expect(isOpen && hasVerifier && observer != nil && !issuers.isEmpty)
                            case .disabled(_, .loopbackOnly): #expect(isOpen && isLocal && observer != nil)
                            case .disabled(_, .iKnowThisIsPublic): #expect(isOpen && observer != nil)
                            }
                            enforced += 1
                        }
                    }
                }
            }
        }
        // The number of valid configurations among the 32 combinations.
        let expected: [ResourceServer.Mode: Int] = [
            .enforced: 8, .shadow: 4, .staticTokens: 8, .disabled(anonymousAs: "dev"): 8,
            .disabled(anonymousAs: "dev", reach: .iKnowThisIsPublic): 16,
        ]
        #expect(enforced == expected[mode])
    }

    @Test("What a mode lacks is said with what to do")
    func explanations() {
        func faults(_ mode: ResourceServer.Mode, resource: String = GuardFixture.resource, issuers: [String] = [])
            -> [String]
        {
            var configuration = ResourceServerConfiguration(resource: resource)
            configuration.metadata.authorizationServers = issuers
            configuration.mode = mode
            do throws(ConfigurationError) {
                _ = try ResourceServer(configuration, verifier: nil)
                return []
            } catch {
                return error.lines
            }
        }
        #expect(
            faults(.enforced) == [
                "metadata.authorizationServers is empty; name the issuer that clients log in to",
                "verifier is missing; pass a verifier, or use the mode .disabled, which verifies no token",
            ])
        #expect(
            faults(.shadow, issuers: ["https://issuer.example"]) == [
                "verifier is missing; pass a verifier, or use the mode .disabled, which verifies no token",
                "observer is missing, so that the results of shadow mode would be lost; pass an observer",
            ])
        #expect(
            faults(.staticTokens, issuers: ["https://issuer.example"]) == [
                "metadata.authorizationServers is set, but the mode accepts only pre-shared tokens; remove it",
                "verifier is missing; pass a verifier, or use the mode .disabled, which verifies no token",
            ])
        #expect(
            faults(.disabled(anonymousAs: "a\nb")) == [
                "observer is missing, but a disabled guard must be reported; pass an observer",
                "mode has an anonymous name that is not 1…64 printable ASCII characters; choose another name",
                "mode is disabled while resource is not on a loopback host: every client could do everything; use "
                    + "http://127.0.0.1:<port> there, or set reach: .iKnowThisIsPublic",
            ])
        for name in ["", String(repeating: "a", count: 65), "\"", "\\", "\u{E9}"] {
            #expect(faults(.disabled(anonymousAs: name), resource: Self.local).count == 2)
        }
        #expect(
            faults(.disabled(anonymousAs: "dev"), resource: "https://localhost/mcp") == [
                "observer is missing, but a disabled guard must be reported; pass an observer"
            ])
    }
}

/// A body that arrives in pieces.
private actor PieceSource {
    private var pieces: IndexingIterator<[String]>

    init(_ pieces: IndexingIterator<[String]>) {
        self.pieces = pieces
    }

    func next() -> [UInt8]? { pieces.next().map { Array($0.utf8) } }
}

/// A verifier that is always unavailable.
private struct UnavailableVerifier: TokenVerifier {
    func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        throw .unavailable(.verifier, retryAfter: 1)
    }
}
