import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("Several protected resources", .serialized)
struct ProtectedResourcesTests {
    private static let keys = GuardFixture.issuer

    /// A guard with the fake issuer. Its handler answers with `name`.
    private func guarded(
        _ name: String, _ resource: String, alias: ResourceServerConfiguration.Metadata.RootAlias = .notServed,
        configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws -> ProtectedHandler {
        var configuration = ResourceServerConfiguration(
            resource: resource, requiredScopes: ["\(name):use"])
        configuration.metadata.rootAlias = alias
        configure(&configuration)
        let verifier = try JWTTokenVerifier(
            [.init(try JWTValidation(issuer: Self.keys.url, resource: resource), keys: Self.keys.keySource)],
            clock: WallClock { GuardFixture.now })
        return try ResourceServer(configuration, verifier: verifier, observer: { _ in }).protecting { _, principal in
            .text("\(name) \(principal.anonymousName ?? "")")
        }
    }

    private func resources() throws -> ProtectedResources {
        try ProtectedResources([
            guarded("notes", "https://mcp.example/notes") { configuration in
                configuration.requirements.routes = [
                    RouteRule("/health", .public), RouteRule(below: "/files/open", .public),
                ]
            },
            guarded("files", "https://mcp.example/files/", alias: .served),
            guarded("admin", "https://mcp.example/notes/admin") { configuration in
                configuration.metadata.handlerPaths = ["/.well-known/security.txt"]
                configuration.requirements.routes = [RouteRule("/.well-known/security.txt", .public)]
            },
        ])
    }

    private func answer(_ target: String, _ token: String? = nil, _ method: HTTPMethod = .get) async throws
        -> HTTPResponse
    {
        let target = try #require(HTTPRequest.Target(target))
        var request = HTTPRequest(method: method, target: target)
        if let token { request.fields[.authorization] = HTTPFields.Value("Bearer " + token) }
        let resources = try resources()
        let response = try await resources.respond(to: request)
        // The other entry selects the same guard.
        switch await resources.server(for: target)?.decide(method: method, target: target, fields: request.fields) {
        case nil: #expect(response.status == .notFound)
        case .respond(let refusal)?: #expect(refusal.summary == response.summary)
        case .proceed?: #expect(response.status == .ok)
        }
        return response
    }

    private func token(_ name: String, _ resource: String) -> String {
        Self.keys.token(audience: resource) { $0.claims["scope"] = .string("\(name):use") }
    }

    @Test(
        "Each path belongs to the resource that it names or is below, with that one's challenge",
        arguments: [
            ("/notes", "notes"), ("/notes/", "notes"), ("/notes/x?y", "notes"), ("/notes/adminx", "notes"),
            ("/notes/a%20b", "notes"), ("/files", "files"), ("/files/", "files"), ("/files/x", "files"),
            ("/files/open", "files"), ("/notes/admin", "admin"), ("/notes/admin/x", "admin"),
            ("https://other.example/files", "files"),
        ])
    func dispatch(target: String, name: String) async throws {
        let path = ["notes": "/notes", "files": "/files/", "admin": "/notes/admin"][name] ?? ""
        let response = try await answer(target)
        #expect(
            response.text(.wwwAuthenticate)
                == #"Bearer scope="\#(name):use", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource\#(path)""#
        )
        #expect(try await answer(target, token(name, "https://mcp.example" + path)).bodyText == "\(name) ")
    }

    @Test("POLICY §7: a token of one resource is refused by the others, the surrounding one included")
    func foreignTokens() async throws {
        let notes = token("notes", "https://mcp.example/notes")
        #expect(try await answer("/notes", notes).status == .ok)
        #expect(try await answer("/files", notes).status == .unauthorized)
        #expect(try await answer("/notes/admin", notes).status == .unauthorized)
        #expect(
            try await answer("/notes", token("admin", "https://mcp.example/notes/admin")).status == .unauthorized)
    }

    @Test(
        "A path of no resource, and one that two readers may read differently, is 404 JSON without a challenge",
        arguments: [
            "/", "/notesx", "/NOTES", "/mcp", "*", "//notes", "/notes//x", "/notes/../files", "/notes/%2e%2e/files",
            "/notes/%2E./files", "/notes/%2ffiles", "/notes/%61dmin", "/notes/..;/files", "/notes;x", "/%6Eotes",
            "/notes/%5c..%5cfiles", "/health/", "/healthx", "/.well-known/openid-configuration",
            "/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource/notes/../files",
            "/.well-known/",
        ])
    func unknown(target: String) async throws {
        for method in [HTTPMethod.get, .post, .options] {
            let response = try await answer(target, token("notes", "https://mcp.example/notes"), method)
            #expect(
                response.summary == [
                    "404", "Content-Type: application/json", "Cache-Control: no-store", #"{"error":"not_found"}"#,
                ])
        }
        #expect(try await answer(target, nil, .head).bodyText == "")
    }

    @Test("POLICY §4: each has its own document; the root alias belongs to the one that has it")
    func documents() async throws {
        for (path, resource) in [
            ("/notes", "/notes"), ("/notes/", "/notes"), ("/files/", "/files/"), ("/files", "/files/"),
            ("/notes/admin", "/notes/admin"), ("", "/files/"), ("/", "/files/"),
        ] {
            let document = try await answer("/.well-known/oauth-protected-resource" + path)
            let json = try JSONValue(parsing: Array(document.bodyText.utf8))
            #expect(json["resource"]?.string == "https://mcp.example" + resource)
        }
    }

    @Test("Route rules outside every resource are reachable; those inside another's open nothing")
    func rules() async throws {
        #expect(try await answer("/health").bodyText == "notes anonymous")
        #expect(try await answer("/.well-known/security.txt").bodyText == "admin anonymous")
        #expect(try await answer("/files/open/x").status == .unauthorized)
    }

    @Test("A resource at the root gets what no other names")
    func root() async throws {
        let resources = try ProtectedResources([
            guarded("all", "https://mcp.example", alias: .served), guarded("notes", "https://mcp.example/notes"),
        ])
        for (target, name) in [("/", "all"), ("/x", "all"), ("/notesx", "all"), ("/notes/x", "notes")] {
            let server = resources.server(for: try #require(HTTPRequest.Target(target)))
            #expect(server?.resource.text == "https://mcp.example" + (name == "all" ? "" : "/notes"))
        }
        #expect(resources.server(for: "/x/../notes") == nil)
    }

    @Test("What two claim is refused, and says what to do")
    func faults() throws {
        func faults(_ handlers: [ProtectedHandler]) -> [String] {
            do throws(ConfigurationError) {
                _ = try ProtectedResources(handlers)
                return []
            } catch {
                return error.lines
            }
        }
        let a = try guarded("a", "https://mcp.example/a", alias: .served)
        #expect(faults([]) == ["resources is empty; name at least one"])
        #expect(faults([a]) == [])
        #expect(
            faults([a, try guarded("b", "https://mcp.example/b", alias: .served)]) == [
                "resources[1] serves its metadata where resources[0] does; set metadata.rootAlias to .notServed for all but one"
            ])
        #expect(
            faults([a, try guarded("root", "https://mcp.example/")]) == [
                "resources[1] serves its metadata where resources[0] does; set metadata.rootAlias to .notServed for all but one"
            ])
        #expect(
            faults([a, try guarded("b", "https://MCP.example:8443/a/")]) == [
                "resources[1] has the same path as resources[0]; give each its own"
            ])
        let open: (inout ResourceServerConfiguration) -> Void = { configuration in
            configuration.requirements.routes = [RouteRule("/health", .public)]
            configuration.metadata.handlerPaths = ["/.well-known/x"]
        }
        #expect(
            faults([
                a, try guarded("b", "https://mcp.example/b", configure: open),
                try guarded("c", "https://mcp.example/c", configure: open),
            ]) == [
                "resources[2] has a path in metadata.handlerPaths that resources[1] has too; keep one",
                "resources[2] has a route rule for a path that resources[1] has one for; keep one",
            ])
    }

    @Test("Forwarded metadata belongs to the one that forwards; two are refused")
    func forwarded() async throws {
        let forwarding: (inout ResourceServerConfiguration) -> Void = {
            $0.metadata.forwarded = .provided(issuer: Self.keys.url) { .unavailable(retryAfter: 1) }
        }
        let a = try guarded("a", "https://mcp.example/a")
        let b = try guarded("b", "https://mcp.example/b", configure: forwarding)
        let resources = try ProtectedResources([a, b])
        let target = try #require(HTTPRequest.Target(WellKnown.authorizationServer))
        #expect(resources.server(for: target)?.resource.text == "https://mcp.example/b")
        let other = try #require(HTTPRequest.Target(WellKnown.openIDConfiguration))
        #expect(resources.server(for: other) == nil)
        let error = #expect(throws: ConfigurationError.self) {
            try ProtectedResources([b, guarded("c", "https://mcp.example/c", configure: forwarding)])
        }
        #expect(
            error?.lines == [
                "resources[1] forwards the metadata of an authorization server as resources[0] does; let only one of them do so"
            ])
    }

    @Test("A disabled guard among them keeps all of them on loopback")
    func exposure() throws {
        let disabled = try guarded("b", "http://127.0.0.1/b") { configuration in
            configuration.mode = .disabled(anonymousAs: "dev")
        }
        let enforced = try guarded("a", "https://mcp.example/a")
        #expect(try ProtectedResources([enforced]).exposure == .anywhere)
        #expect(try ProtectedResources([enforced, disabled]).exposure != .anywhere)
    }
}
