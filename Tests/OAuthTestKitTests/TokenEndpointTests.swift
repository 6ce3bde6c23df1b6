import HTTPMessages
import JOSE
import OAuthMetadata
@testable import OAuthTestKit
import Testing
import WireFormat

@Suite("Token endpoint", .serialized)
struct TokenEndpointTests {
    private typealias Fixture = DevelopmentServerFixture

    // MARK: Authorization code

    @Test(
        "RFC 6749 §4.1, RFC 7636 appendix B: a code becomes tokens that verify",
        arguments: [SignatureAlgorithm.rs256, .es256])
    func authorizationCode(algorithm: SignatureAlgorithm) async throws {
        let fixture = try Fixture(algorithm: algorithm)
        let id = try await fixture.publicClient()
        let answer = try await fixture.tokens(for: id)
        #expect(answer.fields[.cacheControl]?.string == "no-store")
        #expect(answer.fields[.contentType]?.string == "application/json")
        #expect(answer.json["token_type"] == "Bearer")
        #expect(answer.json["expires_in"] == 3_600)
        #expect(answer.json["scope"] == "mcp:use")
        #expect(answer.json["refresh_token"]?.string != nil)

        let claims = try fixture.verified(answer.json["access_token"]?.string ?? "", algorithm: algorithm)
        #expect(claims["iss"] == .string(Fixture.issuerURL))
        #expect(claims["sub"] == "developer")
        #expect(claims["aud"] == .string(Fixture.resource))
        #expect(claims["client_id"] == .string(id))
        #expect(claims["scope"] == "mcp:use")
        #expect(claims["iat"] == 1_700_000_000)
        #expect(claims["exp"] == 1_700_003_600)
    }

    @Test("RFC 8707 §2: several resources become an array, and the token request may choose among them")
    func severalResources() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let other = "https://other.example/mcp"
        let more = [("resource", other), ("resource", Fixture.resource)]
        func code() async throws -> String {
            try #require(
                await fixture.authorize(Fixture.authorizationRequest(id) + more).redirected["code"])
        }
        let base = Fixture.codeRequest(id, try await code()).filter { $0.0 != "resource" }
        let all = try await fixture.form(base)
        #expect(
            try fixture.verified(all.json["access_token"]?.string ?? "")["aud"]
                == [.string(Fixture.resource), .string(other)])

        let one = try await fixture.form(
            Fixture.codeRequest(id, try await code()).map { $0.0 == "resource" ? ($0.0, other) : $0 })
        #expect(try fixture.verified(one.json["access_token"]?.string ?? "", audience: other)["aud"] == .string(other))
    }

    @Test("without a resource: the default one, else invalid_target")
    func defaultResource() async throws {
        let strict = try Fixture()
        let client = try strict.server.registerClient("robot", secret: "s")
        let parameters = [("grant_type", "client_credentials")]
        let refused = try await strict.form(parameters, basic: ("robot", "s"))
        #expect(refused.refusal() == ["invalid_target", Refusal.resourceMissing.sentence])
        #expect(client.clientSecret == "s")

        let fixture = try Fixture { $0.defaultResource = Fixture.resource }
        try fixture.server.registerClient("robot", secret: "s")
        let answer = try await fixture.form(parameters, basic: ("robot", "s"))
        #expect(try fixture.verified(answer.json["access_token"]?.string ?? "")["aud"] == .string(Fixture.resource))
    }

    @Test("scope: the default when none is asked for; left out when there is none")
    func defaultScope() async throws {
        let fixture = try Fixture { $0.defaultScopes = ScopeSet(["a", "b"]) ?? ScopeSet() }
        try fixture.server.registerClient("robot", secret: "s")
        let parameters = [("grant_type", "client_credentials"), ("resource", Fixture.resource)]
        let answer = try await fixture.form(parameters, basic: ("robot", "s"))
        #expect(answer.json["scope"] == "a b")
        #expect(try fixture.verified(answer.json["access_token"]?.string ?? "")["scope"] == "a b")

        let bare = try Fixture()
        try bare.server.registerClient("robot", secret: "s")
        let none = try await bare.form(parameters, basic: ("robot", "s"))
        #expect(none.json["scope"] == nil)
        #expect(try bare.verified(none.json["access_token"]?.string ?? "")["scope"] == nil)
    }

    /// The good code request with parameters replaced, added or removed (nil).
    private func request(_ id: String, _ code: String, _ changes: [(String, String?)]) -> [(String, String)] {
        var parameters = Fixture.codeRequest(id, code)
        for (name, value) in changes {
            parameters.removeAll { $0.0 == name }
            if let value { parameters.append((name, value)) }
        }
        return parameters
    }

    static let codeDefects: [([(String, String?)], Refusal)] = [
        ([("grant_type", nil)], .grantTypeMissing),
        ([("grant_type", "password")], .grantTypeUnsupported),
        ([("grant_type", "client_credentials")], .grantNeedsSecret),
        ([("client_id", nil)], .clientMissing),
        ([("client_id", "nobody")], .unknownClient),
        ([("client_secret", "x")], .wrongAuthenticationMethod),
        ([("code", nil)], .codeMissing),
        ([("code", "nonsense")], .codeNotAcceptable),
        ([("redirect_uri", nil)], .redirectURIMismatch),
        ([("redirect_uri", "http://127.0.0.1:3031/callback")], .redirectURIMismatch),
        ([("code_verifier", nil)], .verifierMissing),
        ([("code_verifier", String(repeating: "a", count: 42))], .verifierMalformed),
        ([("code_verifier", String(repeating: "a", count: 129))], .verifierMalformed),
        ([("code_verifier", String(repeating: "a", count: 42) + "+")], .verifierMalformed),
        ([("code_verifier", String(repeating: "a", count: 43))], .verifierMismatch),
        ([("code_verifier", String(repeating: "a", count: 128))], .verifierMismatch),
        ([("code_verifier", Fixture.challenge)], .verifierMismatch),
        ([("resource", "https://other.example/")], .resourceNotAllowed),
        ([("resource", Fixture.resource + "/")], .resourceNotAllowed),
        ([("resource", "nonsense")], .malformedResource),
    ]

    @Test("RFC 6749 §5.2: each defect of a code request has its own answer", arguments: codeDefects)
    func codeDefect(changes: [(String, String?)], refusal: Refusal) async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let code = try await fixture.code(for: id)
        let answer = try await fixture.form(request(id, code, changes))
        #expect(answer.refusal() == [refusal.code, refusal.sentence])
        #expect(answer.json["access_token"] == nil)
        // A refused request has no effect: the code is still valid.
        #expect(try await fixture.form(Fixture.codeRequest(id, code)).status == .ok)
    }

    @Test("a code is bound to its client")
    func codeOfAnotherClient() async throws {
        let fixture = try Fixture()
        let code = try await fixture.code(for: fixture.publicClient())
        let thief = try await fixture.publicClient()
        let answer = try await fixture.form(Fixture.codeRequest(thief, code))
        #expect(answer.refusal() == ["invalid_grant", Refusal.codeNotAcceptable.sentence])
    }

    @Test("a code is good for 60 seconds")
    func codeExpires() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let early = try await fixture.code(for: id)
        fixture.clock.advance(by: .seconds(59.9))
        #expect(try await fixture.form(Fixture.codeRequest(id, early)).status == .ok)
        let late = try await fixture.code(for: id)
        fixture.clock.advance(by: .seconds(60))
        let answer = try await fixture.form(Fixture.codeRequest(id, late))
        #expect(answer.refusal() == ["invalid_grant", Refusal.codeNotAcceptable.sentence])
    }

    @Test("RFC 6749 §4.1.2: a code is good once; coming again it revokes the refresh tokens that came of it")
    func codeReplay() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let code = try await fixture.code(for: id)
        let first = try await fixture.form(Fixture.codeRequest(id, code))
        let refreshed = try await fixture.refresh(id, first.json["refresh_token"]?.string ?? "")
        #expect(refreshed.status == .ok)
        let replay = try await fixture.form(Fixture.codeRequest(id, code))
        #expect(replay.refusal() == ["invalid_grant", Refusal.codeNotAcceptable.sentence])
        let revoked = try await fixture.refresh(id, refreshed.json["refresh_token"]?.string ?? "")
        #expect(revoked.refusal() == ["invalid_grant", Refusal.refreshTokenNotAcceptable.sentence])
    }

    @Test("a client that is not registered for refresh tokens gets none")
    func noRefreshToken() async throws {
        let fixture = try Fixture()
        let registration = try await fixture.register([
            "redirect_uris": [.string(Fixture.redirectURI)], "token_endpoint_auth_method": "none",
        ])
        let id = try #require(registration.json["client_id"]?.string)
        #expect(try await fixture.tokens(for: id).json["refresh_token"] == nil)
        let answer = try await fixture.refresh(id, "x")
        #expect(answer.refusal() == ["unauthorized_client", Refusal.grantNotRegistered.sentence])
    }

    // MARK: Client credentials and client authentication

    @Test("RFC 6749 §4.4, RFC 9068 §2.2: client credentials; the subject is the client, and there is no refresh token")
    func clientCredentials() async throws {
        let fixture = try Fixture()
        let client = try fixture.server.registerClient("curl")
        let secret = try #require(client.clientSecret)
        #expect(Base64URL.decode(secret)?.count == 32)
        let answer = try await fixture.form(
            [("grant_type", "client_credentials"), ("resource", Fixture.resource), ("scope", "mcp:use")],
            basic: ("curl", secret))
        #expect(answer.status == .ok)
        #expect(answer.json["refresh_token"] == nil)
        let claims = try fixture.verified(answer.json["access_token"]?.string ?? "")
        #expect(claims["sub"] == "curl")
        #expect(claims["client_id"] == "curl")
    }

    @Test("the secret authenticates in the registered way, and in no other")
    func authenticationMethods() async throws {
        let fixture = try Fixture()
        try fixture.server.registerClient("basic", secret: "s")
        try fixture.server.registerClient("post", secret: "s", authentication: .clientSecretPost)
        let base = [("grant_type", "client_credentials"), ("resource", Fixture.resource)]
        func post(_ id: String, _ secret: String) -> [(String, String)] {
            base + [("client_id", id), ("client_secret", secret)]
        }
        #expect(try await fixture.form(base, basic: ("basic", "s")).status == .ok)
        #expect(try await fixture.form(base + [("client_id", "basic")], basic: ("basic", "s")).status == .ok)
        #expect(try await fixture.form(post("post", "s")).status == .ok)

        let wrongWay = ["invalid_client", Refusal.wrongAuthenticationMethod.sentence]
        #expect(try await fixture.form(post("basic", "s")).refusal() == wrongWay)
        #expect(try await fixture.form(base, basic: ("post", "s")).refusal(.unauthorized) == wrongWay)
        #expect(try await fixture.form(base + [("client_id", "post")]).refusal() == wrongWay)
        let wrongSecret = ["invalid_client", Refusal.wrongSecret.sentence]
        #expect(try await fixture.form(post("post", "t")).refusal() == wrongSecret)
        #expect(try await fixture.form(base, basic: ("basic", "")).refusal(.unauthorized) == wrongSecret)
        let twice = ["invalid_request", Refusal.severalAuthenticationMethods.sentence]
        #expect(try await fixture.form(post("basic", "s"), basic: ("basic", "s")).refusal() == twice)
        #expect(try await fixture.form(base + [("client_id", "post")], basic: ("basic", "s")).refusal() == twice)
    }

    @Test("RFC 6749 §5.2: failed Basic authentication is 401 with a challenge")
    func basicChallenge() async throws {
        let fixture = try Fixture()
        try fixture.server.registerClient("curl", secret: "right")
        for (id, secret) in [("curl", "wrong"), ("nobody", "right")] {
            let answer = try await fixture.form([("grant_type", "client_credentials")], basic: (id, secret))
            #expect(answer.refusal(.unauthorized).first == "invalid_client")
            #expect(answer.fields[.wwwAuthenticate]?.string == "Basic realm=\"token endpoint\", charset=\"UTF-8\"")
        }
        let other = try await fixture.form([("grant_type", "client_credentials"), ("client_id", "nobody")])
        #expect(other.refusal().first == "invalid_client")
        #expect(other.fields[.wwwAuthenticate] == nil)
    }

    @Test(
        "RFC 7617 §2: malformed credentials are refused, with a challenge for Basic",
        arguments: [
            ("Basic", true), ("basic x", true), ("Basic !", true), ("Basic Y3VybA==", true), ("Basic Y3VybDpz=", true),
            ("Basic Y3VybDpz Y3VybDpz", true), ("Basic OnM=", true), ("Basic Y3Vybd-_", true), ("Bearer abc", false),
        ])
    func malformedCredentials(value: String, isBasic: Bool) async throws {
        let fixture = try Fixture()
        try fixture.server.registerClient("curl", secret: "s")
        let answer = try await fixture.send(
            .post, "/token", [(.contentType, "application/x-www-form-urlencoded"), (.authorization, value)],
            body: Array("grant_type=client_credentials".utf8))
        #expect(
            answer.refusal(isBasic ? .unauthorized : .badRequest)
                == ["invalid_client", Refusal.malformedCredentials.sentence])
    }

    @Test("two Authorization fields are refused")
    func repeatedAuthorization() async throws {
        let fixture = try Fixture()
        try fixture.server.registerClient("curl", secret: "s")
        let value = Fixture.basic("curl", "s")
        let answer = try await fixture.send(
            .post, "/token",
            [
                (.contentType, "application/x-www-form-urlencoded"), (.authorization, value), (.authorization, value),
            ], body: Array("grant_type=client_credentials".utf8))
        #expect(answer.refusal() == ["invalid_request", Refusal.severalAuthenticationMethods.sentence])
    }

    // MARK: The form of the request

    @Test("RFC 6749 §3.2: repeated parameters are refused", arguments: ["grant_type", "client_id", "code", "unknown"])
    func repeatedParameter(name: String) async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let good = Fixture.codeRequest(id, try await fixture.code(for: id))
        let answer = try await fixture.form(good + [(name, "a"), (name, "a")])
        #expect(answer.refusal() == ["invalid_request", Refusal.repeatedParameter.sentence])
    }

    @Test(
        "another content type is refused",
        arguments: [nil, "application/json", "multipart/form-data", "application/x-www-form-urlencoded2"] as [String?])
    func contentType(value: String?) async throws {
        let answer = try await Fixture().send(
            .post, "/token", value.map { [(.contentType, $0)] } ?? [], body: Array("grant_type=x".utf8))
        #expect(answer.refusal() == ["invalid_request", Refusal.wrongContentType.sentence])
    }

    @Test("the content type may have parameters, and any case")
    func contentTypeParameters() async throws {
        let fixture = try Fixture()
        try fixture.server.registerClient("curl", secret: "s")
        let answer = try await fixture.send(
            .post, "/token",
            [
                (.contentType, "Application/X-WWW-Form-URLEncoded; charset=UTF-8"),
                (.authorization, Fixture.basic("curl", "s")),
            ],
            body: Array(
                Fixture.encode([("grant_type", "client_credentials"), ("resource", Fixture.resource)]).utf8))
        #expect(answer.status == .ok)
    }

    @Test("a body of more than 64 KiB is 413")
    func oversized() async throws {
        let fixture = try Fixture()
        let type: [(HTTPFields.Name, String)] = [(.contentType, "application/x-www-form-urlencoded")]
        let atLimit = [UInt8](repeating: UInt8(ascii: "a"), count: 65_536)
        let within = try await fixture.send(.post, "/token", type, body: atLimit)
        #expect(within.refusal() == ["invalid_client", Refusal.clientMissing.sentence])
        let beyond = try await fixture.send(.post, "/token", type, body: atLimit + [UInt8(ascii: "a")])
        #expect(beyond.refusal(.contentTooLarge) == ["invalid_request", Refusal.bodyTooLarge.sentence])
    }

    @Test(
        "a body that is not form-urlencoded UTF-8 is refused",
        arguments: ["a=%zz", "a=%f", "a=%C3", "a=b c", "=x", "a=1&&b=2", "é=1"])
    func malformedBody(body: String) async throws {
        let answer = try await Fixture().send(
            .post, "/token", [(.contentType, "application/x-www-form-urlencoded")], body: Array(body.utf8))
        #expect(answer.refusal() == ["invalid_request", Refusal.malformedForm.sentence])
    }

    @Test("RFC 6749 §2.3.1: parameters in the URI are not read")
    func queryIsNotRead() async throws {
        let fixture = try Fixture()
        try fixture.server.registerClient("post", secret: "s", authentication: .clientSecretPost)
        let answer = try await fixture.send(
            .post, "/token?grant_type=client_credentials&client_id=post&client_secret=s",
            [(.contentType, "application/x-www-form-urlencoded")])
        #expect(answer.refusal() == ["invalid_client", Refusal.clientMissing.sentence])
    }
}
