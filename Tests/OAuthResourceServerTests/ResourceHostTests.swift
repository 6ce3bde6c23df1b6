import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

@Suite("Several protected resources under several host names")
struct ResourceHostTests {
    private static let keys = GuardFixture.issuer

    private func guarded(
        _ name: String, _ resource: String, configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws -> ProtectedHandler {
        var configuration = ResourceServerConfiguration(resource: resource, requiredScopes: ["\(name):use"])
        configure(&configuration)
        let verifier = try JWTTokenVerifier(
            [.init(try JWTValidation(issuer: Self.keys.url, resource: resource), keys: Self.keys.keySource)],
            clock: WallClock { GuardFixture.now })
        return try ResourceServer(configuration, verifier: verifier, observer: { _ in }).protecting { _, principal in
            .text("\(name) \(principal.anonymousName ?? "")")
        }
    }

    /// Two tenants with the same paths, and a third with a path of its own.
    private func tenants() throws -> ProtectedResources {
        try ProtectedResources([
            guarded("a", "https://a.example/mcp") {
                $0.requirements.routes = [RouteRule("/health", .public)]
                $0.metadata.handlerPaths = ["/.well-known/security.txt"]
                $0.metadata.metadataURL = "https://a.example/meta"
            },
            guarded("b", "https://b.example/mcp") { $0.requirements.routes = [RouteRule("/health", .public)] },
            guarded("c", "https://b.example/mcp/c") { $0.metadata.rootAlias = .notServed },
            guarded("d", "https://[2001:db8::1]/d"),
        ])
    }

    private func answer(
        _ host: String?, _ target: String, _ token: String? = nil, method: HTTPMethod = .get,
        fields more: [(HTTPFields.Name, HTTPFields.Value)] = []
    ) async throws -> HTTPResponse {
        let resources = try tenants()
        let target = try #require(HTTPRequest.Target(target))
        var request = HTTPRequest(method: method, target: target)
        if let host { request.fields.append(.host, try #require(HTTPFields.Value(host))) }
        if let token { request.fields.append(.authorization, try #require(HTTPFields.Value("Bearer " + token))) }
        for (name, value) in more { request.fields.append(name, value) }
        let response = try await resources.respond(to: request)
        // The other entry selects the same guard.
        let server = resources.server(for: target, fields: request.fields)
        switch await server?.decide(method: method, target: target, fields: request.fields) {
        case nil: #expect(response.status == .notFound || response.status.code == 421)
        case .respond(let refusal)?: #expect(refusal.summary == response.summary)
        case .proceed?: #expect(response.status == .ok)
        }
        return response
    }

    private func token(_ name: String, _ resource: String) -> String {
        Self.keys.token {
            $0.claims["aud"] = .string(resource)
            $0.claims["scope"] = .string("\(name):use")
        }
    }

    @Test(
        "The resource is chosen by Host, then by path; the challenge names that of the host",
        arguments: [
            ("a.example", "/mcp", "a", "https://a.example/meta"),
            ("A.EXAMPLE:8443", "/mcp/x", "a", "https://a.example/meta"),
            ("b.example", "/mcp", "b", "https://b.example/.well-known/oauth-protected-resource/mcp"),
            ("b.example:80", "/mcp/c/x", "c", "https://b.example/.well-known/oauth-protected-resource/mcp/c"),
            ("b.example", "/mcp/cc", "b", "https://b.example/.well-known/oauth-protected-resource/mcp"),
            ("[2001:DB8:0::1]", "/d", "d", "https://[2001:db8::1]/.well-known/oauth-protected-resource/d"),
            ("a.example", "http://a.example/mcp", "a", "https://a.example/meta"),
        ])
    func chosen(host: String, target: String, name: String, metadata: String) async throws {
        let response = try await answer(host, target)
        #expect(response.status == .unauthorized)
        #expect(
            response.text(.wwwAuthenticate) == #"Bearer scope="\#(name):use", resource_metadata="\#(metadata)""#)
    }

    @Test("A token for one host is bad at another, and good at its own")
    func tokens() async throws {
        let a = token("a", "https://a.example/mcp"), b = token("b", "https://b.example/mcp")
        #expect(try await answer("a.example", "/mcp", a).bodyText == "a ")
        #expect(try await answer("b.example", "/mcp", b).bodyText == "b ")
        #expect(try await answer("b.example", "/mcp", a).status == .unauthorized)
        #expect(try await answer("a.example", "/mcp", b).status == .unauthorized)
    }

    @Test(
        "Metadata is that of the host: identifier, aliases and configured locations",
        arguments: [
            ("a.example", "/.well-known/oauth-protected-resource/mcp", "https://a.example/mcp"),
            ("b.example", "/.well-known/oauth-protected-resource/mcp", "https://b.example/mcp"),
            ("b.example", "/.well-known/oauth-protected-resource/mcp/c", "https://b.example/mcp/c"),
            ("a.example", "/.well-known/oauth-protected-resource", "https://a.example/mcp"),
            ("b.example", "/.well-known/oauth-protected-resource", "https://b.example/mcp"),
            ("a.example", "/meta", "https://a.example/mcp"),
            ("[2001:db8::1]", "/.well-known/oauth-protected-resource", "https://[2001:db8::1]/d"),
        ])
    func metadata(host: String, path: String, resource: String) async throws {
        let response = try await answer(host, path)
        #expect(response.status == .ok)
        #expect(try JSONValue(parsing: Array(response.bodyText.utf8))["resource"]?.string == resource)
    }

    @Test(
        "What only another host has is not there",
        arguments: [
            ("a.example", "/.well-known/oauth-protected-resource/mcp/c"),
            ("a.example", "/.well-known/oauth-protected-resource/d"), ("b.example", "/.well-known/security.txt"),
            ("b.example", "/meta"), ("b.example", "/d"), ("[2001:db8::1]", "/mcp"), ("[2001:db8::1]", "/health"),
            ("a.example", "/"), ("a.example", "/x/../mcp"), ("a.example", "//mcp"),
        ])
    func absent(host: String, path: String) async throws {
        let response = try await answer(host, path)
        #expect(response.status == .notFound)
        #expect(!response.fields.contains(.wwwAuthenticate))
    }

    @Test("What a challenge names is served: with several hosts, the metadata is at the host of its resource")
    func metadataElsewhere() throws {
        func resources(_ second: String, _ metadata: String) throws {
            _ = try ProtectedResources([
                guarded("a", "https://a.example/mcp") { $0.metadata.metadataURL = metadata },
                guarded("b", second) { $0.metadata.rootAlias = .notServed },
            ])
        }
        for host in ["b.example", "c.example", "a.example.evil.example"] {
            let error = #expect(throws: ConfigurationError.self) {
                try resources("https://b.example/mcp", "https://\(host)/meta")
            }
            #expect(
                error?.lines == [
                    "resources[0] has its metadata at another host, where it is not served; "
                        + "name the host of the resource in metadata.metadataURL"
                ])
        }
        #expect(throws: Never.self) { try resources("https://b.example/mcp", "https://A.example:8443/meta") }
        // With one host, `Host` is not looked at.
        #expect(throws: Never.self) { try resources("https://a.example/b", "https://c.example/meta") }
    }

    @Test("A public route is that of the host")
    func routes() async throws {
        #expect(try await answer("a.example", "/health").bodyText == "a anonymous")
        #expect(try await answer("b.example", "/health").bodyText == "b anonymous")
    }

    @Test(
        "Another Host is never another tenant's: 421, and 404 for metadata, whatever the token",
        arguments: [
            nil, "", "c.example", "a.example.", "a.example.evil.example", "xa.example", "evil.example", "localhost",
            "127.0.0.1", "a.example@evil.example", "a.example, b.example", "a.example/", "a.example:0", "a.example:x",
            "[2001:db8::2]", "2001:db8::1", "\u{FF41}.example", "a%2eexample", "*", "example",
        ] as [String?])
    func unknownHost(host: String?) async throws {
        let good = token("a", "https://a.example/mcp")
        for path in ["/mcp", "/health", "/meta", "/", "/d", "*", "//mcp"] {
            let response = try await answer(host, path, good)
            #expect(response.status.code == 421)
            #expect(
                response.bodyText
                    == #"{"error":"host_not_served","error_description":"The Host field does not name this server."}"#)
            #expect(try await answer(host, path, good, method: .head).bodyText == "")
        }
        for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
            let response = try await answer(host, path)
            #expect(response.status == .notFound)
            #expect(!response.bodyText.contains("example"))
        }
    }

    @Test("Two Host fields, an absolute form of another host, and forwarding fields choose nothing")
    func disagreement() async throws {
        let twice = try await answer("a.example", "/mcp", fields: [(.host, "a.example")])
        #expect(twice.status.code == 421)
        #expect(try await answer("a.example", "http://b.example/mcp").status.code == 421)
        #expect(try await answer("evil.example", "http://a.example/mcp").status.code == 421)
        let forwarded = try await answer(
            "b.example", "/mcp",
            fields: [
                ("X-Forwarded-Host", "a.example"),
                ("Forwarded", "host=a.example"),
            ])
        #expect(forwarded.text(.wwwAuthenticate)?.hasPrefix(#"Bearer scope="b:use""#) == true)
    }

    @Test("Without the fields, a guard among several hosts is not chosen; with one host, Host is not looked at")
    func withoutFields() throws {
        let target: HTTPRequest.Target = "/mcp"
        #expect(try tenants().server(for: target) == nil)
        let single = try ProtectedResources([
            guarded("a", "https://a.example/mcp"),
            guarded("b", "https://a.example:8443/b") { $0.metadata.rootAlias = .notServed },
        ])
        #expect(single.server(for: target)?.resource.text == "https://a.example/mcp")
        var fields = HTTPFields()
        fields.append(.host, "internal")
        #expect(single.server(for: target, fields: fields)?.resource.text == "https://a.example/mcp")
    }

    @Test("Resources of one host still may not claim the same, also with another port")
    func clashes() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try ProtectedResources([
                guarded("a", "https://a.example/mcp"), guarded("b", "https://b.example/mcp"),
                guarded("c", "https://A.example:8443/mcp"),
            ])
        }
        #expect(error?.lines == ["resources[2] has the same path as resources[0]; give each its own"])
    }
}
