import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("POLICY §11: operations that need no scope, or no token")
struct OpenOperationTests {
    static let rules: MCPScopeRules = [
        .method("initialize", requires: .nothing), .method("notifications/*", requires: .nothing),
        .method("tools/list", requires: .nothing), .tool("ping", requires: .nothing),
        .tool("pub_*", requires: .nothing), .tool("pub_secret", requires: "secret"),
        .tool("pub_members", requires: .anyToken), .tool("whoami", requires: .anyToken),
        .prompt("welcome", requires: .nothing), .prompt("members", requires: .anyToken),
        .resource("docs://public/**", requires: .nothing),
        .resource("docs://public/drafts/**", requires: "drafts"), .resource("file:///public/*", requires: .nothing),
        .resource("https://docs.example/public/*", requires: .nothing),
        .method("subscriptions/listen", requires: .nothing), .tool("delete_*", requires: "files:write"),
    ]

    private static let json = ("Content-Type", "application/json")

    private func fixture(
        _ rules: MCPScopeRules = Self.rules, configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws -> GuardFixture {
        try GuardFixture {
            $0.requirements.operations = rules
            configure(&$0)
        }
    }

    private static func call(_ method: String, _ params: String = "{}") -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#
    }

    private static func tool(_ name: String) -> String { call("tools/call", #"{"name":"\#(name)"}"#) }

    private static func read(_ uri: String) -> String { call("resources/read", #"{"uri":"\#(uri)"}"#) }

    private static let missing = #"Bearer scope="mcp:use", "# + GuardFixture.challengeTail

    private func expectClosed(
        _ exchange: GuardExchange, _ comment: Comment, location: SourceLocation = #_sourceLocation
    ) {
        #expect(exchange.served == nil, comment, sourceLocation: location)
        #expect(exchange.response.status == .unauthorized, comment, sourceLocation: location)
        #expect(exchange.response.text(.wwwAuthenticate) == Self.missing, comment, sourceLocation: location)
        #expect(
            exchange.response.bodyText
                == #"{"error":"unauthorized","error_description":"An access token is required."}"#, comment,
            sourceLocation: location)
    }

    // MARK: Without a token

    @Test(
        "An open operation proceeds without a token, for an anonymous principal",
        arguments: [
            call("initialize"), call("notifications/initialized"), call("tools/list"), tool("ping"), tool("pub_a"),
            tool("pub_"), tool("pub_a/b"), call("prompts/get", #"{"name":"welcome"}"#),
            // JSON escapes are the same text.
            #"{"jsonrpc":"2.0","id":1,"method":"tools\/call","params":{"n\u0061me":"\u0070ing"}}"#,
            #"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#, read("docs://public/a"),
            read("docs://public/a/b/c.md"), read("docs://public/.hidden"), read("docs://public/a%20b"),
            read("docs://public/a?page=2"), read("docs://public/a#top"), read("docs://public/A_b-c~d"),
            read("file:///public/a"), read("https://docs.example/public/a"),
            call("resources/subscribe", #"{"uri":"docs://public/a"}"#), "[" + tool("ping") + "]",
            "[" + tool("ping") + "," + read("docs://public/a") + "," + call("tools/list") + "]",
            call("completion/complete", #"{"ref":{"type":"ref/prompt","name":"welcome"},"argument":{"name":"a"}}"#),
            call("subscriptions/listen", #"{"notifications":{"resourceSubscriptions":["docs://public/a"]}}"#),
        ])
    func open(body: String) async throws {
        let fixture = try fixture()
        for type in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
            let exchange = try await GuardExchange(fixture.server, fields: [("Content-Type", type)], body: body)
            #expect(exchange.served == "<anonymous>")
            #expect(exchange.principal?.isAnonymous == true)
            #expect(exchange.principal?.scopes.isEmpty == true)
            #expect(exchange.principal?.subject == nil)
        }
        #expect(Set(fixture.log.all.map(\.name)) == ["allowed_anonymously"])
    }

    private static let closedMessages = [
        // Not open unless a rule says so.
        call("ping"), call("resources/list"), call("prompts/list"), call("logging/setLevel"), call("server/discover"),
        call("tools/list/x"), call("notifications"), call("notifications/a/b"),
        // A stricter rule for the same.
        tool("pub_secret"), tool("pub_members"), tool("whoami"), tool("delete_a"), read("docs://public/drafts/a"),
        read("docs://public/Drafts/a"), read("docs://public/%64rafts/a"),
        // Methods that may ignore the URI or name of an open operation.
        call("resources/list", #"{"uri":"docs://public/a"}"#), call("resources/delete", #"{"uri":"docs://public/a"}"#),
        call("resources/templates/list", #"{"uri":"docs://public/a"}"#), call("prompts/list", #"{"name":"welcome"}"#),
        call("tools/delete", #"{"name":"ping"}"#), call("resources/", #"{"uri":"docs://public/a"}"#),
        // Names that are others, or unclear.
        tool("PING"), tool("Ping"), tool(" ping"), tool("ping "), tool("pin"), tool("ping2"), tool("xping"), tool(""),
        tool("p\u{131}ng"), tool("\u{FF50}ing"), tool("ping\u{301}"), tool("pub_\u{E9}"), tool("pub_e\u{301}"),
        tool("pub_\u{301}"), tool("pub_\u{202E}x"),
        tool("pub_/../secret"), tool("pub_a/..%2fsecret"), tool(#"pub_\\secret"#), tool("pub_%61"), tool("pub_a "),
        tool(#"pub_\u0000"#), tool(#"pub_\n"#),
        tool("pub_" + String(repeating: "a", count: 2_048)), call("tools/call"), call("tools/call", #"{"name":null}"#),
        call("tools/call", #"{"name":1}"#), call("tools/call", #"{"name":["ping"]}"#),
        call("tools/call", #"{"name":"ping","name":"secret"}"#),
        call("tools/call", #"{"name":"ping","Name":"secret"}"#),
        call("tools/call", #"{"arguments":{"name":"ping"}}"#), call("tools/call", #"{"uri":"docs://public/a"}"#),
        call("tools/call", #"["ping"]"#), call("Tools/call", #"{"name":"ping"}"#),
        call("tools/call/", #"{"name":"ping"}"#), call("tools//call", #"{"name":"ping"}"#),
        call(#"tools/call\u200b"#, #"{"name":"ping"}"#), call("prompts/get", #"{"name":"ping"}"#),
        call("prompts/get", #"{"name":"Welcome"}"#), call("resources/read", #"{"name":"ping"}"#),
        // Bodies that readers read differently, or not at all.
        "", " ", "{}", "[]", "null", "1", "\"ping\"", "junk", "{" + tool("ping"), tool("ping") + tool("secret"),
        "\u{FEFF}" + tool("ping"), #"{"id":1,"method":"tools/call","params":{"name":"ping"}}"#,
        #"{"jsonrpc":"1.0","id":1,"method":"tools/call","params":{"name":"ping"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"x","params":{"name":"ping"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","Method":"x","params":{"name":"ping"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ping"},"PARAMS":{"name":"x"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":["tools/call"],"params":{"name":"ping"}}"#,
        #"{"jsonrpc":"2.0","id":1,"params":{"name":"ping"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ping"},}"#,
        // Responses are not operations that a rule opens.
        #"{"jsonrpc":"2.0","id":1,"result":{}}"#, #"{"jsonrpc":"2.0","id":1,"error":{}}"#,
        "[" + tool("ping") + #",{"jsonrpc":"2.0","id":1,"result":{}}]"#,
        // A batch is as closed as its most closed message.
        "[" + tool("ping") + "," + tool("secret") + "]", "[" + tool("secret") + "," + tool("ping") + "]",
        "[" + tool("ping") + "," + tool("whoami") + "]", "[" + tool("ping") + ",1]", "[[" + tool("ping") + "]]",
        "[" + Array(repeating: tool("ping"), count: 101).joined(separator: ",") + "]",
        "[" + tool("ping") + "," + call("notifications/initialized") + "," + read("docs://private/a") + "]",
        // Operations that a message stands for.
        call("subscriptions/listen", #"{"notifications":{"resourceSubscriptions":["docs://private/a"]}}"#),
        call("subscriptions/listen", #"{"notifications":{"resourceSubscriptions":["docs://public/a","docs://b/c"]}}"#),
        call("completion/complete"), call("completion/complete", #"{"ref":{"name":"secret"}}"#),
        call("completion/complete", #"{"ref":{"name":"welcome","uri":"docs://private/a"}}"#),
        call("completion/complete", #"{"ref":{"uri":"docs://public/{a}"},"argument":{"value":"../../private"}}"#),
        call("completion/complete", #"{"ref":{"uri":"docs://public/a"}}"#),
        call("completion/complete", #"{"name":"welcome","uri":"docs://public/a"}"#),
        call("completion/complete", #"{"ref":{"name":"members"}}"#),
    ]

    @Test("Every other message needs a token", arguments: closedMessages)
    func closed(body: String) async throws {
        let fixture = try fixture()
        expectClosed(try await GuardExchange(fixture.server, fields: [Self.json], body: body), "\(body.prefix(120))")
        #expect(Set(fixture.log.denials) == ["missing_credentials"])
    }

    @Test(
        "A URI is open only if every reading is: no reading leads out of the open place",
        arguments: [
            "docs://public/../private/a", "docs://public/%2e%2e/x", "docs://public/%2E%2E/x", "docs://public/.%2e/x",
            "docs://public/..%2Fx", "docs://public%2F..%2Fprivate", "docs://public/%2e%2e%2fprivate",
            "docs://public/%252e%252e", "docs://public/%252e%252e/private", "docs://public/%25252e%25252e/private",
            "docs://public/%2525252e%2525252e/private", "docs://public/%252525252e%252525252e/private",
            "docs://public/..", "docs://public/.", "docs://public/./a", "docs://public/a/..", "docs://public/a/../b",
            "docs://public/..;/private", "docs://public/;/../private", "docs://public/..;x=1/private",
            "docs://public/.;/a", "docs://public/%2e;/a", "docs://public/..\\\\private",
            "docs://public\\\\..\\\\private",
            "docs://public/%5c..%5cprivate", "docs://public/a\\\\b", "docs://public/..%5Cprivate",
            "docs://public/%c0%ae%c0%ae/private", "docs://public/%u002e%u002e/private", "docs://public/%",
            "docs://public/%2", "docs://public/%zz", "docs://public/%25zz", "docs://public//private/a",
            "docs://public//", "docs://public/a//b", "docs://public/?/../../private", "docs://public/a?x=../private",
            "docs://public/a#/../../private", "docs://public/?u=docs://private/a", "docs://public/\u{FF0E}\u{FF0E}/a",
            "docs://public/\u{2024}\u{2024}/a", "docs://public/%EF%BC%8E%EF%BC%8E/a", "docs://public/\u{E9}",
            "docs://public/%C3%A9", "docs://public/ ", "docs://public/%20", " docs://public/a", "docs://public/%00",
            "docs://public/%0a..%0a", "docs://public", "docs://public/", "docs://publicx/a", "docs://xpublic/a",
            "docs://PUBLIC/a", "DOCS://public/a", "docs://public:80/a", "docs://u@public/a", "docs://public@private/a",
            "docs://public./a", "docs://public%2e/a", "docs://%70ublic/a", "docs:public/a", "docs:/public/a",
            "docs:///public/a", "docs:////public/a", "url:docs://public/a", "docs://private/docs://public/a",
            "docs://private/../public/a", "docs://private/%2e%2e/%2e%2e/public/a", "public/a", "/public/a",
            "//public/a",
            "a", "", "file:///public/../etc/passwd", "file:///public/..%2fetc%2fpasswd", "file:///public/a/b",
            "file:///public/%2e%2e", "file:///public/", "file:///PUBLIC/a", "file://public/a", "file:/public/a",
            "file://localhost/public/a", "file:///public/c:/a", "file:///c|/public/a", "file:////public/a",
            "https://docs.example/public/../x", "https://docs.example:8443/public/a", "https://docs.example@x/public/a",
            "https://u@docs.example/public/a", "https:docs.example/public/a", "https:/docs.example/public/a",
            "https:///docs.example/public/a", "http://docs.example/public/a", "https://docs.example./public/a",
            "https://docs.example\\\\@x/public/a", "https://docs.example/public/a/b",
            "docs://public/{a}/../b",
        ])
    func closedURI(uri: String) async throws {
        expectClosed(
            try await GuardExchange(fixture().server, fields: [Self.json], body: Self.read(uri)), "\(uri.prefix(80))")
    }

    struct Head: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var method = HTTPMethod.post
        var target = "/mcp"
        var fields = [json]
    }

    @Test(
        "An open body opens nothing but a POST of JSON to the MCP endpoint",
        arguments: [
            Head(testDescription: "a GET", method: .get), Head(testDescription: "a DELETE", method: .delete),
            Head(testDescription: "a HEAD", method: .head), Head(testDescription: "a PUT", method: .put),
            // Behind another path may be a handler that takes the body for something else.
            Head(testDescription: "another path", target: "/admin/delete"),
            Head(testDescription: "below the endpoint", target: "/mcp/admin"),
            Head(testDescription: "above the endpoint", target: "/"),
            Head(testDescription: "a slash more", target: "/mcp/"),
            Head(testDescription: "two slashes", target: "//mcp"),
            Head(testDescription: "another case", target: "/MCP"), Head(testDescription: "an escape", target: "/%6Dcp"),
            Head(testDescription: "a dot segment", target: "/mcp/../mcp"),
            Head(testDescription: "a parameter", target: "/mcp;x"),
            Head(testDescription: "no type", fields: []),
            Head(testDescription: "a form", fields: [("Content-Type", "application/x-www-form-urlencoded")]),
            Head(testDescription: "text", fields: [("Content-Type", "text/plain")]),
            Head(testDescription: "another charset", fields: [("Content-Type", "application/json; charset=utf-16")]),
            Head(testDescription: "UTF-7", fields: [("Content-Type", "application/json; charset=utf-7")]),
            Head(testDescription: "two parameters", fields: [("Content-Type", "application/json; a=b; charset=utf-7")]),
            Head(testDescription: "two types", fields: [json, ("Content-Type", "text/plain")]),
            Head(testDescription: "two types in a line", fields: [("Content-Type", "application/json, text/plain")]),
            Head(testDescription: "compressed", fields: [json, ("Content-Encoding", "gzip")]),
            Head(testDescription: "another Mcp-Method", fields: [json, ("Mcp-Method", "tools/list")]),
            Head(testDescription: "another Mcp-Name", fields: [json, ("Mcp-Name", "secret")]),
        ])
    func closedHead(_ head: Head) async throws {
        let exchange = try await GuardExchange(
            fixture().server, head.method, head.target, fields: head.fields, body: Self.tool("ping"))
        #expect(exchange.served == nil)
        #expect(exchange.response.status == .unauthorized)
        #expect(exchange.response.text(.wwwAuthenticate) == Self.missing)
    }

    @Test("Mcp-Method and Mcp-Name that agree do not close an open operation")
    func mirroredFields() async throws {
        let exchange = try await GuardExchange(
            fixture().server, fields: [Self.json, ("Mcp-Method", "tools/call"), ("Mcp-Name", "ping")],
            body: Self.tool("ping"))
        #expect(exchange.served == "<anonymous>")
    }

    @Test("Without the body the guard opens nothing")
    func withheldBody() async throws {
        let refused = try await fixture().refusal(fields: [(.contentType, "application/json")])
        #expect(refused?.status == .unauthorized)
    }

    @Test("A body without a token is read up to 64 KiB; a longer one is not open")
    func longBody() async throws {
        func body(_ size: Int) -> String {
            let frame = Self.call("tools/call", #"{"name":"ping","x":""}"#)
            return Self.call(
                "tools/call", #"{"name":"ping","x":"\#(String(repeating: "x", count: size - frame.utf8.count))"}"#)
        }
        let fixture = try fixture()
        let fits = try await GuardExchange(fixture.server, fields: [Self.json], body: body(65_536))
        #expect(fits.served == "<anonymous>")
        expectClosed(try await GuardExchange(fixture.server, fields: [Self.json], body: body(65_537)), "too long")
    }

    @Test("Too many texts to compare: nothing is open")
    func manyTexts() async throws {
        let name = "pub_" + String(repeating: "a", count: 2_000)
        let few = "[" + Array(repeating: Self.tool(name), count: 10).joined(separator: ",") + "]"
        let many = "[" + Array(repeating: Self.tool(name), count: 20).joined(separator: ",") + "]"
        let fixture = try fixture()
        #expect(try await GuardExchange(fixture.server, fields: [Self.json], body: few).served == "<anonymous>")
        expectClosed(try await GuardExchange(fixture.server, fields: [Self.json], body: many), "too many")
    }

    @Test("The handler reads the whole body of an open operation, and of one that was not open")
    func bodyStays() async throws {
        let handler = try fixture { $0.mode = .shadow }.server.protecting { request, _ in
            .text(String(decoding: try await request.body.collect(upTo: 1_000), as: UTF8.self))
        }
        for body in [Self.tool("ping"), Self.tool("secret"), "junk"] {
            var request = HTTPRequest(method: .post, target: "/mcp")
            request.fields.append(.contentType, "application/json")
            request.body = HTTPRequest.Body(Array(body.utf8))
            #expect(try await handler.respond(to: request).bodyText == body)
        }
    }

    @Test("Scopes of a route are required in any case")
    func routeScopes() async throws {
        let fixture = try fixture { $0.requirements.routeScopes = [RouteScopeRule("/mcp", requires: "route")] }
        let exchange = try await GuardExchange(fixture.server, fields: [Self.json], body: Self.tool("ping"))
        #expect(exchange.response.status == .unauthorized)
        let noScopes = GuardFixture.issuer.token { $0.claims["scope"] = nil }
        let lacking = try await GuardExchange(
            fixture.server, token: noScopes, fields: [Self.json], body: Self.tool("ping"))
        #expect(lacking.response.status == .forbidden)
        #expect(lacking.response.text(.wwwAuthenticate)?.contains(#"scope="route","#) == true)
    }

    @Test("Exemptions count at the configured endpoints instead of the resource's path")
    func endpoints() async throws {
        var rules = Self.rules
        rules.endpointPaths = ["/v1/mcp"]
        let fixture = try fixture(rules)
        func served(_ path: String) async throws -> String? {
            try await GuardExchange(fixture.server, .post, path, fields: [Self.json], body: Self.tool("ping")).served
        }
        #expect(try await served("/v1/mcp") == "<anonymous>")
        #expect(try await served("/mcp") == nil)
    }

    // MARK: With a token

    @Test(
        "A token that is sent must be good, also for an open operation",
        arguments: ["Bearer bad", "Bearer", "Bearer a b", "Basic dTpw", "", "bearer"])
    func badToken(authorization: String) async throws {
        let exchange = try await GuardExchange(
            fixture().server, fields: [Self.json, ("Authorization", authorization)], body: Self.tool("ping"))
        #expect(exchange.served == nil)
        #expect(exchange.response.status == .unauthorized)
    }

    @Test("Two credentials, and one in the query beside one in the header, are 400")
    func twoTokens() async throws {
        let fields = [Self.json, ("Authorization", "Bearer a"), ("Authorization", "Bearer a")]
        let twice = try await GuardExchange(fixture().server, fields: fields, body: Self.tool("ping"))
        #expect(twice.response.status == .badRequest)
        let query = try await GuardExchange(
            fixture().server, .post, "/mcp?access_token=x", token: GuardFixture.issuer.token(), fields: [Self.json],
            body: Self.tool("ping"))
        #expect(query.response.status == .badRequest)
    }

    @Test(
        "A good token without scopes suffices for what needs no scope, and for nothing else",
        arguments: [
            (tool("ping"), nil), (tool("whoami"), nil), (tool("pub_members"), nil),
            ("[" + tool("ping") + "," + tool("whoami") + "]", nil), (call("tools/list"), nil),
            (read("docs://public/a"), nil), (tool("echo"), "mcp:use"), (tool("Whoami"), "mcp:use"),
            ("[" + tool("whoami") + "," + tool("echo") + "]", "mcp:use"), (tool("delete_a"), "files:write mcp:use"),
            (tool("pub_secret"), "mcp:use secret"), (read("docs://public/%2e%2e/a"), "mcp:use"),
            ("[" + tool("whoami") + "," + tool("delete_a") + "]", "files:write mcp:use"), (call("ping"), "mcp:use"),
            ("[" + tool("whoami") + #",{"jsonrpc":"2.0","id":1,"result":{}}]"#, "mcp:use"),
        ] as [(String, String?)])
    func withoutScopes(body: String, asked: String?) async throws {
        let token = GuardFixture.issuer.token { $0.claims["scope"] = nil }
        let exchange = try await GuardExchange(fixture().server, token: token, fields: [Self.json], body: body)
        guard let asked else {
            #expect(exchange.served == "test-user")
            return
        }
        #expect(exchange.response.status == .forbidden)
        #expect(exchange.response.text(.wwwAuthenticate)?.contains(#"scope="\#(asked)","#) == true)
    }

    @Test("A token without scopes may not use the exemption at another path")
    func withoutScopesElsewhere() async throws {
        let token = GuardFixture.issuer.token { $0.claims["scope"] = nil }
        let exchange = try await GuardExchange(
            fixture().server, .post, "/admin", token: token, fields: [Self.json], body: Self.tool("whoami"))
        #expect(exchange.response.status == .forbidden)
    }

    @Test("On an optional route, an operation that needs a token needs it there too")
    func optionalRoute() async throws {
        let fixture = try fixture { $0.requirements.routes = [RouteRule("/mcp", .optional)] }
        for (body, isServed) in [
            (Self.tool("ping"), true), (Self.tool("echo"), true), (Self.tool("whoami"), false),
            (Self.tool("delete_a"), false), ("[" + Self.tool("echo") + "," + Self.tool("whoami") + "]", false),
        ] {
            let exchange = try await GuardExchange(fixture.server, fields: [Self.json], body: body)
            #expect(exchange.served == (isServed ? "<anonymous>" : nil), "\(body)")
            if !isServed { #expect(exchange.response.status == .unauthorized) }
        }
    }

    // MARK: Sessions

    @Test("POLICY §11: a session belongs to who began it, with a token or without")
    func sessions() async throws {
        let fixture = try fixture()
        var begun = HTTPResponse(status: .ok)
        begun.fields[.mcpSessionID] = "s-1"
        func send(_ body: String, _ token: String?, _ session: String? = nil) async throws -> HTTPResponse {
            let fields = [Self.json] + (session.map { [("Mcp-Session-Id", $0)] } ?? [])
            return try await GuardExchange(
                fixture.server, token: token, fields: fields, body: body, answer: session == nil ? begun : .text("ok")
            ).response
        }
        let token = GuardFixture.issuer.token()
        let anonymous = try #require(try await send(Self.call("initialize"), nil).text(.mcpSessionID))
        let owned = try #require(try await send(Self.call("initialize"), token).text(.mcpSessionID))
        #expect(try await send(Self.tool("ping"), nil, anonymous).status == .ok)
        #expect(try await send(Self.tool("ping"), token, owned).status == .ok)
        #expect(try await send(Self.tool("ping"), nil, owned).status == .notFound)
        #expect(try await send(Self.tool("ping"), token, anonymous).status == .notFound)
        #expect(try await send(Self.tool("ping"), nil, "s-1").status == .notFound)
        #expect(try await send(Self.tool("secret"), nil, anonymous).status == .unauthorized)
    }

    // MARK: Configuration

    @Test(
        "An exemption that covers more than it says, or nothing, is a fault",
        arguments: [
            ([.method("**", requires: .nothing)], "[0] covers tools/call by a *; name each method that needs less"),
            (
                [.method("tools/*", requires: .anyToken)],
                "[0] covers tools/call by a *; name each method that needs less"
            ),
            (
                [.method("resources/*", requires: .nothing)],
                "[0] covers resources/read by a *; name each method that needs less"
            ),
            (
                [.method("tools/*", name: "ping", requires: .nothing)],
                "[0] has a * in its method, which could be one that ignores the name or URI; name the method"
            ),
            (
                [.method("x/*", uri: "docs://public/**", requires: .anyToken)],
                "[0] has a * in its method, which could be one that ignores the name or URI; name the method"
            ),
            (
                [.resource("**", requires: .nothing)],
                "[0] has a pattern that does not begin with a scheme and ://; write it like docs://public/**"
            ),
            (
                [.resource("docs:public/**", requires: .nothing)],
                "[0] has a pattern that does not begin with a scheme and ://; write it like docs://public/**"
            ),
            (
                [.resource("*://public/**", requires: .nothing)],
                "[0] has a pattern that does not begin with a scheme and ://; write it like docs://public/**"
            ),
            (
                [.tool("caf\u{E9}", requires: .nothing)],
                "[0] has characters beyond ASCII, whose spellings readers treat as equal; "
                    + "use scopes instead of an exemption"
            ),
            (
                [.tool("*", requires: "a"), .tool("ping", requires: .nothing)],
                "[1] has no effect, because requirements.operations[0] requires more for the same; remove one of them"
            ),
            (
                [.tool("ping", requires: .nothing), .tool("p*", requires: .anyToken)],
                "[0] has no effect, because requirements.operations[1] requires more for the same; remove one of them"
            ),
            (
                [.resource("docs://public/a", requires: .anyToken), .resource("docs://**", requires: "a")],
                "[0] has no effect, because requirements.operations[1] requires more for the same; remove one of them"
            ),
            (
                [.tool("", requires: .nothing)],
                "[0] has a pattern that is empty or longer than 512 bytes; correct it"
            ),
            ([.tool("ping", requires: ScopeRequirement.none)], "[0] requires no scope; write .anyToken, or remove it"),
        ] as [([MCPScopeRules.Rule], String)])
    func fault(rules: [MCPScopeRules.Rule], line: String) {
        let error = #expect(throws: ConfigurationError.self) { try fixture(MCPScopeRules(rules)) }
        #expect(error?.lines == ["requirements.operations\(line)"])
    }

    @Test("An endpoint path begins with a slash")
    func faultyEndpoint() {
        var rules = Self.rules
        rules.endpointPaths = ["/mcp", "mcp"]
        let error = #expect(throws: ConfigurationError.self) { try fixture(rules) }
        #expect(
            error?.lines == [
                "requirements.operations.endpointPaths[1] does not begin with /; write it as requests do"
            ])
    }

    @Test("An endpoint path is one that a request can have, and the rules apply to it")
    func uselessEndpoint() {
        var rules = Self.rules
        rules.otherPaths = ["/upload"]
        rules.endpointPaths = ["/mcp?a", "/mcp", "/mcp#a", "/upload"]
        let error = #expect(throws: ConfigurationError.self) { try fixture(rules) }
        #expect(
            error?.lines == [
                "requirements.operations.endpointPaths[0] has a query or fragment; name the path alone",
                "requirements.operations.endpointPaths[2] has a query or fragment; name the path alone",
                "requirements.operations.endpointPaths[3] is in otherPaths too; remove it from one of them",
            ])
        rules.endpointPaths = []
        let empty = #expect(throws: ConfigurationError.self) { try fixture(rules) }
        #expect(
            empty?.lines == [
                "requirements.operations.endpointPaths is empty, so that no exemption counts; name the MCP endpoint"
            ])
    }

    @Test("Exemptions advertise no scope")
    func advertised() throws {
        let fixture = try fixture([.tool("ping", requires: .nothing), .method("tools/list", requires: .anyToken)])
        #expect(fixture.server.metadata.scopesSupported.description == "mcp:use")
    }
}
