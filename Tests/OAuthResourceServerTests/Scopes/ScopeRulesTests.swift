import HTTPMessages
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import OAuthResourceServer
@testable import TokenVerification

@Suite("Scopes of routes, and what is advertised", .serialized)
struct ScopeRulesTests {
    private func fixture(_ configure: (inout ResourceServerConfiguration) -> Void = { _ in }) throws -> GuardFixture {
        try GuardFixture {
            $0.requirements.routeScopes = [
                RouteScopeRule("/admin/**", requires: "admin"),
                RouteScopeRule("/files/*", methods: [.put, .delete], requires: .any(of: ["write", "own"])),
            ]
            configure(&$0)
        }
    }

    @Test(
        "A route's scopes come on top, in the 401 and in the 403, however the path is spelled",
        arguments: [
            ("/mcp", HTTPMethod.get, "mcp:use", true), ("/admin", .get, "admin mcp:use", false),
            ("/%61dmin/x", .get, "admin mcp:use", false), ("//x/../admin", .get, "admin mcp:use", false),
            ("/files/a", .get, "mcp:use", true), ("/files/a", .put, "mcp:use write", false),
            ("/files/a/b", .put, "mcp:use", true), ("/files/a?x=/admin/y", .get, "mcp:use", true),
        ])
    func routes(target: String, method: HTTPMethod, asked: String, isServed: Bool) async throws {
        let server = try fixture().server
        let without = try await GuardExchange(server, method, target)
        #expect(without.response.status == .unauthorized)
        #expect(try without.response.challenges.bearer.first?.scope?.description == asked)
        let with = try await GuardExchange(server, method, target, token: GuardFixture.issuer.token())
        #expect((with.served != nil) == isServed)
        if !isServed {
            #expect(with.response.status == .forbidden)
            #expect(try with.response.challenges.bearer.first?.scope?.description == asked)
        }
        let all = GuardFixture.issuer.token { $0.claims["scope"] = "mcp:use admin own" }
        #expect(try await GuardExchange(server, method, target, token: all).served != nil)
    }

    @Test("A HEAD needs what the GET needs")
    func head() async throws {
        let server = try fixture {
            $0.requirements.routeScopes = [RouteScopeRule("/files/*", methods: [.get], requires: "read")]
        }
        .server
        for (method, isServed) in [(HTTPMethod.get, false), (.head, false), (.post, true)] {
            let exchange = try await GuardExchange(server, method, "/files/a", token: GuardFixture.issuer.token())
            #expect((exchange.served != nil) == isServed, "\(method.name)")
        }
    }

    @Test("Where a token is optional, a route that needs scopes asks for one: 401 with all of them")
    func optionalRoutes() async throws {
        let server = try fixture { $0.requirements.routes = [RouteRule(below: "/", .optional)] }.server
        for target in ["/admin", "/admin/x", "/ADMIN", "/%61dmin"] {
            let exchange = try await GuardExchange(server, .get, target)
            #expect(exchange.served == nil, "\(target)")
            #expect(exchange.response.status == .unauthorized, "\(target)")
            #expect(try exchange.response.challenges.bearer.first?.scope?.description == "admin mcp:use", "\(target)")
        }
        #expect(try await GuardExchange(server, .put, "/files/a").served == nil)
        #expect(try await GuardExchange(server, .get, "/files/a").served == "<anonymous>")
        let all = GuardFixture.issuer.token { $0.claims["scope"] = "mcp:use admin" }
        #expect(try await GuardExchange(server, .get, "/admin", token: all).served == "test-user")
    }

    @Test(
        "POLICY §11: what some request may need is advertised, unless the operator says otherwise; never offline_access"
    )
    func advertised() throws {
        let everything = try fixture { $0.requirements.operations = [.tool("x", requires: .any(of: ["a", "b"]))] }
        #expect(everything.server.metadata.scopesSupported.description == "a admin b mcp:use own write")
        let some = try fixture { $0.metadata.scopesSupported = ["mcp:use", "offline_access"] }
        #expect(some.server.metadata.scopesSupported.description == "mcp:use")
        let none = try fixture { $0.metadata.scopesSupported = [] }
        #expect(none.server.metadata.scopesSupported.isEmpty)
        // Implied scopes are not advertised.
        let implied = try fixture { $0.requirements.implications = ["root": ["admin"]] }
        #expect(!implied.server.metadata.scopesSupported.contains("root"))
    }

    private func faults(_ configure: (inout ResourceServerConfiguration) -> Void) -> [String] {
        do throws(ConfigurationError) {
            var configuration = ResourceServerConfiguration(
                resource: GuardFixture.resource)
            configuration.metadata.authorizationServers = ["https://issuer.example"]
            configure(&configuration)
            _ = try ResourceServer(configuration, verifier: nil)
            return []
        } catch {
            return error.settings.filter { $0 != "verifier" }
        }
    }

    @Test(
        "Scopes for what is public would never be asked for: a configuration error",
        arguments: [
            (RouteRule(below: "/files", .public), "/files/private/**", true),
            (RouteRule(below: "/files/", .public), "/files/*", true), (RouteRule("/health", .public), "/health", true),
            (RouteRule(below: "/files", .optional), "/files/private/**", false),
            // Other patterns: wider ones, and ones that do not overlap.
            (RouteRule("/health", .public), "/**", false), (RouteRule("/health", .public), "/healthy", false),
            (RouteRule(below: "/files/public", .public), "/files/**", false),
        ])
    func scopesForThePublic(route: RouteRule, path: String, isFault: Bool) {
        let settings = faults {
            $0.requirements.routes = [RouteRule("/other", .optional), route]
            $0.requirements.routeScopes = [RouteScopeRule(path, methods: [.put], requires: "write")]
        }
        #expect(settings == (isFault ? ["requirements.routeScopes[0]"] : []))
    }

    @Test("Faulty rules are configuration errors, all at once")
    func configurationErrors() {
        #expect(faults { $0.metadata.scopesSupported = ["offline_access"] } == ["metadata.scopesSupported"])
        #expect(
            faults {
                $0.requirements.implications = ["a": ["b"], "b": ["a"]]
                $0.requirements.routeScopes = [
                    RouteScopeRule("admin", requires: "a"), RouteScopeRule("/a", requires: .none),
                    RouteScopeRule("/b", requires: "a b"),
                    RouteScopeRule("/" + String(repeating: "x", count: 512), requires: "a"),
                ]
                $0.requirements.operations = [
                    .tool("", requires: "a"), .tool(String(repeating: "x", count: 513), requires: "a"),
                    .method("", requires: "a"), .resource("x:*", requires: []),
                    .prompt("x", requires: "offline_access"),
                    .tool(String(repeating: "x", count: 512), requires: "a"),
                ]
                $0.requirements.operations.otherPaths = ["/ok", "x"]
                $0.requirements.operations.maximumBodyBytes = 1_023
            } == [
                "requirements.implications", "requirements.routeScopes[0]", "requirements.routeScopes[1]",
                "requirements.routeScopes[2]", "requirements.routeScopes[3]",
                "requirements.operations.maximumBodyBytes", "requirements.operations.otherPaths[1]",
                "requirements.operations[0]",
                "requirements.operations[1]", "requirements.operations[2]", "requirements.operations[3]",
                "requirements.operations[4]",
            ])
        #expect(
            faults {
                $0.requirements.operations = MCPScopeRules(Array(repeating: .tool("x", requires: "a"), count: 1_000))
            }
                == [])
        #expect(
            faults {
                $0.requirements.operations = MCPScopeRules(Array(repeating: .tool("x", requires: "a"), count: 1_001))
            }
                == ["requirements.operations"])
        for (bytes, isFault) in [(1_024, false), (16_777_216, false), (16_777_217, true)] {
            let settings = faults {
                $0.requirements.operations = [.tool("x", requires: "a")]
                $0.requirements.operations.maximumBodyBytes = bytes
            }
            #expect(settings.isEmpty == !isFault)
        }
    }
}
