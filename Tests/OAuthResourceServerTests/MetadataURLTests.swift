import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("POLICY §4: metadataURL, for servers behind an ingress that routes a prefix only")
struct MetadataURLTests {
    private static let url = "https://mcp.example/api/oauth-protected-resource"
    private static let path = "/api/oauth-protected-resource"

    private func fixture(
        _ url: String? = url, _ configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws -> GuardFixture {
        try GuardFixture { configuration in
            configuration.resource = "https://mcp.example/api/mcp"
            configuration.metadata.metadataURL = url
            configure(&configuration)
        }
    }

    @Test("RFC 9728 §5.1: the challenge names it, byte for byte")
    func challenge() async throws {
        for url in [Self.url, "https://MCP.example:443/api/meta", "https://cdn.example/api/meta"] {
            #expect(
                try await fixture(url).refusal()?.text(.wwwAuthenticate)
                    == #"Bearer scope="mcp:use", resource_metadata="\#(url)""#)
        }
    }

    @Test(
        "The document is served at its path, and still at the well-known ones, without a token",
        arguments: [
            path, path + "/", path + "?x", "/.well-known/oauth-protected-resource/api/mcp",
            "/.well-known/oauth-protected-resource",
        ])
    func served(path: String) async throws {
        let fixture = try fixture()
        let response = try #require(await fixture.refusal(method: .get, target: path))
        #expect(response.status == .ok)
        #expect(response.text(.accessControlAllowOrigin) == "*")
        let document = try JSONValue(parsing: Array(response.bodyText.utf8))
        #expect(document["resource"] == "https://mcp.example/api/mcp")
        #expect(try await fixture.refusal(method: .head, target: path)?.bodyText == "")
        #expect(try await fixture.refusal(method: .options, target: path)?.status == .noContent)
        #expect(try await fixture.refusal(method: .post, target: path)?.status.code == 405)
    }

    @Test(
        "No other path is open because of it",
        arguments: [
            path + "/x", path + "//", path + "x", "/API/oauth-protected-resource", "/api//oauth-protected-resource",
            "/api/%6Fauth-protected-resource", "/api/./oauth-protected-resource", "/api", "/oauth-protected-resource",
            "/api/oauth-protected-resource;x", "/api/mcp",
        ])
    func others(path: String) async throws {
        #expect(try await fixture().refusal(method: .get, target: path)?.status == .unauthorized)
    }

    @Test("A URL below /.well-known/ is served there; without a document in the mode, it is 404 or guarded")
    func wellKnown() async throws {
        let fixture = try fixture("https://mcp.example/.well-known/other")
        #expect(try await fixture.refusal(method: .get, target: "/.well-known/other")?.status == .ok)
        #expect(try await fixture.refusal(method: .get, target: "/.well-known/another")?.status == .notFound)
    }

    @Test("http is for loopback hosts, as for the resource")
    func loopback() async throws {
        let fixture = try GuardFixture {
            $0.resource = "http://127.0.0.1:8080/mcp"
            $0.metadata.metadataURL = "http://127.0.0.1:8080/meta"
        }
        #expect(
            try await fixture.refusal(fields: [(.host, "127.0.0.1:8080")])?.text(.wwwAuthenticate)
                == #"Bearer scope="mcp:use", resource_metadata="http://127.0.0.1:8080/meta""#)
    }

    @Test(
        "A URL that clients could not use, or that stands where something else does, is a fault",
        arguments: [
            ("api/meta", "is not an absolute URL (unsupported_scheme); write it like \(example)"),
            ("ftp://mcp.example/meta", "is not an absolute URL (unsupported_scheme); write it like \(example)"),
            ("https://u@mcp.example/meta", "is not an absolute URL (userinfo); write it like \(example)"),
            ("http://mcp.example/meta", "uses http on a host that is not loopback; use https"),
            ("https://mcp.example/meta#x", "has a fragment (#…); remove it"),
            ("https://mcp.example/meta?x", "has a query; name the document by its path alone"),
            (
                "https://mcp.example/a/../meta",
                "has a path segment . or .., which clients remove before they send a request; remove it"
            ),
            ("https://mcp.example", "has no path; give the document a path of its own"),
            ("https://mcp.example/", "has no path; give the document a path of its own"),
            ("https://mcp.example//meta", "has a path that readers spell in several ways; \(plain)"),
            ("https://mcp.example/%6Deta", "has a path that readers spell in several ways; \(plain)"),
            ("https://mcp.example/meta;x", "has a path that readers spell in several ways; \(plain)"),
            ("https://mcp.example/api/mcp", "is the path of the resource itself; give the document a path of its own"),
            ("https://x.example/api/mcp/", "is the path of the resource itself; give the document a path of its own"),
            (
                "https://mcp.example/.well-known/x",
                "is in metadata.handlerPaths; remove it from one of them"
            ),
            (
                "https://mcp.example/.well-known/oauth-authorization-server",
                "is where the guard serves metadata.forwarded; choose another path"
            ),
        ])
    func fault(url: String, explanation: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try fixture(url) {
                $0.metadata.handlerPaths = ["/.well-known/x"]
                $0.metadata.forwarded = .provided(issuer: GuardFixture.issuer.url) { .unavailable(retryAfter: 1) }
            }
        }
        #expect(error?.lines == ["metadata.metadataURL \(explanation)"])
    }

    private static let example = "https://mcp.example.com/api/oauth-protected-resource"
    private static let plain = "use no //, ; and needless escape"

    @Test("A mode without metadata has no URL for it")
    func staticTokens() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try GuardFixture(verifier: StubVerifier()) {
                $0.mode = .staticTokens
                $0.metadata.authorizationServers = []
                $0.metadata.metadataURL = Self.url
            }
        }
        #expect(error?.lines == ["metadata.metadataURL is set, but the mode has no metadata; remove it"])
    }

    // MARK: Several resources

    private func guarded(
        _ resource: String, _ url: String? = nil, _ configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws -> ProtectedHandler {
        try GuardFixture {
            $0.resource = resource
            $0.metadata.rootAlias = .notServed
            $0.metadata.metadataURL = url
            configure(&$0)
        }.server.protecting { _, _ in .text("handled") }
    }

    @Test("Each resource has its own, also inside of its own path")
    func several() async throws {
        let resources = try ProtectedResources([
            guarded("https://mcp.example/a", "https://mcp.example/a/meta"),
            guarded("https://mcp.example/b", "https://mcp.example/meta-of-b"), guarded("https://mcp.example/a/c"),
        ])
        for (path, resource) in [("/a/meta", "https://mcp.example/a"), ("/meta-of-b", "https://mcp.example/b")] {
            let request = HTTPRequest(method: .get, target: try #require(HTTPRequest.Target(path)))
            let response = try await resources.respond(to: request)
            #expect(try JSONValue(parsing: Array(response.bodyText.utf8))["resource"]?.string == resource)
        }
    }

    @Test("It must not stand where another resource answers")
    func clashes() throws {
        func lines(_ handlers: ProtectedHandler...) -> [String] {
            #expect(throws: ConfigurationError.self) { try ProtectedResources(handlers) }?.lines ?? []
        }
        let clash =
            "resources[1] and resources[0] clash: the metadata of one is at a path of the other; "
            + "choose another metadata.metadataURL"
        let b = try guarded("https://mcp.example/b")
        let inB = try guarded("https://mcp.example/a", "https://mcp.example/b/meta")
        #expect(lines(b, inB) == [clash])
        #expect(lines(inB, b) == [clash])
        let atB = try guarded("https://mcp.example/a", "https://mcp.example/b")
        #expect(lines(b, atB) == [clash])
        let inner = try guarded("https://mcp.example/a/c")
        #expect(lines(inner, try guarded("https://mcp.example/a", "https://mcp.example/a/c/meta")) == [clash])
        let health = try guarded("https://mcp.example/b") {
            $0.requirements.routes = [RouteRule(below: "/open", .public)]
            $0.metadata.handlerPaths = ["/.well-known/x"]
        }
        #expect(lines(health, try guarded("https://mcp.example/a", "https://mcp.example/open/meta")) == [clash])
        #expect(lines(health, try guarded("https://mcp.example/a", "https://mcp.example/.well-known/x")) == [clash])
        let same = try guarded("https://mcp.example/b", "https://mcp.example/meta")
        #expect(
            lines(same, try guarded("https://mcp.example/a", "https://mcp.example/meta")) == [
                "resources[1] serves its metadata where resources[0] does; "
                    + "set metadata.rootAlias to .notServed for all but one"
            ])
    }
}
