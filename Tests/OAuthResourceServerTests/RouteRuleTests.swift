import HTTPMessages
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("Route rules", .serialized)
struct RouteRuleTests {
    private static let rules: [RouteRule] = [
        RouteRule("/health", .public), RouteRule(below: "/public/", .public), RouteRule(below: "/open", .optional),
        RouteRule(below: "/open/files", .public), RouteRule("/open/files/index", .public),
    ]

    private func fixture(_ rules: [RouteRule] = rules) throws -> GuardFixture {
        try GuardFixture { $0.requirements.routes = rules }
    }

    private let lacking = GuardFixture.issuer.token { $0.claims["scope"] = nil }

    @Test(
        "A public path needs no token, and none is looked at",
        arguments: [
            "/health", "/health?x=1", "/public", "/public/", "/public/a", "/public/a/b?c", "/public/a%20b",
            "/open/files/x", "/open/files", "/public/%D7%A9",
        ])
    func publicPath(target: String) async throws {
        let fixture = try fixture()
        for fields in [
            [], [("Authorization", "Bearer x")], [("Authorization", "Bearer x"), ("Authorization", "Bearer y")],
        ] {
            #expect(try await GuardExchange(fixture.server, .get, target, fields: fields).served == "<anonymous>")
        }
        #expect(fixture.log.all.allSatisfy { $0.name == "allowed_anonymously" })
        #expect(fixture.log.all.count == 6)
    }

    @Test(
        "What is not byte-equal to a public path or strictly below it is protected",
        arguments: [
            "/Health", "/health/", "/health/x", "/healthx", "/healt", "/HEALTH", "//health", "/./health",
            "/x/../health",
            "/%68ealth", "/health;x=1", "/health%00", "/health%2F", "/health%20", "/publicx", "/PUBLIC/a", "/publi",
            "/public/../mcp", "/public/..", "/public/.", "/public/./x", "/public/%2e%2e/mcp", "/public/%2E./mcp",
            "/public/.%2e", "/public//mcp", "/public//", "/public/..;/mcp", "/public/a;b", "/public/%2fmcp",
            "/public/..%2Fmcp", "/public/%5c..%5cmcp", "/public/%252e%252e/mcp", "/public/%C0%AE%C0%AE/mcp",
            "/public/%E0%80%AF", "/public/%41", "/public/%3b", "/public/%3Fx", "/public/%23", "/public/%0d%0a",
            "/public/%7f", "/mcp", "/", "*", "/mcp/health", "/mcp/public/x",
        ])
    func protected(target: String) async throws {
        let exchange = try await GuardExchange(fixture().server, .options, target)
        #expect(exchange.served == nil)
        #expect(exchange.response.status == .unauthorized)
        #expect(exchange.response.fields.contains(.wwwAuthenticate))
    }

    @Test("An absolute form is judged by its path")
    func absoluteForm() async throws {
        let server = try fixture().server
        #expect(try await GuardExchange(server, .get, "https://x.example/health").served == "<anonymous>")
        #expect(try await GuardExchange(server, .get, "https://x.example/mcp").served == nil)
        #expect(try await GuardExchange(server, .get, "https://health").served == nil)
    }

    @Test("POLICY §1: an optional path: no token is anonymous, a bad one still 401, one without the scope still 403")
    func optionalPath() async throws {
        let fixture = try fixture()
        func status(_ fields: [(String, String)], _ target: String = "/open/x") async throws -> String? {
            let exchange = try await GuardExchange(fixture.server, .post, target, fields: fields)
            return exchange.served ?? "\(exchange.response.status.code)"
        }
        let good = GuardFixture.issuer.token()
        #expect(try await status([]) == "<anonymous>")
        #expect(try await status([], "/open?access_token=x") == "<anonymous>")
        #expect(try await status([("Authorization", "Bearer \(good)")]) == "test-user")
        #expect(try await status([("Authorization", "Bearer x")]) == "401")
        #expect(try await status([("Authorization", "Bearer")]) == "401")
        #expect(try await status([("Authorization", "")]) == "401")
        #expect(try await status([("Authorization", "Basic YTpi")]) == "401")
        #expect(try await status([("Authorization", "Bearer x"), ("Authorization", "Bearer y")]) == "400")
        #expect(try await status([("Authorization", "Bearer \(lacking)")]) == "403")
        #expect(try await status([("Authorization", "Bearer \(good)")], "/open/x?access_token=y") == "400")
        #expect(try await status([], "/openx") == "401")
        #expect(try await status([], "/open/../mcp") == "401")
    }

    @Test("A route that the handler claims below /.well-known/ can be public")
    func wellKnown() async throws {
        let server = try GuardFixture { configuration in
            configuration.metadata.handlerPaths = ["/.well-known/security.txt"]
            configuration.requirements.routes = [RouteRule("/.well-known/security.txt", .public)]
        }.server
        #expect(try await GuardExchange(server, .get, "/.well-known/security.txt").served == "<anonymous>")
        #expect(
            try await GuardExchange(server, .get, "/.well-known/oauth-protected-resource").response.status == .ok)
        #expect(try await GuardExchange(server, .get, "/.well-known/other").response.status == .notFound)
    }

    @Test("Everything may be optional, and a resource at the root may have public paths")
    func wholeServer() async throws {
        let optional = try fixture([RouteRule(below: "/", .optional)])
        #expect(try await GuardExchange(optional.server, .post, "/mcp").served == "<anonymous>")
        #expect(try await GuardExchange(optional.server, .post, "/").served == "<anonymous>")
        #expect(try await GuardExchange(optional.server, .post, "//").served == nil)
        let root = try GuardFixture { configuration in
            configuration.resource = "https://mcp.example"
            configuration.requirements.routes = [RouteRule("/health", .public)]
        }
        #expect(try await GuardExchange(root.server, .get, "/health").served == "<anonymous>")
        #expect(try await GuardExchange(root.server, .get, "/").served == nil)
    }

    @Test("Of two rules for a path the exact one decides")
    func exactFirst() async throws {
        for rules in [
            [RouteRule(below: "/a", .optional), RouteRule("/a", .public)],
            [RouteRule("/a", .public), RouteRule(below: "/a/", .optional)],
        ] {
            let server = try fixture(rules).server
            #expect(try await GuardExchange(server, .get, "/a", token: "x").served == "<anonymous>")
            #expect(try await GuardExchange(server, .get, "/a/", token: "x").served == nil)
            #expect(try await GuardExchange(server, .get, "/a/b").served == "<anonymous>")
        }
    }

    @Test("An anonymous principal has nothing, and is the task-local too")
    func anonymous() async throws {
        let principal = Principal.anonymous
        #expect(principal.isAnonymous && principal.accessToken == nil && principal.scopes.isEmpty)
        #expect(principal.subject == nil && principal.clientID == nil && principal.issuer == nil)
        #expect(principal.expiresAt == nil && principal.claims.members.isEmpty)
        #expect(principal.claimsBytes == Array("{}".utf8))
        #expect("\(Principal(anonymousAs: "secret"))" == "<principal>")
        let handler = try fixture().server.protecting { _, _ in .text(Principal.current?.anonymousName ?? "") }
        let request = HTTPRequest(method: .get, target: "/health")
        #expect(try await handler.respond(to: request).bodyText == "anonymous")
    }

    @Test(
        "Rules that are no plain path, repeat or surround each other wrongly, or open the resource are refused",
        arguments: [
            ([RouteRule("health", .public)], ["requirements.routes[0]"]),
            ([RouteRule("", .public)], ["requirements.routes[0]"]),
            ([RouteRule("*", .public)], ["requirements.routes[0]"]),
            ([RouteRule("https://mcp.example/health", .public)], ["requirements.routes[0]"]),
            (
                [RouteRule("/a?b", .public), RouteRule("/a#b", .public)],
                ["requirements.routes[0]", "requirements.routes[1]"]
            ),
            (
                [RouteRule("//a", .public), RouteRule(below: "/a/..", .public)],
                ["requirements.routes[0]", "requirements.routes[1]"]
            ),
            (
                [RouteRule("/%61", .public), RouteRule("/a;b", .public)],
                ["requirements.routes[0]", "requirements.routes[1]"]
            ),
            ([RouteRule("/a", .public), RouteRule("/a", .optional)], ["requirements.routes[1]"]),
            ([RouteRule(below: "/a", .public), RouteRule(below: "/a/", .public)], ["requirements.routes[1]"]),
            ([RouteRule(below: "/a", .public), RouteRule("/a/b", .required)], ["requirements.routes[1]"]),
            ([RouteRule("/a/b", .optional), RouteRule(below: "/a", .public)], ["requirements.routes[0]"]),
            ([RouteRule(below: "/", .optional), RouteRule(below: "/admin", .required)], ["requirements.routes[1]"]),
            ([RouteRule("/mcp", .public)], ["requirements.routes[0]"]),
            ([RouteRule("/mcp/", .public)], ["requirements.routes[0]"]),
            ([RouteRule(below: "/mcp", .public)], ["requirements.routes[0]"]),
            ([RouteRule(below: "/", .public)], ["requirements.routes[0]"]),
            ([RouteRule(below: "/mcp", .optional), RouteRule("/mcp/health", .public)], []),
            ([RouteRule(below: "/a", .optional), RouteRule(below: "/ab", .required)], []),
            ([RouteRule(below: "/a", .public), RouteRule("/a", .public)], []),
        ])
    func faults(rules: [RouteRule], settings: [String]) {
        var found: [String] = []
        do throws(any Error) {
            _ = try fixture(rules)
        } catch {
            found = (error as? ConfigurationError)?.settings ?? ["?"]
        }
        #expect(found == settings)
    }
}
