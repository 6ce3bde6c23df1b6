import HTTPMessages
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import TokenVerification

/// A verifier with a scripted endpoint and clocks that the test advances.
struct IntrospectionFixture {
    static let now = 1_800_000_000.0
    static let resource = "https://mcp.example/mcp"
    static let issuer = "https://issuer.example"
    static let good: JSONDocument.Object = [
        "active": true, "aud": .string(resource), "sub": "alice", "scope": "mcp:use",
    ]

    let endpoint: ScriptedIntrospection
    let wall = FakeClock(now)
    let monotonic = FakeClock()
    let log = EventLog()
    let verifier: IntrospectionTokenVerifier

    init(
        _ endpoint: ScriptedIntrospection = ScriptedIntrospection(good),
        configure: (inout IntrospectionConfiguration) -> Void = { _ in }
    ) throws {
        self.endpoint = endpoint
        var configuration = IntrospectionConfiguration(
            endpoint: "https://issuer.example/introspect", issuer: Self.issuer, resource: Self.resource,
            credentials: .basic(clientID: "rs", try ClientSecret("secret")))
        configure(&configuration)
        verifier = try IntrospectionTokenVerifier(
            configuration, fetcher: endpoint, clock: wall.wallClock, monotonicClock: monotonic.monotonicClock,
            observer: { [log] in log.append($0) })
    }

    static func token(_ text: String = "opaque") -> PresentedToken { PresentedToken(Array(text.utf8)) }

    func rejection(_ text: String = "opaque") async -> TokenRejection? {
        do throws(TokenRejection) {
            _ = try await verifier.verify(Self.token(text))
            return nil
        } catch {
            return error
        }
    }

    func code(_ text: String = "opaque") async -> String? { await rejection(text)?.code }

    /// The codes of the endpoint's failures, in order.
    var failures: [String] {
        log.all.compactMap { event in
            guard case .introspectionFailed(let failure) = event else { return nil }
            return failure.code
        }
    }
}

@Suite("IntrospectionTokenVerifier: the question and the answer (RFC 7662)", .serialized)
struct IntrospectionVerifierTests {
    private typealias Fixture = IntrospectionFixture

    // MARK: The request

    @Test("RFC 6749 §2.3.1: client_secret_basic, each part form-urlencoded before they are joined")
    func basic() async throws {
        let fixture = try Fixture {
            $0.credentials = .basic(clientID: "rs:1 e", secret("a:b%+c ~ü"))
        }
        #expect(await fixture.rejection("a+/=") == nil)
        let request = try #require(fixture.endpoint.requests.first)
        #expect(request.url == "https://issuer.example/introspect")
        let sent = try #require(request.fields[.authorization]?.string)
        let pair = try #require(Base64.decode(String(sent.dropFirst(6))))
        #expect(sent.hasPrefix("Basic "))
        #expect(String(decoding: pair, as: UTF8.self) == "rs%3A1%20e:a%3Ab%25%2Bc%20~%C3%BC")
        #expect(request.form == "token=a%2B%2F%3D&token_type_hint=access_token")
        #expect(request.fields[.accept]?.string == "application/json")
        #expect(request.limit == 65_536)
    }

    @Test("RFC 6749 §2.3.1: client_secret_post, in the form and not in the field")
    func post() async throws {
        let fixture = try Fixture { $0.credentials = .post(clientID: "rs&x", secret("a=b&c")) }
        #expect(await fixture.rejection() == nil)
        let request = try #require(fixture.endpoint.requests.first)
        #expect(request.fields[.authorization] == nil)
        #expect(
            request.form == "token=opaque&token_type_hint=access_token&client_id=rs%26x&client_secret=a%3Db%26c")
    }

    @Test("RFC 7662 §2.1: a bearer token of this server's own")
    func bearer() async throws {
        let fixture = try Fixture { $0.credentials = .bearer(secret("own-token")) }
        #expect(await fixture.rejection() == nil)
        let request = try #require(fixture.endpoint.requests.first)
        #expect(request.fields[.authorization]?.string == "Bearer own-token")
        #expect(request.form == "token=opaque&token_type_hint=access_token")
    }

    private func secret(_ text: String) -> ClientSecret {
        guard let secret = try? ClientSecret(text) else { preconditionFailure("no secret") }
        return secret
    }

    @Test(
        "THREATS M11: what is no token is never sent",
        arguments: ["", "=", "a b", "a\n", "a&token=b", "tök", "a,b", "a=b", "\u{0}"])
    func malformed(token: String) async throws {
        let fixture = try Fixture()
        #expect(await fixture.code(token) == "token_syntax")
        #expect(fixture.endpoint.requests.isEmpty)
    }

    @Test("A token of 64 KiB is sent, a longer one is not")
    func tooLong() async throws {
        let fixture = try Fixture()
        #expect(await fixture.code(String(repeating: "a", count: 65_536)) == nil)
        #expect(await fixture.code(String(repeating: "a", count: 65_537)) == "token_syntax")
        #expect(fixture.endpoint.requests.count == 1)
    }

    // MARK: The response

    @Test("A good token is what the endpoint says, under the configured issuer")
    func good() async throws {
        var answer = Fixture.good
        answer["exp"] = 1_800_000_100
        answer["client_id"] = "app"
        let fixture = try Fixture(ScriptedIntrospection(answer))
        let token = try await fixture.verifier.verify(Fixture.token())
        #expect(token.issuer == Fixture.issuer && token.subject == "alice" && token.clientID == "app")
        #expect(token.expiresAt == 1_800_000_100 && token.scopes.tokens == ["mcp:use"])
    }

    @Test("The endpoint's spelling of scopes, and its roles, become what this server requires")
    func scopes() async throws {
        var answer = Fixture.good
        answer["roles"] = ["editor"]
        let endpoint = ScriptedIntrospection(answer)
        let fixture = try Fixture(endpoint) {
            $0.scopes = ScopeMapping(
                spelling: .withoutPrefix("api://id/"), claims: [.init(["roles"], grants: ["editor": ["write"]])])
        }
        #expect(try await fixture.verifier.verify(Fixture.token()).scopes.description == "api://id/mcp:use write")
        #expect(throws: ConfigurationError.self) {
            try Fixture(endpoint) { $0.scopes = ScopeMapping(spelling: .withoutPrefix("a b")) }
        }
    }

    @Test("Without exp the token has no end")
    func endless() async throws {
        #expect(try await Fixture().verifier.verify(Fixture.token()).expiresAt == nil)
    }

    @Test(
        "Each claim that an active answer makes is checked, with the codes of a JWT",
        arguments: [
            (["active": false], "token_inactive"),
            (["exp": 1_799_999_940], "exp_expired"), (["exp": 1_799_999_941], nil), (["exp": 1_799_999_940.5], nil),
            (["exp": "1900000000"], "exp_wrong_type"), (["exp": true], "exp_wrong_type"),
            (["exp": 9_007_199_254_740_992], "exp_wrong_type"),
            (["nbf": 1_800_000_060], nil), (["nbf": 1_800_000_061], "nbf_not_yet_valid"),
            (["nbf": "1"], "nbf_wrong_type"),
            (["iss": "https://issuer.example"], nil), (["iss": "https://issuer.example/"], "iss_mismatch"),
            (["iss": "https://ISSUER.example"], "iss_mismatch"),
            (["iss": ["https://issuer.example"]], "iss_wrong_type"),
            (["aud": "https://mcp.example/mcp/"], nil), (["aud": ["x", "https://mcp.example/mcp"]], nil),
            (["aud": "https://mcp.example"], "aud_mismatch"), (["aud": "https://mcp.example/mcp/x"], "aud_mismatch"),
            (["aud": []], "aud_mismatch"), (["aud": ["https://mcp.example/mcp", 1]], "aud_wrong_type"),
            (["aud": 1], "aud_wrong_type"),
            (["token_use": "access_token"], nil), (["token_use": "access"], nil),
            (["token_use": "refresh_token"], "not_an_access_token"), (["token_use": "id"], "not_an_access_token"),
            (["cnf": ["jkt": "x"]], "cnf_unsatisfied"), (["cnf": false], "cnf_unsatisfied"),
            (["sub": 7], "sub_wrong_type"), (["client_id": []], "client_id_wrong_type"),
            (["jti": [:]], "jti_wrong_type"),
            (["iat": 1_900_000_000], nil), (["scope": 7], nil),
        ] as [(JSONDocument.Object, String?)])
    func claims(changes: JSONDocument.Object, code: String?) async throws {
        var answer = Fixture.good
        for (name, value) in changes.members { answer[name] = value }
        let fixture = try Fixture(ScriptedIntrospection(answer))
        #expect(await fixture.code() == code)
        #expect(fixture.failures == [])
    }

    @Test("The skew is settable; other audiences match exactly")
    func settings() async throws {
        var answer = Fixture.good
        answer["exp"] = 1_799_999_999
        answer["aud"] = "api://notes"
        func code(_ skew: Int, _ audience: String) async throws -> String? {
            try await Fixture(ScriptedIntrospection(answer)) {
                $0.clockSkew = skew
                $0.audiences = [audience]
            }.code()
        }
        #expect(try await code(0, "api://notes") == "exp_expired")
        #expect(try await code(2, "api://notes") == nil)
        #expect(try await code(2, "api://notes/") == "aud_mismatch")
    }

    @Test("An absent audience is refused unless the operator says otherwise; a wrong one is refused all the same")
    func absentAudience() async throws {
        var answer = Fixture.good
        answer["aud"] = nil
        #expect(try await Fixture(ScriptedIntrospection(answer)).code() == "aud_missing")
        let lenient = try Fixture(ScriptedIntrospection(answer)) { $0.absentAudience = .dangerouslyAccepted }
        #expect(await lenient.code() == nil)
        answer["aud"] = "https://other.example"
        let wrong = try Fixture(ScriptedIntrospection(answer)) { $0.absentAudience = .dangerouslyAccepted }
        #expect(await wrong.code() == "aud_mismatch")
    }

    @Test(
        "What is no answer is nobody's fault but the endpoint's: 503, an event, and nothing remembered",
        arguments: [
            (ScriptedIntrospection.json(["active": "true"]), "active_not_boolean"),
            (ScriptedIntrospection.json(["active": 1]), "active_not_boolean"),
            (ScriptedIntrospection.json([:]), "active_not_boolean"),
            (ScriptedIntrospection.json([["active": true]]), "active_not_boolean"),
            (ScriptedIntrospection.document(Array(#"{"active":true"#.utf8)), "malformed_json"),
            (ScriptedIntrospection.document(Array(#"{"active":false,"active":true}"#.utf8)), "malformed_json"),
            (ScriptedIntrospection.document([]), "malformed_json"),
            (ScriptedIntrospection.document(Array(#"{"active":true}"#.utf8), type: "text/html"), "not_json"),
            (ScriptedIntrospection.document(Array(#"{"active":true}"#.utf8), type: nil), "not_json"),
            (
                ScriptedIntrospection.document(Array("e30.e30.AA".utf8), type: "application/token-introspection+jwt"),
                "not_json"
            ),
            (ScriptedIntrospection.document([UInt8](repeating: 0x20, count: 65_537)), "fetch_too_large"),
            (ScriptedIntrospection.json(["active": true], status: .internalServerError), "status_500"),
            (ScriptedIntrospection.json(["active": true], status: .found), "status_302"),
            (ScriptedIntrospection.json(["active": true], status: .created), "status_201"),
            (ScriptedIntrospection.json(["error": "invalid_request"], status: .badRequest), "status_400"),
            (ScriptedIntrospection.json(["error": "invalid_client"], status: .unauthorized), "credentials_refused"),
            (ScriptedIntrospection.json(["error": "x"], status: .forbidden), "status_403"),
            (.failure(.timedOut), "fetch_timed_out"), (.failure(.tls), "fetch_tls"),
            (.failure(.connectionFailed), "fetch_connection_failed"),
            (.failure(.tooLarge(limit: 65_536)), "fetch_too_large"),
        ] as [(ScriptedIntrospection.Answer, String)])
    func noAnswer(answer: ScriptedIntrospection.Answer, code: String) async throws {
        let fixture = try Fixture()
        fixture.endpoint.set(answer)
        let seconds = code == "credentials_refused" ? 1 : 5
        #expect(await fixture.rejection() == .unavailable(.introspection, retryAfter: seconds))
        #expect(fixture.failures == [code])
        #expect(fixture.log.all.map(\.description) == ["introspection_failed reason=\(code)"])
        #expect(fixture.verifier.remembered == (0, 0))
        fixture.monotonic.advance(by: .seconds(seconds))
        fixture.endpoint.set(ScriptedIntrospection.json(.object(Fixture.good)))
        #expect(await fixture.rejection() == nil)
    }

    // MARK: Configuration

    @Test(
        "A configuration that is wrong cannot be used, and every fault is told",
        arguments: [
            (
                "http://issuer.example/introspect",
                "endpoint uses http, which sends tokens and credentials unencrypted; use https"
            ),
            ("https://issuer.example/introspect#x", "endpoint has a fragment (#…); remove it"),
            ("/introspect", "endpoint is not an absolute URL"),
            ("https://u:p@issuer.example/", "endpoint is not an absolute URL"),
        ])
    func endpointFault(endpoint: String, explanation: String) {
        do throws(ConfigurationError) {
            try check(
                IntrospectionConfiguration(
                    endpoint: endpoint, issuer: Fixture.issuer, resource: Fixture.resource,
                    credentials: .bearer(secret("x"))))
            Issue.record("accepted")
        } catch {
            #expect(error.faults.count == 1)
            #expect(error.description.hasPrefix(explanation))
        }
    }

    private func check(_ configuration: IntrospectionConfiguration) throws(ConfigurationError) {
        _ = try IntrospectionTokenVerifier(configuration, fetcher: ScriptedFetcher())
    }

    @Test("All faults of a configuration are told at once")
    func faults() {
        var configuration = IntrospectionConfiguration(
            endpoint: "x", issuer: "", resource: nil, credentials: .basic(clientID: "", secret("x")))
        configuration.clockSkew = 301
        configuration.caching = .upTo(entries: 0)
        do throws(ConfigurationError) {
            try check(configuration)
            Issue.record("accepted")
        } catch {
            #expect(
                error.settings
                    == ["endpoint", "issuer", "audiences", "clockSkew", "caching", "credentials.clientID"])
        }
        configuration = IntrospectionConfiguration(
            endpoint: "http://127.0.0.1:9/i", issuer: "i", resource: "r", credentials: .bearer(secret("not one token")))
        configuration.insecureHTTP = .loopback
        do throws(ConfigurationError) {
            try check(configuration)
            Issue.record("accepted")
        } catch {
            #expect(error.settings == ["credentials"])
        }
        configuration.credentials = .bearer(secret("one-token"))
        #expect(throws: Never.self) { try check(configuration) }
    }
}
