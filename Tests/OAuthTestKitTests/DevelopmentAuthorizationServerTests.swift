import HTTPMessages
import JOSE
import OAuthClientMetadata
import OAuthMetadata
@testable import OAuthTestKit
import Testing
import WireFormat

@Suite("DevelopmentAuthorizationServer", .serialized)
struct DevelopmentAuthorizationServerTests {
    private typealias Fixture = DevelopmentServerFixture

    @Test(
        "RFC 8414 §3: the metadata of each issuer stand where its clients look",
        arguments: [
            ("http://127.0.0.1:9000", "/.well-known/oauth-authorization-server", "http://127.0.0.1:9000/token"),
            ("http://127.0.0.1:9000/", "/.well-known/oauth-authorization-server", "http://127.0.0.1:9000/token"),
            ("http://[::1]:9000/a", "/.well-known/oauth-authorization-server/a", "http://[::1]:9000/a/token"),
            ("http://[::1]:9000/a", "/.well-known/openid-configuration/a", "http://[::1]:9000/a/token"),
            ("http://[::1]:9000/a", "/a/.well-known/openid-configuration", "http://[::1]:9000/a/token"),
            ("http://127.0.0.1:9000", "/.well-known/openid-configuration", "http://127.0.0.1:9000/token"),
            ("https://localhost/a/", "/.well-known/oauth-authorization-server/a", "https://localhost/a/token"),
        ])
    func metadata(issuer: String, path: String, tokenEndpoint: String) async throws {
        let server = try DevelopmentAuthorizationServer(issuer: FakeIssuer(issuer, algorithms: [.es256]))
        let response = try await server.respond(
            to: HTTPRequest(method: .get, target: #require(HTTPRequest.Target(path))))
        let answer = try Answer(response)
        #expect(answer.status == .ok)
        #expect(answer.fields[.contentType]?.string == "application/json")
        // The parser checks that the issuer is byte-identical (§3.3).
        let parsed = try AuthorizationServerMetadata(
            parsing: answer.body, expecting: IssuerIdentifier(issuer, insecureHTTP: .loopback))
        #expect(parsed == server.metadata)
        #expect(parsed.tokenEndpoint?.text == tokenEndpoint)
    }

    @Test("RFC 8414 §2, RFC 7636, RFC 9207: what the metadata promise")
    func promises() async throws {
        let fixture = try Fixture { $0.allowedScopes = ScopeSet(["mcp:use", "notes:read"]) }
        let json = try await fixture.send(.get, "/.well-known/oauth-authorization-server").json
        let expected: JSONDocument.Object = [
            "issuer": "http://127.0.0.1:9000",
            "authorization_endpoint": "http://127.0.0.1:9000/authorize",
            "token_endpoint": "http://127.0.0.1:9000/token",
            "jwks_uri": "http://127.0.0.1:9000/jwks",
            "registration_endpoint": "http://127.0.0.1:9000/register",
            "scopes_supported": ["mcp:use", "notes:read"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "token_endpoint_auth_methods_supported": [
                "none", "client_secret_basic", "client_secret_post", "private_key_jwt",
            ],
            "token_endpoint_auth_signing_alg_values_supported": [
                "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
            ],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
        ]
        #expect(json == expected)
    }

    @Test("MCP, authorization: a client finds nothing to refuse, with and without client documents")
    func mcpProfile() async throws {
        let resolver = try ClientIDResolver(fetcher: ScriptedFetcher())
        for fixture in [try Fixture(), try Fixture { $0.clientResolver = resolver }] {
            #expect(fixture.server.metadata.mcpFaults(insecureHTTP: .loopback).isEmpty)
            let answer = try await fixture.send(.get, "/.well-known/oauth-authorization-server")
            let parsed = try AuthorizationServerMetadata(
                parsing: answer.body, expecting: IssuerIdentifier(Fixture.issuerURL, insecureHTTP: .loopback))
            #expect(parsed.mcpFaults(insecureHTTP: .loopback).isEmpty)
        }
    }

    @Test("a browser asks again for the metadata, and gets 304 while they are the same")
    func metadataCaching() async throws {
        let fixture = try Fixture()
        let path = "/.well-known/oauth-authorization-server"
        let answer = try await fixture.send(.get, path)
        #expect(answer.fields[.cacheControl]?.string == "public, max-age=0")
        let tag = try #require(answer.fields[.eTag]?.string)
        #expect(try await fixture.send(.get, path, [(.ifNoneMatch, tag)]).status == .notModified)
    }

    @Test("the key set is served as it is now")
    func keys() async throws {
        let fixture = try Fixture()
        #expect(try await fixture.send(.get, "/jwks").json == fixture.server.issuer.jwks)
        fixture.server.issuer.rotateKeys(.keep)
        let answer = try await fixture.send(.get, "/jwks")
        #expect(answer.json["keys"]?.array?.count == 2)
        #expect(try JSONWebKeySet(parsing: answer.body, issuer: Fixture.issuerURL).skipped.isEmpty)
    }

    @Test(
        "another method is 405 with Allow",
        arguments: [
            (HTTPMethod.get, "/token", "POST, OPTIONS"), (.put, "/token", "POST, OPTIONS"),
            (.get, "/register", "POST, OPTIONS"), (.post, "/authorize", "GET"),
            (.post, "/jwks", "GET, HEAD, OPTIONS"),
            (.delete, "/.well-known/oauth-authorization-server", "GET, HEAD, OPTIONS"),
        ])
    func methods(method: HTTPMethod, path: String, allow: String) async throws {
        let answer = try await Fixture().send(method, path)
        #expect(answer.refusal(.methodNotAllowed).first == "invalid_request")
        #expect(answer.fields[.allow]?.string == allow)
    }

    @Test("HEAD is answered like GET", arguments: ["/jwks", "/.well-known/oauth-authorization-server"])
    func head(path: String) async throws {
        #expect(try await Fixture().send(.head, path).status == .ok)
    }

    @Test(
        "another path is 404",
        arguments: ["/", "/token/", "//token", "/%74oken", "/.well-known/openid-configuration/x", "/jwks.json"])
    func unknownPath(path: String) async throws {
        #expect(try await Fixture().send(.get, path).status == .notFound)
    }

    private static let allowedHeaders = "Authorization, Content-Type, Accept, DPoP, MCP-Protocol-Version"

    @Test(
        "Fetch: every page may read the public documents",
        arguments: ["/.well-known/oauth-authorization-server", "/jwks"])
    func publicDocuments(path: String) async throws {
        let fixture = try Fixture()
        for origin in ["https://app.example", "http://localhost:5173", "null"] {
            let preflight = try await fixture.send(
                .options, path, [(.origin, origin), (.accessControlRequestMethod, "GET")])
            #expect(preflight.status == .noContent)
            #expect(preflight.fields[.accessControlAllowOrigin]?.string == "*")
            #expect(preflight.fields[.accessControlAllowHeaders]?.string == Self.allowedHeaders)
            // Errors too have CORS fields, so that a script can read them.
            for method in [HTTPMethod.get, .post, .delete] {
                let answer = try await fixture.send(method, path, [(.origin, origin)])
                #expect(answer.fields[.accessControlAllowOrigin]?.string == "*")
            }
        }
    }

    @Test("Pages of this machine, from any port, may register and fetch a token", arguments: ["/token", "/register"])
    func loopbackPages(path: String) async throws {
        let fixture = try Fixture()
        for origin in ["http://localhost:5173", "http://127.0.0.1", "https://[::1]:8443", "http://127.0.0.1:9000"] {
            let preflight = try await fixture.send(
                .options, path, [(.origin, origin), (.accessControlRequestMethod, "POST")])
            #expect(preflight.status == .noContent)
            #expect(preflight.fields[.accessControlAllowOrigin]?.string == origin)
            #expect(preflight.fields[.accessControlAllowHeaders]?.string == Self.allowedHeaders)
            #expect(preflight.fields[.vary]?.string == "Origin")
            for method in [HTTPMethod.get, .post, .delete] {
                let answer = try await fixture.send(method, path, [(.origin, origin)])
                #expect(answer.status != .forbidden)
                #expect(answer.fields[.accessControlAllowOrigin]?.string == origin)
            }
        }
        // Without a page there are no CORS fields, and a cache is told that pages may get others.
        let answer = try await fixture.send(.post, path)
        #expect(answer.fields[.accessControlAllowOrigin] == nil)
        #expect(answer.fields[.vary]?.string == "Origin")
    }

    @Test(
        "Another page is refused, and registers no client and gets no token",
        arguments: [
            "https://app.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example", "null", "",
            "http://localhost:5173/", "http://user@localhost:5173", "http://localhost:5173, https://app.example",
            "file://", "http://192.168.0.7:5173", "vscode-webview://x", "localhost",
        ])
    func foreignPages(origin: String) async throws {
        let fixture = try Fixture()
        for (method, path) in [
            (HTTPMethod.options, "/token"), (.post, "/token"), (.options, "/register"), (.post, "/register"),
            (.get, "/authorize"), (.get, "/token"),
        ] {
            let answer = try await fixture.send(method, path, [(.origin, origin)])
            #expect(answer.status == .forbidden, "\(method) \(path)")
            #expect(answer.fields[.accessControlAllowOrigin] == nil)
        }
        let repeated = try await fixture.send(
            .post, "/token", [(.origin, "http://localhost:1"), (.origin, "http://localhost:1")])
        #expect(repeated.status == .forbidden)
    }

    @Test(
        "DNS rebinding: a Host that is no loopback name is 421",
        arguments: [
            ("127.0.0.1:9000", HTTPStatus.ok), ("localhost:9000", .ok), ("[::1]:9000", .ok),
            ("evil.example", .misdirectedRequest), ("127.0.0.1.evil.example", .misdirectedRequest),
            ("", .misdirectedRequest),
        ])
    func host(value: String, status: HTTPStatus) async throws {
        #expect(try await Fixture().send(.get, "/jwks", [(.host, value)]).status == status)
    }

    @Test(
        "it refuses to be made for an issuer that is not on a loopback host",
        arguments: [
            "https://issuer.example", "http://10.0.0.1:9000", "http://0.0.0.0:9000", "http://127.0.0.1.example",
            "ftp://127.0.0.1", "127.0.0.1:9000", "", "http://[::]:9000", "http://169.254.1.1",
        ])
    func refusesIssuer(issuer: String) {
        #expect(throws: TestKitError.issuerNotLoopback) { try DevelopmentAuthorizationServer(issuer: issuer) }
    }

    @Test("it refuses a fake issuer that is not on a loopback host")
    func refusesFakeIssuer() throws {
        let issuer = FakeIssuer(algorithms: [.es256])
        #expect(throws: TestKitError.issuerNotLoopback) { try DevelopmentAuthorizationServer(issuer: issuer) }
    }

    @Test(
        "it refuses a loopback issuer with query or fragment",
        arguments: ["http://127.0.0.1:9000?x", "http://127.0.0.1:9000/#f"])
    func refusesDecoratedIssuer(issuer: String) {
        #expect(throws: TestKitError.issuerNotAcceptable) { try DevelopmentAuthorizationServer(issuer: issuer) }
    }

    @Test("a server on another address refuses it, without the program's own check")
    func exposure() throws {
        let server = try DevelopmentAuthorizationServer(issuer: "http://127.0.0.1:9000")
        #expect(
            server.exposure == .loopbackOnly(reason: "the development authorization server approves every request"))
    }

    @Test("loopback addresses pass the check", arguments: ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
    func bindsLoopback(host: String) throws {
        try DevelopmentAuthorizationServer.checkBindAddress(host)
    }

    @Test(
        "other addresses fail it, with one line for the terminal",
        arguments: [
            "0.0.0.0", "::", "192.168.1.1", "example.com", "", "127.0.0.1:80", "127.0.0.1/x", "localhost.example",
            "a b",
            "::ffff:10.0.0.1",
        ])
    func refusesToBind(host: String) {
        let error = #expect(throws: TestKitError.addressNotLoopback) {
            try DevelopmentAuthorizationServer.checkBindAddress(host)
        }
        #expect(error?.description.utf8.contains(0x0A) == false)
    }

    @Test("settings out of range are refused")
    func settings() {
        typealias Edit = @Sendable (inout DevelopmentAuthorizationServer.Settings) -> Void
        let edits: [(Edit, TestKitError)] = [
            ({ $0.accessTokenLifetime = 86_401 }, .settingOutOfRange),
            ({ $0.accessTokenLifetime = -86_401 }, .settingOutOfRange),
            ({ $0.refreshTokenLifetime = 0 }, .settingOutOfRange),
            ({ $0.codeLifetime = 601 }, .settingOutOfRange),
            ({ $0.capacity = 0 }, .settingOutOfRange),
            ({ $0.subject = "" }, .settingOutOfRange),
            ({ $0.defaultResource = "mcp" }, .resourceNotAcceptable),
            ({ $0.allowedResources = ["https://a.example/#f"] }, .resourceNotAcceptable),
            (
                {
                    $0.allowedResources = ["https://a.example/"]
                    $0.defaultResource = "https://b.example/"
                }, .resourceNotAcceptable
            ),
        ]
        for (edit, expected) in edits { #expect(throws: expected) { _ = try Fixture(edit) } }
        var settings = DevelopmentAuthorizationServer.Settings()
        settings.algorithm = .rs256
        #expect(throws: TestKitError.noAlgorithm) {
            try DevelopmentAuthorizationServer(
                issuer: FakeIssuer(Fixture.issuerURL, algorithms: [.es256]), settings: settings)
        }
    }

    @Test("a negative lifetime makes tokens that are born expired")
    func bornExpired() async throws {
        let fixture = try Fixture { $0.accessTokenLifetime = -3_600 }
        let answer = try await fixture.tokens(for: fixture.publicClient())
        #expect(answer.json["expires_in"] == 0)
        #expect(throws: JOSEError.claim(.exp, .expired)) {
            try fixture.verified(answer.json["access_token"]?.string ?? "")
        }
    }

    @Test("the printed command is a shell line that asks for a token")
    func command() throws {
        let server = try Fixture().server
        let curl = try server.registerClient("curl", secret: "secret")
        #expect(
            try server.tokenCommand(for: curl, resource: Fixture.resource, scopes: #require(ScopeSet(["mcp:use"])))
                == "curl -s -u curl:secret -d grant_type=client_credentials"
                + " -d resource=http%3A%2F%2F127.0.0.1%3A8080%2Fmcp -d scope=mcp%3Ause 'http://127.0.0.1:9000/token'")
        let post = try server.registerClient("post", secret: "s", authentication: .clientSecretPost)
        #expect(
            server.tokenCommand(for: post, resource: "urn:a")
                == "curl -s -d client_id=post -d client_secret=s -d grant_type=client_credentials -d resource=urn%3Aa"
                + " 'http://127.0.0.1:9000/token'")
    }

    @Test("a client whose parts are not a valid combination is refused")
    func refusesClients() throws {
        let server = try Fixture().server
        typealias Attempt = () throws -> DevelopmentAuthorizationServer.Client
        let attempts: [Attempt] = [
            { try server.registerClient("") },
            { try server.registerClient("a:b") },
            { try server.registerClient("a", secret: "") },
            { try server.registerClient("a", secret: "a b") },
            { try server.registerClient("a", secret: "s", authentication: .none) },
            { try server.registerClient("a", authentication: .none, grantTypes: [.clientCredentials]) },
            { try server.registerClient("a", grantTypes: []) },
            { try server.registerClient("a", grantTypes: [.refreshToken]) },
            { try server.registerClient("a", grantTypes: [.authorizationCode]) },
            { try server.registerClient("a", grantTypes: [.authorizationCode], redirectURIs: ["javascript:1"]) },
        ]
        for attempt in attempts {
            #expect(throws: TestKitError.clientNotAcceptable) { _ = try attempt() }
        }
    }

    @Test("no description shows a secret")
    func redacted() throws {
        let client = try Fixture().server.registerClient("curl", secret: "very-secret")
        #expect("\(client)" == "DevelopmentAuthorizationServer.Client(curl)")
        #expect(String(reflecting: client) == "DevelopmentAuthorizationServer.Client(curl)")
        var dumped = ""
        dump(client, to: &dumped)
        #expect(dumped.contains("curl") && !dumped.contains("very-secret"))
    }
}
