import HTTPMessages
@testable import OAuthTestKit
import Testing
import WireFormat

@Suite("Client registration", .serialized)
struct RegistrationEndpointTests {
    private typealias Fixture = DevelopmentServerFixture

    @Test("RFC 7591 §3.2.1: a public client, as the official MCP SDK registers it")
    func publicClient() async throws {
        let answer = try await Fixture().register([
            "response_types": ["code"], "scope": "mcp:use", "client_name": "Example",
            "redirect_uris": ["http://127.0.0.1:3030/callback"],
            "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
            "application_type": "native", "token_endpoint_auth_method": "none", "x-unknown": ["a"],
        ])
        #expect(answer.status == .created)
        #expect(answer.fields[.cacheControl]?.string == "no-store")
        #expect(Base64URL.decode(answer.json["client_id"]?.string ?? "")?.count == 16)
        #expect(answer.json["client_id_issued_at"] == 1_700_000_000)
        #expect(answer.json["client_secret"] == nil)
        #expect(answer.json["client_secret_expires_at"] == nil)
        #expect(answer.json["token_endpoint_auth_method"] == "none")
        #expect(answer.json["grant_types"] == ["authorization_code", "refresh_token"])
        #expect(answer.json["response_types"] == ["code"])
        #expect(answer.json["redirect_uris"] == ["http://127.0.0.1:3030/callback"])
        #expect(answer.json["client_name"] == "Example")
        #expect(answer.json["scope"] == "mcp:use")
        #expect(answer.json["application_type"] == "native")
        #expect(answer.json["x-unknown"] == nil)
    }

    @Test("RFC 7591 §2: the defaults are client_secret_basic and authorization_code")
    func defaults() async throws {
        let answer = try await Fixture().register(["redirect_uris": ["https://app.example/cb"]])
        #expect(answer.status == .created)
        #expect(answer.json["token_endpoint_auth_method"] == "client_secret_basic")
        #expect(answer.json["grant_types"] == ["authorization_code"])
        #expect(Base64URL.decode(answer.json["client_secret"]?.string ?? "")?.count == 32)
        #expect(answer.json["client_secret_expires_at"] == 0)
    }

    @Test("a registered secret authenticates", arguments: ["client_secret_basic", "client_secret_post"])
    func secretWorks(method: String) async throws {
        let fixture = try Fixture()
        let registration = try await fixture.register([
            "redirect_uris": [.string(Fixture.redirectURI)], "token_endpoint_auth_method": .string(method),
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        ])
        let id = try #require(registration.json["client_id"]?.string)
        let secret = try #require(registration.json["client_secret"]?.string)
        let request = Fixture.codeRequest(id, try await fixture.code(for: id))
        let answer =
            method == "client_secret_basic"
            ? try await fixture.form(request, basic: (id, secret))
            : try await fixture.form(request + [("client_secret", secret)])
        #expect(answer.status == .ok)
        #expect(try fixture.verified(answer.json["access_token"]?.string ?? "")["client_id"] == .string(id))
    }

    @Test("client credentials need no redirect URI")
    func machineClient() async throws {
        let answer = try await Fixture().register(["grant_types": ["client_credentials"]])
        #expect(answer.status == .created)
        #expect(answer.json["redirect_uris"] == nil)
        #expect(answer.json["response_types"] == [])
    }

    private static let uri: JSONValue = ["http://127.0.0.1/cb"]
    static let defects: [(JSONDocument.Object, Refusal)] = [
        ([:], .redirectURIsMissing),
        (["redirect_uris": []], .redirectURIsMissing),
        (["redirect_uris": "https://a.example/"], .redirectURINotAcceptable),
        (["redirect_uris": [1]], .redirectURINotAcceptable),
        (["redirect_uris": ["http://app.example/cb"]], .redirectURINotAcceptable),
        (["redirect_uris": ["https://app.example/cb#f"]], .redirectURINotAcceptable),
        (["redirect_uris": ["https://user@app.example/cb"]], .redirectURINotAcceptable),
        (["redirect_uris": ["javascript:alert(1)"]], .redirectURINotAcceptable),
        (["redirect_uris": ["JavaScript:alert(1)"]], .redirectURINotAcceptable),
        (["redirect_uris": ["data:text/html,x"]], .redirectURINotAcceptable),
        (["redirect_uris": ["/callback"]], .redirectURINotAcceptable),
        (["redirect_uris": ["https://app.example/c b"]], .redirectURINotAcceptable),
        (["redirect_uris": .array(Array(repeating: "https://a.example/", count: 17))], .redirectURINotAcceptable),
        (
            [
                "redirect_uris": .array(
                    (0..<3).map { .string("https://a.example/\($0)" + String(repeating: "a", count: 1_400)) })
            ], .redirectURINotAcceptable
        ),
        (["redirect_uris": uri, "token_endpoint_auth_method": "tls_client_auth"], .authenticationMethodUnsupported),
        (["redirect_uris": uri, "token_endpoint_auth_method": "private_key_jwt"], .keysMissing),
        (["redirect_uris": uri, "token_endpoint_auth_method": 1], .malformedRegistration),
        (["redirect_uris": uri, "grant_types": ["password"]], .grantTypesUnsupported),
        (["redirect_uris": uri, "grant_types": ["refresh_token"]], .grantTypesUnsupported),
        (["redirect_uris": uri, "grant_types": []], .grantTypesUnsupported),
        (["redirect_uris": uri, "grant_types": "authorization_code"], .malformedRegistration),
        (["redirect_uris": uri, "grant_types": [1]], .malformedRegistration),
        (["redirect_uris": uri, "response_types": ["token"]], .responseTypesUnsupported),
        (
            ["grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"], .publicClientWithSecretGrant
        ),
        (["redirect_uris": uri, "client_name": 1], .malformedRegistration),
        (["redirect_uris": uri, "contacts": "a"], .malformedRegistration),
        (["redirect_uris": uri, "client_name": .string(String(repeating: "n", count: 2_049))], .malformedRegistration),
    ]

    @Test("RFC 7591 §3.2.2: each defect has its own answer", arguments: defects)
    func defect(metadata: JSONDocument.Object, refusal: Refusal) async throws {
        let answer = try await Fixture().register(metadata)
        #expect(answer.refusal() == [refusal.code, refusal.sentence])
        #expect(answer.json["client_id"] == nil)
    }

    @Test(
        "a body that is no JSON object is refused",
        arguments: ["", "[]", "null", "{", "{\"redirect_uris\":[],\"redirect_uris\":[]}", "{} {}"])
    func malformed(body: String) async throws {
        let answer = try await Fixture().send(
            .post, "/register", [(.contentType, "application/json")], body: Array(body.utf8))
        #expect(answer.refusal() == ["invalid_client_metadata", Refusal.malformedRegistration.sentence])
    }

    @Test("another content type and an oversized body are refused")
    func form() async throws {
        let fixture = try Fixture()
        let type = try await fixture.send(
            .post, "/register", [(.contentType, "application/x-www-form-urlencoded")], body: Array("{}".utf8))
        #expect(type.refusal() == ["invalid_request", Refusal.wrongContentType.sentence])
        let body = Array("{".utf8) + [UInt8](repeating: 0x20, count: 65_536)
        let size = try await fixture.send(.post, "/register", [(.contentType, "application/json")], body: body)
        #expect(size.refusal(.contentTooLarge) == ["invalid_request", Refusal.bodyTooLarge.sentence])
    }

    @Test("clients are bounded: the oldest that registered itself makes room, one of the program's own never")
    func bounded() async throws {
        let fixture = try Fixture { $0.capacity = 2 }
        try fixture.server.registerClient("curl", secret: "s")
        let first = try await fixture.publicClient()
        let second = try await fixture.publicClient()
        let third = try await fixture.publicClient()
        let gone = try await fixture.authorize(Fixture.authorizationRequest(first))
        #expect(gone.refusal() == ["invalid_client", Refusal.unknownClient.sentence])
        for id in [second, third] { _ = try await fixture.code(for: id) }
        let answer = try await fixture.form(
            [("grant_type", "client_credentials"), ("resource", Fixture.resource)], basic: ("curl", "s"))
        #expect(answer.status == .ok)
    }
}
