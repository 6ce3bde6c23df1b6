import HTTPMessages
import OAuthMetadata
@testable import OAuthTestKit
import Testing
import WireFormat

@Suite("Authorization endpoint", .serialized)
struct AuthorizationEndpointTests {
    private typealias Fixture = DevelopmentServerFixture

    /// The good request with parameters replaced, added (new name) or removed (nil).
    private func request(_ clientID: String, _ changes: [(String, String?)]) -> [(String, String)] {
        var parameters = Fixture.authorizationRequest(clientID)
        for (name, value) in changes {
            parameters.removeAll { $0.0 == name }
            if let value { parameters.append((name, value)) }
        }
        return parameters
    }

    @Test("RFC 6749 §4.1.2, RFC 9207 §2: a good request is redirected with code, state and iss")
    func redirects() async throws {
        let fixture = try Fixture()
        let answer = try await fixture.authorize(Fixture.authorizationRequest(fixture.publicClient()))
        #expect(answer.status == .found)
        #expect(answer.fields[.location]?.string?.hasPrefix("http://127.0.0.1:3030/callback?code=") == true)
        #expect(answer.fields[.cacheControl]?.string == "no-store")
        #expect(answer.redirected["state"] == "s t&1")
        #expect(answer.redirected["iss"] == Fixture.issuerURL)
        #expect(answer.redirected["error"] == nil)
        // 256 random bits.
        #expect(Base64URL.decode(answer.redirected["code"] ?? "")?.count == 32)
    }

    @Test("a script of another origin reads nothing here")
    func noCORS() async throws {
        let fixture = try Fixture()
        let answer = try await fixture.authorize(Fixture.authorizationRequest(fixture.publicClient()))
        #expect(answer.fields[.accessControlAllowOrigin] == nil)
        #expect(try await fixture.send(.options, "/authorize").status == .methodNotAllowed)
    }

    @Test("RFC 6749 §3.1.2: a registered query component is kept")
    func keepsQuery() async throws {
        let fixture = try Fixture()
        let uri = "https://app.example/cb?tenant=1"
        let registration = try await fixture.register([
            "redirect_uris": [.string(uri)], "token_endpoint_auth_method": "none",
        ])
        let id = try #require(registration.json["client_id"]?.string)
        let answer = try await fixture.authorize(request(id, [("redirect_uri", uri)]))
        #expect(answer.fields[.location]?.string?.hasPrefix("https://app.example/cb?tenant=1&code=") == true)
    }

    @Test("RFC 8252 §7.3: a loopback redirect URI may have any port")
    func anyLoopbackPort() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let uri = "http://127.0.0.1:51515/callback"
        let answer = try await fixture.authorize(request(id, [("redirect_uri", uri)]))
        let code = try #require(answer.redirected["code"])
        #expect(answer.fields[.location]?.string?.hasPrefix(uri + "?") == true)
        // The token request repeats the URI unchanged, including the port.
        let elsewhere = try await fixture.form(Fixture.codeRequest(id, code))
        #expect(elsewhere.refusal() == ["invalid_grant", Refusal.redirectURIMismatch.sentence])
        let exact = Fixture.codeRequest(id, code).map { $0.0 == "redirect_uri" ? ($0.0, uri) : $0 }
        #expect(try await fixture.form(exact).status == .ok)
    }

    @Test("RFC 6749 §3.1.2.3: with one registered redirect URI it may be left out")
    func leavesOutTheOnlyURI() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let answer = try await fixture.authorize(request(id, [("redirect_uri", nil)]))
        let code = try #require(answer.redirected["code"])
        let without = Fixture.codeRequest(id, code).filter { $0.0 != "redirect_uri" }
        #expect(try await fixture.form(without).status == .ok)
    }

    /// Requests with a wrong client or redirect URI. They are answered directly (RFC 6749 §4.1.2.1).
    static let direct: [([(String, String?)], Refusal)] = [
        ([("client_id", nil)], .clientMissing),
        ([("client_id", "")], .clientMissing),
        ([("client_id", "nobody")], .unknownClient),
        ([("redirect_uri", "https://evil.example/callback")], .redirectURINotRegistered),
        ([("redirect_uri", "http://127.0.0.1:3030/callback/")], .redirectURINotRegistered),
        ([("redirect_uri", "http://127.0.0.1:3030/callback?x=1")], .redirectURINotRegistered),
        ([("redirect_uri", "http://127.0.0.1:3030/callback#x")], .redirectURINotRegistered),
        ([("redirect_uri", "http://127.0.0.2:3030/callback")], .redirectURINotRegistered),
        ([("redirect_uri", "http://localhost:3030/callback")], .redirectURINotRegistered),
        ([("redirect_uri", "https://127.0.0.1:3030/callback")], .redirectURINotRegistered),
        ([("redirect_uri", "http://user@127.0.0.1:3030/callback")], .redirectURINotRegistered),
    ]

    @Test("RFC 6749 §4.1.2.1: a wrong client or redirect URI is never redirected", arguments: direct)
    func neverRedirects(changes: [(String, String?)], refusal: Refusal) async throws {
        let fixture = try Fixture()
        let answer = try await fixture.authorize(request(fixture.publicClient(), changes))
        #expect(answer.refusal() == [refusal.code, refusal.sentence])
    }

    @Test("a repeated client_id or redirect_uri is never redirected", arguments: ["client_id", "redirect_uri"])
    func repeatedIdentity(name: String) async throws {
        let fixture = try Fixture()
        let good = try await Fixture.authorizationRequest(fixture.publicClient())
        let answer = try await fixture.authorize(good + good.filter { $0.0 == name })
        #expect(answer.refusal() == ["invalid_request", Refusal.repeatedParameter.sentence])
    }

    @Test(
        "a query that is not form-urlencoded is never redirected", arguments: ["%ff", "a=%C3", "=x", "&"])
    func malformedQuery(query: String) async throws {
        let answer = try await Fixture().send(.get, "/authorize?" + query)
        #expect(answer.refusal() == ["invalid_request", Refusal.malformedForm.sentence])
    }

    @Test("no query at all names no client")
    func noQuery() async throws {
        let answer = try await Fixture().send(.get, "/authorize")
        #expect(answer.refusal() == ["invalid_client", Refusal.clientMissing.sentence])
    }

    @Test("several registered redirect URIs and none in the request: not redirected")
    func ambiguousURI() async throws {
        let fixture = try Fixture()
        let registration = try await fixture.register([
            "redirect_uris": ["https://a.example/", "https://b.example/"], "token_endpoint_auth_method": "none",
        ])
        let id = try #require(registration.json["client_id"]?.string)
        let answer = try await fixture.authorize(request(id, [("redirect_uri", nil)]))
        #expect(answer.refusal() == ["invalid_request", Refusal.redirectURIMissing.sentence])
    }

    /// Requests with other faults. Their errors are redirected to the client.
    static let redirected: [([(String, String?)], Refusal)] = [
        ([("response_type", nil)], .responseTypeMissing),
        ([("response_type", "token")], .responseTypeUnsupported),
        ([("response_type", "code id_token")], .responseTypeUnsupported),
        ([("response_mode", "fragment")], .responseModeUnsupported),
        ([("request", "x.y.z")], .requestObjectUnsupported),
        ([("request_uri", "https://a.example/r")], .requestObjectUnsupported),
        ([("code_challenge", nil), ("code_challenge_method", nil)], .challengeMissing),
        ([("code_challenge", nil)], .challengeMissing),
        ([("code_challenge_method", nil)], .challengeMethodUnsupported),
        ([("code_challenge_method", "plain")], .challengeMethodUnsupported),
        ([("code_challenge_method", "s256")], .challengeMethodUnsupported),
        ([("code_challenge", "short")], .challengeMalformed),
        ([("code_challenge", Fixture.challenge + "A")], .challengeMalformed),
        ([("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN")], .challengeMalformed),
        ([("scope", "a\"b")], .malformedScope),
        ([("scope", " ")], .malformedScope),
        ([("resource", "mcp")], .malformedResource),
        ([("resource", "http://a.example/#f")], .malformedResource),
    ]

    @Test("RFC 6749 §4.1.2.1: other errors are redirected with error, state and iss", arguments: redirected)
    func redirectsErrors(changes: [(String, String?)], refusal: Refusal) async throws {
        let fixture = try Fixture()
        let answer = try await fixture.authorize(request(fixture.publicClient(), changes))
        #expect(
            answer.redirected == [
                "error": refusal.code, "error_description": refusal.sentence, "state": "s t&1",
                "iss": Fixture.issuerURL,
            ])
    }

    @Test("RFC 6749 §3.1: repeated parameters are refused", arguments: ["scope", "code_challenge", "x"])
    func repeated(name: String) async throws {
        let fixture = try Fixture()
        var parameters = try await Fixture.authorizationRequest(fixture.publicClient())
        parameters += [(name, "a"), (name, "a")]
        let answer = try await fixture.authorize(parameters)
        #expect(answer.redirected["error"] == "invalid_request")
        #expect(answer.redirected["error_description"] == Refusal.repeatedParameter.sentence)
        #expect(answer.redirected["state"] == "s t&1")
    }

    @Test("RFC 8707 §2: 16 resources in one request, and no more")
    func tooManyResources() async throws {
        let fixture = try Fixture()
        let base = try await request(fixture.publicClient(), [("resource", nil)])
        func answer(_ count: Int) async throws -> Answer {
            try await fixture.authorize(base + (0..<count).map { ("resource", "https://r\($0).example/") })
        }
        #expect(try await answer(16).redirected["code"] != nil)
        #expect(try await answer(17).redirected["error"] == "invalid_target")
    }

    @Test("a state that cannot be echoed is refused without it")
    func malformedState() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        for state in ["a\r\nb", "é", "\u{7F}"] {
            let answer = try await fixture.authorize(request(id, [("state", state)]))
            #expect(answer.redirected["error_description"] == Refusal.malformedState.sentence)
            #expect(answer.redirected["state"] == nil)
        }
    }

    @Test("a client that is not registered for the grant is refused")
    func grantNotRegistered() async throws {
        let fixture = try Fixture()
        let client = try fixture.server.registerClient(
            "robot", grantTypes: [.clientCredentials], redirectURIs: [Fixture.redirectURI])
        let answer = try await fixture.authorize(Fixture.authorizationRequest(client.clientID))
        #expect(answer.redirected["error"] == "unauthorized_client")
    }

    @Test("scopes and resources beyond the allowed ones are refused")
    func allowLists() async throws {
        let fixture = try Fixture {
            $0.allowedScopes = ScopeSet(["mcp:use"])
            $0.allowedResources = [Fixture.resource]
        }
        let id = try await fixture.publicClient()
        let scope = try await fixture.authorize(request(id, [("scope", "mcp:use admin")]))
        #expect(scope.redirected["error"] == "invalid_scope")
        #expect(scope.redirected["error_description"] == Refusal.scopeNotAllowed.sentence)
        let target = try await fixture.authorize(request(id, [("resource", "http://127.0.0.1:8081/mcp")]))
        #expect(target.redirected["error"] == "invalid_target")
        #expect(target.redirected["error_description"] == Refusal.resourceNotAllowed.sentence)
        let slash = try await fixture.authorize(request(id, [("resource", Fixture.resource + "/")]))
        #expect(slash.redirected["code"] != nil)
    }
}
