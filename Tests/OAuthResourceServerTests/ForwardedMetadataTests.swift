import HTTPMessages
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

@Suite("ForwardedMetadata: an authorization server's metadata for clients of MCP 2025-03-26 (POLICY §5)", .serialized)
struct ForwardedMetadataTests {
    private static let path = "/.well-known/oauth-authorization-server"
    private static let upstream =
        #"{ "x_extra": [1.50], "issuer":"https://issuer.example", "token_endpoint" : "https://issuer.example/token","authorization_endpoint":"https:\/\/issuer.example/authorize"}"#

    private static func metadata(_ text: String = upstream, of url: String = "https://issuer.example") throws
        -> AuthorizationServerMetadata
    {
        try AuthorizationServerMetadata(parsing: Array(text.utf8), expecting: IssuerIdentifier(url))
    }

    private func fixture(
        _ reading: ResourceServerConfiguration.ForwardedMetadata.Reading, of url: String = GuardFixture.issuer.url,
        configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws -> GuardFixture {
        try GuardFixture {
            $0.metadata.forwarded = .provided(issuer: url) { reading }
            configure(&$0)
        }
    }

    @Test(
        "It is served without a token, in this library's words: issuer, endpoints, extras; one trailing slash is fine")
    func served() async throws {
        let fixture = try fixture(.metadata(Self.metadata()))
        for path in [Self.path, Self.path + "/"] {
            let response = try #require(await fixture.refusal(method: .get, target: path))
            #expect(response.status == .ok)
            #expect(
                response.bodyText
                    == #"{"issuer":"https://issuer.example","authorization_endpoint":"https://issuer.example/authorize","token_endpoint":"https://issuer.example/token","x_extra":[1.50]}"#
            )
            #expect(response.text(.contentType) == "application/json")
            #expect(response.text(.cacheControl) == "public, max-age=600")
            #expect(response.text(.accessControlAllowOrigin) == "*")
        }
    }

    @Test("What the SDK of MCP 2025-03-26 refuses is left out: signing algorithms of clients, their methods, and modes")
    func withoutWhatOldClientsRefuse() async throws {
        let document = """
            {"issuer":"https://issuer.example","response_modes_supported":["query","form_post"],
            "token_endpoint_auth_methods_supported":["none","private_key_jwt","client_secret_jwt","client_secret_post"],
            "token_endpoint_auth_signing_alg_values_supported":["ES256"],
            "revocation_endpoint_auth_methods_supported":["private_key_jwt"],
            "revocation_endpoint_auth_signing_alg_values_supported":["ES256"],
            "introspection_endpoint_auth_methods_supported":["client_secret_basic","private_key_jwt"],
            "introspection_endpoint_auth_signing_alg_values_supported":["ES256"]}
            """
        let fixture = try fixture(.metadata(Self.metadata(document)))
        let response = try #require(await fixture.refusal(method: .get, target: Self.path))
        #expect(
            response.bodyText == """
                {"issuer":"https://issuer.example","token_endpoint_auth_methods_supported":["none","client_secret_post"],\
                "introspection_endpoint_auth_methods_supported":["client_secret_basic"]}
                """)
    }

    @Test("A strong entity-tag that follows the document, 304 for it, no body for HEAD")
    func entityTag() async throws {
        let fixture = try fixture(.metadata(Self.metadata()))
        let full = try #require(await fixture.refusal(method: .get, target: Self.path))
        let tag = try #require(full.fields[.eTag])
        #expect(tag.bytes.first == UInt8(ascii: "\"") && tag.bytes.last == UInt8(ascii: "\""))
        let same = try #require(
            await fixture.refusal(method: .get, target: Self.path, fields: [(.ifNoneMatch, tag)]))
        #expect(same.status == .notModified)
        #expect(same.bodyText == "")
        #expect(same.fields[.eTag] == tag)
        let head = try #require(await fixture.refusal(method: .head, target: Self.path))
        #expect(head.status == .ok && head.bodyText == "" && head.fields[.eTag] == tag)

        let other = try self.fixture(.metadata(Self.metadata(#"{"issuer":"https://issuer.example"}"#)))
        let changed = try #require(
            await other.refusal(method: .get, target: Self.path, fields: [(.ifNoneMatch, tag)]))
        #expect(changed.status == .ok)
        #expect(changed.fields[.eTag] != tag)
    }

    @Test("A document that changes behind the guard is served as it is now")
    func changes() async throws {
        let metadata = try Self.metadata()
        let moved = try Self.metadata(#"{"issuer":"https://issuer.example","x":1}"#)
        let isMoved = Mutex(false)
        let fixture = try GuardFixture {
            $0.metadata.forwarded = .provided(issuer: metadata.issuer.text) {
                .metadata(isMoved.withLock { $0 } ? moved : metadata)
            }
        }
        let first = try #require(await fixture.refusal(method: .get, target: Self.path))
        isMoved.withLock { $0 = true }
        let second = try #require(await fixture.refusal(method: .get, target: Self.path))
        #expect(first.bodyText != second.bodyText)
        #expect(second.bodyText == #"{"issuer":"https://issuer.example","x":1}"#)
        #expect(first.fields[.eTag] != second.fields[.eTag])
    }

    @Test(
        "Without metadata: 503, when to ask again (1…60 s), fixed text",
        arguments: [(7, "7"), (0, "1"), (-5, "1"), (60, "60"), (100_000, "60"), (Int.max, "60"), (Int.min, "1")])
    func unavailable(seconds: Int, text: String) async throws {
        let fixture = try fixture(.unavailable(retryAfter: seconds))
        let response = try #require(await fixture.refusal(method: .get, target: Self.path))
        #expect(response.status == .serviceUnavailable)
        #expect(response.text(.retryAfter) == text)
        #expect(response.bodyText == #"{"error":"temporarily_unavailable"}"#)
        #expect(response.text(.cacheControl) == "no-store")
        #expect(response.text(.accessControlAllowOrigin) == "*")
        #expect(!response.fields.contains(.wwwAuthenticate))
    }

    @Test("Metadata of another issuer is never served, though its reader gives it")
    func otherIssuer() async throws {
        let other = try Self.metadata(#"{"issuer":"https://issuer.example/"}"#, of: "https://issuer.example/")
        let response = try #require(await fixture(.metadata(other)).refusal(method: .get, target: Self.path))
        #expect(response.status == .serviceUnavailable)
    }

    @Test("OPTIONS and other methods ask nobody upstream")
    func methods() async throws {
        let asked = Mutex(0)
        let metadata = try Self.metadata()
        let fixture = try GuardFixture {
            $0.metadata.forwarded = .provided(issuer: metadata.issuer.text) {
                asked.withLock { $0 += 1 }
                return .metadata(metadata)
            }
        }
        let options = try #require(await fixture.refusal(method: .options, target: Self.path))
        #expect(options.status == .noContent)
        #expect(options.text(.accessControlAllowMethods) == "GET, HEAD, OPTIONS")
        let post = try #require(await fixture.refusal(method: .post, target: Self.path))
        #expect(post.status == .methodNotAllowed)
        #expect(post.text(.allow) == "GET, HEAD, OPTIONS")
        #expect(asked.withLock { $0 } == 0)
    }

    @Test("By default, and at every other place, there is none: 404", arguments: ["/mcp", "//", "%2F", "/.."])
    func elsewhere(suffix: String) async throws {
        let fixture = try fixture(.metadata(Self.metadata()))
        let response = try #require(await fixture.refusal(method: .get, target: Self.path + suffix))
        #expect(response.status == .notFound)
        let unasked = try #require(await GuardFixture().refusal(method: .get, target: Self.path))
        #expect(unasked.status == .notFound)
    }

    @Test("Faults: an issuer that clients are not sent to, and a handler at the same place")
    func faults() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try fixture(.unavailable(retryAfter: 1), of: "https://other.example") {
                $0.metadata.handlerPaths = [Self.path]
            }
        }
        #expect(
            Set(error?.settings ?? []) == ["metadata.forwarded", "metadata.handlerPaths[0]"])
    }

    @Test("What the guard discovers for its keys is forwarded from the same cache, with one fetch for both")
    func discovered() async throws {
        let issuer = FakeIssuer("https://login.example.com", audience: GuardFixture.resource, algorithms: [.es256])
        let fetcher = ScriptedFetcher()
        let metadataURL = "https://login.example.com/.well-known/oauth-authorization-server"
        fetcher.set(metadataURL, json: issuer.metadata)
        fetcher.set(try #require(issuer.metadata["jwks_uri"]?.string), json: issuer.jwks)
        var configuration = ResourceServerConfiguration(
            resource: GuardFixture.resource, issuers: [IssuerConfiguration(issuer.url)])
        configuration.metadata.forwarded = .discovered(issuer: issuer.url)
        let server = try ResourceServer(configuration, fetcher: fetcher)
        try await server.prepare()
        #expect(try await server.admits(issuer.token()))
        let target = try #require(HTTPRequest.Target(Self.path))
        guard case .respond(let response) = await server.decide(method: .get, target: target, fields: HTTPFields())
        else {
            Issue.record("let through")
            return
        }
        #expect(response.status == .ok)
        #expect(fetcher.requests.count { $0 == metadataURL } == 1)
    }

    @Test("Metadata is forwarded although the keys stand at a configured URL")
    func besideKeysAtURL() async throws {
        let issuer = FakeIssuer("https://login.example.com", audience: GuardFixture.resource, algorithms: [.es256])
        let fetcher = ScriptedFetcher()
        fetcher.set("https://login.example.com/.well-known/oauth-authorization-server", json: issuer.metadata)
        var configuration = ResourceServerConfiguration(
            resource: GuardFixture.resource,
            issuers: [IssuerConfiguration(issuer.url, keys: .url("https://login.example.com/jwks"))])
        configuration.metadata.forwarded = .discovered(issuer: issuer.url)
        let server = try ResourceServer(configuration, fetcher: fetcher)
        let target = try #require(HTTPRequest.Target(Self.path))
        guard case .respond(let response) = await server.decide(method: .get, target: target, fields: HTTPFields())
        else {
            Issue.record("let through")
            return
        }
        #expect(response.status == .ok)
    }

    @Test("Discovered metadata needs a verifier that reads it, or a fetcher")
    func discoveredWithoutReader() {
        let error = #expect(throws: ConfigurationError.self) {
            try GuardFixture { $0.metadata.forwarded = .discovered(issuer: GuardFixture.issuer.url) }
        }
        #expect(
            error?.lines == [
                "metadata.forwarded is .discovered, and the verifier does not read the metadata of this issuer; use "
                    + ".provided, or give a fetcher instead of the verifier"
            ])
    }
}
