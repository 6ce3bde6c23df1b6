import HTTPMessages
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@Suite("Scopes of MCP operations", .serialized)
struct OperationScopeTests {
    static let rules: MCPScopeRules = [
        .tool("delete_*", requires: "files:write"),
        .tool("share", requires: ScopeRequirement.any(of: [["files:share"], ["files:admin"]]).and("files:read")),
        .prompt("review", requires: "review"),
        .resource("file:///private/**", requires: ["files:read", "files:private"]),
        .method("tools/list", requires: "tools:list"),
        .method("admin/**", requires: "admin"),
    ]

    private func fixture(
        _ rules: MCPScopeRules = Self.rules, configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws -> GuardFixture {
        try GuardFixture {
            $0.requirements.operations = rules
            $0.requirements.implications = ["files:admin": ["files:write"], "files:write": ["files:read"]]
            configure(&$0)
        }
    }

    private func token(_ scopes: String) -> String {
        GuardFixture.issuer.token { $0.claims["scope"] = .string(scopes) }
    }

    private func call(_ method: String, _ params: String = "{}") -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#
    }

    private func challenge(_ scopes: String) -> String {
        #"Bearer error="insufficient_scope", "#
            + #"error_description="The operation needs scopes that the access token does not carry.", "#
            + #"scope="\#(scopes)", "# + GuardFixture.challengeTail
    }

    // MARK: Decisions

    struct Row: Sendable {
        var method: String
        var params: String = "{}"
        var granted: String
        /// The scopes that the challenge names; nil if the request proceeds.
        var asked: String?
    }

    @Test(
        "POLICY §11: the body decides, and a shortfall is a 403 that names all scopes of the operation",
        arguments: [
            Row(
                method: "tools/call", params: #"{"name":"delete_file"}"#, granted: "mcp:use",
                asked: "files:write mcp:use"),
            Row(method: "tools/call", params: #"{"name":"delete_file"}"#, granted: "", asked: "files:write mcp:use"),
            Row(
                method: "tools/call", params: #"{"name":"delete_file"}"#, granted: "files:write",
                asked: "files:write mcp:use"),
            Row(
                method: "tools/call", params: #"{"name":"delete_a/b"}"#, granted: "mcp:use",
                asked: "files:write mcp:use"),
            Row(method: "tools/call", params: #"{"name":"delete_file"}"#, granted: "mcp:use files:write"),
            Row(method: "tools/call", params: #"{"name":"delete_file"}"#, granted: "mcp:use files:admin"),
            // A name with JSON escapes is the same name.
            Row(
                method: "tools\\/call", params: #"{"n\u0061me":"delet\u0065_file"}"#, granted: "mcp:use",
                asked: "files:write mcp:use"),
            Row(method: "tools/call", params: #"{"name":"Delete_file"}"#, granted: "mcp:use"),
            Row(method: "tools/call", params: #"{"name":"undelete_file"}"#, granted: "mcp:use"),
            Row(
                method: "tools/call", params: #"{"arguments":{"name":"delete_file"},"name":"list"}"#, granted: "mcp:use"
            ),
            Row(method: "tools/call", granted: "mcp:use"),
            Row(method: "prompts/get", params: #"{"name":"delete_file"}"#, granted: "mcp:use"),
            Row(method: "prompts/get", params: #"{"name":"review"}"#, granted: "mcp:use", asked: "mcp:use review"),
            // Asking for files:share would not include files:read; files:admin includes it.
            Row(
                method: "tools/call", params: #"{"name":"share"}"#, granted: "mcp:use",
                asked: "files:read files:share mcp:use"),
            Row(
                method: "tools/call", params: #"{"name":"share"}"#, granted: "mcp:use files:share",
                asked: "files:read files:share mcp:use"),
            Row(method: "tools/call", params: #"{"name":"share"}"#, granted: "mcp:use files:share files:write"),
            Row(method: "tools/call", params: #"{"name":"share"}"#, granted: "mcp:use files:admin"),
            Row(
                method: "resources/read", params: #"{"uri":"file:///private/key"}"#, granted: "mcp:use files:write",
                asked: "files:private files:read mcp:use"),
            Row(
                method: "resources/subscribe", params: #"{"uri":"file:///x/%2e%2e/private/key"}"#, granted: "mcp:use",
                asked: "files:private files:read mcp:use"),
            Row(method: "resources/read", params: #"{"uri":"file:///public/key"}"#, granted: "mcp:use"),
            Row(method: "tools/list", granted: "mcp:use", asked: "mcp:use tools:list"),
            Row(method: "admin/users/list", granted: "mcp:use", asked: "admin mcp:use"),
            Row(method: "ping", granted: "mcp:use"),
            Row(method: "ping", granted: "", asked: "mcp:use"),
        ])
    func decisions(row: Row) async throws {
        let fixture = try fixture()
        let exchange = try await GuardExchange(
            fixture.server, token: token(row.granted), body: call(row.method, row.params))
        if let asked = row.asked {
            #expect(exchange.response.status == .forbidden)
            #expect(exchange.response.text(.wwwAuthenticate) == challenge(asked))
            #expect(exchange.response.text(.cacheControl) == "no-store")
            #expect(fixture.log.denials == ["insufficient_scope", "insufficient_scope"])
        } else {
            #expect(exchange.served != nil)
            #expect(fixture.log.denials == [])
        }
    }

    @Test(
        "MCP 2026-07-28: who subscribes to resources by list needs what each of them needs",
        arguments: [
            (#"{"notifications":{"resourceSubscriptions":["file:///public/a","FILE:///private/%61"]}}"#, 403),
            (#"{"notifications":{"resourceSubscriptions":["private/a"]}}"#, 403),
            (#"{"notifications":{"resourceSubscriptions":["file:///public/a"],"toolsListChanged":true}}"#, 200),
            (#"{"notifications":{"resourceSubscriptions":[]}}"#, 200),
            (#"{"notifications":{"resourceSubscriptions":null}}"#, 200), (#"{"notifications":null}"#, 200),
            ("{}", 200), (#"{"notifications":{"resourceSubscriptions":"file:///private/a"}}"#, 400),
            (#"{"notifications":{"resourceSubscriptions":[7]}}"#, 400),
            (#"{"notifications":{"resourceSubscriptions":[["file:///private/a"]]}}"#, 400),
            (#"{"notifications":{"ResourceSubscriptions":["file:///private/a"]}}"#, 400),
            (#"{"Notifications":{"resourceSubscriptions":["file:///private/a"]}}"#, 400),
            (#"{"notifications":["file:///private/a"]}"#, 400),
        ])
    func subscriptionsByList(params: String, status: Int) async throws {
        let server = try fixture().server
        let body = call("subscriptions/listen", params)
        let exchange = try await GuardExchange(
            server, token: token("mcp:use"), fields: [("Mcp-Method", "subscriptions/listen")], body: body)
        #expect(exchange.response.status.code == status)
        #expect((exchange.served != nil) == (status == 200))
        if status == 403 {
            #expect(exchange.response.text(.wwwAuthenticate) == challenge("files:private files:read mcp:use"))
            let all = try await GuardExchange(
                server, token: token("mcp:use files:read files:private"), body: body)
            #expect(all.served != nil)
        }
    }

    @Test("A thousand subscriptions by list are read, one more is refused")
    func manySubscriptions() async throws {
        let server = try fixture().server
        for (count, isServed) in [(1_000, true), (1_001, false)] {
            let list = Array(repeating: #""a:b""#, count: count).joined(separator: ",")
            let body = call("subscriptions/listen", #"{"notifications":{"resourceSubscriptions":[\#(list)]}}"#)
            let exchange = try await GuardExchange(server, token: token("mcp:use"), body: body)
            #expect((exchange.served != nil) == isServed)
        }
    }

    @Test("A completion after a thousand subscriptions is refused like one more subscription")
    func completionAfterSubscriptions() async throws {
        let server = try fixture().server
        for (count, isServed) in [(999, true), (1_000, false)] {
            let list = Array(repeating: #""a:b""#, count: count).joined(separator: ",")
            let listen = call("subscriptions/listen", #"{"notifications":{"resourceSubscriptions":[\#(list)]}}"#)
            let completion = call("completion/complete", #"{"ref":{"type":"ref/prompt","name":"a"}}"#)
            let exchange = try await GuardExchange(server, token: token("mcp:use"), body: "[\(listen),\(completion)]")
            #expect((exchange.served != nil) == isServed)
            if !isServed { #expect(exchange.response.status == .badRequest) }
        }
    }

    @Test(
        "A name that String takes for another one is refused, by whatever rule",
        arguments: [
            ("tools/call", "revoke\u{212A}ey"), ("tools/call", #"revoke\u212aey"#), ("tools/call", "a\u{37E}b"),
            ("tools/call", "a\u{1FEF}b"), ("chec\u{212A}/x", "x"),
        ])
    func disguisedNames(method: String, name: String) async throws {
        // This is the danger: a handler that compares names with == treats these as equal.
        #expect("revoke\u{212A}ey" == "revokeKey")
        let server = try fixture([.tool("revokeKey", requires: "keys")]).server
        let exchange = try await GuardExchange(
            server, token: token("mcp:use"), body: call(method, #"{"name":"\#(name)"}"#))
        #expect(exchange.served == nil)
        #expect(exchange.response.status == .badRequest)
        // Names in other scripts are allowed.
        let other = try await GuardExchange(
            server, token: token("mcp:use"), body: call("tools/call", #"{"name":"löschen"}"#))
        #expect(other.served != nil)
    }

    @Test("A batch needs what its messages need together; without id a message is an operation all the same")
    func batches() async throws {
        let server = try fixture().server
        let batch =
            "[" + call("tools/call", #"{"name":"delete_x"}"#) + "," + call("ping") + ","
            + #"{"jsonrpc":"2.0","method":"prompts/get","params":{"name":"review"}},{"jsonrpc":"2.0","id":7,"result":{}}]"#
        for (granted, isServed) in [("mcp:use", false), ("mcp:use files:write", false), ("mcp:use review", false)]
            + [("mcp:use files:write review", true)]
        {
            let exchange = try await GuardExchange(server, token: token(granted), body: batch)
            #expect((exchange.served != nil) == isServed)
            if !isServed {
                #expect(exchange.response.text(.wwwAuthenticate) == challenge("files:write mcp:use review"))
            }
        }
        let notification = #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"delete_x"}}"#
        let exchange = try await GuardExchange(server, token: token("mcp:use"), body: notification)
        #expect(exchange.response.status == .forbidden)
    }

    @Test(
        "Notifications, responses and empty bodies need the scopes of every request only",
        arguments: [
            (HTTPMethod.post, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
            (.post, #"{"jsonrpc":"2.0","id":1,"result":{"name":"delete_x"}}"#),
            (.post, #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"#),
            (.post, ""), (.get, ""), (.delete, ""),
        ])
    func base(method: HTTPMethod, body: String) async throws {
        let server = try fixture().server
        #expect(try await GuardExchange(server, method, token: token("mcp:use"), body: body).served != nil)
        let lacking = try await GuardExchange(server, method, token: token("review"), body: body)
        #expect(lacking.response.text(.wwwAuthenticate) == challenge("mcp:use"))
    }

    @Test("The bytes decide, whatever method and content type say", arguments: [HTTPMethod.get, .delete, .put, .post])
    func bytesDecide(method: HTTPMethod) async throws {
        let body = call("tools/call", #"{"name":"delete_x"}"#)
        for type in [
            "text/plain", "application/xml", "application/json; charset=utf-16", "multipart/form-data; boundary=x",
        ] {
            let exchange = try await GuardExchange(
                fixture().server, method, token: token("mcp:use"), fields: [("Content-Type", type)], body: body)
            #expect(exchange.response.status == .forbidden)
        }
    }

    @Test("Without a token the body is not read: the 401 names what every request needs")
    func withoutToken() async throws {
        let reads = Mutex(0)
        let handler = try fixture().server.protecting { _, _ in .text("") }
        for authorization in [nil, "Bearer x"] as [HTTPFields.Value?] {
            var fields = HTTPFields()
            fields[.authorization] = authorization
            let body = HTTPRequest.Body { () throws(HTTPRequest.Body.ReadError) in
                reads.withLock { $0 += 1 }
                return nil
            }
            let response = try await handler.respond(
                to: HTTPRequest(
                    method: .post, target: "/mcp", fields: fields, body: body))
            #expect(response.status == .unauthorized)
            #expect(try response.challenges.bearer.first?.scope?.description == "mcp:use")
        }
        #expect(reads.withLock { $0 } == 0)
    }

    // MARK: Bodies

    private static let nested = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)

    @Test(
        "What no two handlers read alike is refused where rules decide",
        arguments: [
            ("hello", "body_not_json"), ("{", "body_not_json"), ("{} {}", "body_not_json"), (" ", "body_not_json"),
            ("\u{FEFF}{}", "body_not_json"), ("a=b", "body_not_json"), (nested, "body_not_json"),
            (#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#, "body_not_json"),
            (#"{"jsonrpc":"2.0","id":1,"method":"ping","m\u0065thod":"tools/call"}"#, "body_not_json"),
            (#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"name":"x","name":"delete_x"}}"#, "body_not_json"),
            (#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"arguments":{"a":1,"a":2}}}"#, "body_not_json"),
            (#"{"jsonrpc":"2.0","method":"\ud800"}"#, "body_not_json"),
            ("1", "body_not_json_rpc"), ("null", "body_not_json_rpc"), ("\"ping\"", "body_not_json_rpc"),
            ("{}", "body_not_json_rpc"), ("[]", "body_not_json_rpc"), ("[1]", "body_not_json_rpc"),
            (#"[[{"jsonrpc":"2.0","id":1,"method":"ping"}]]"#, "body_not_json_rpc"),
            (#"{"id":1,"method":"ping"}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":null}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":["tools/call"]}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":7,"result":{}}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":["delete_x"]}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["delete_x"]}}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":{}}}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"METHOD":"tools/call"}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":"a","Params":{"name":"delete_x"}}"#, "body_not_json_rpc"),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","Name":"delete_x"}}"#,
                "body_not_json_rpc"
            ),
            (#"{"jsonrpc":"2.0","id":1,"method":"tools/call\u0000"}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x\u0000delete"}}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"uri":"file:\/\/\/a\u000a"}}"#, "body_not_json_rpc"),
            (#"{"jsonrpc":"2.0","id":1,"method":"a\u007f"}"#, "body_not_json_rpc"),
            (#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0"}]"#, "body_not_json_rpc"),
        ])
    func refusedBodies(body: String, code: String) async throws {
        let fixture = try fixture()
        let exchange = try await GuardExchange(fixture.server, token: token("mcp:use files:admin"), body: body)
        #expect(exchange.response.status == .badRequest)
        #expect(fixture.log.denials == [code, code])
        #expect(
            exchange.response.bodyText
                == #"{"error":"invalid_request","error_description":"The body is not one plain JSON-RPC message or batch."}"#
        )
        #expect(try exchange.response.challenges.bearer.first?.error == "invalid_request")
        // A caller without access gets that refusal first. Without rules, the handler reads the body.
        let stranger = try await GuardExchange(fixture.server, token: token("review"), body: body)
        #expect(stranger.response.text(.wwwAuthenticate) == challenge("mcp:use"))
        #expect(try await GuardExchange(GuardFixture().server, token: token("mcp:use"), body: body).served != nil)
        let elsewhere = try self.fixture { $0.requirements.operations.otherPaths = ["/upload"] }.server
        #expect(try await GuardExchange(elsewhere, .post, "/upload", token: token("mcp:use"), body: body).served != nil)
        #expect(
            try await GuardExchange(elsewhere, .post, "/upload/", token: token("mcp:use"), body: body).served == nil)
    }

    @Test("Bytes that are not UTF-8 are refused")
    func invalidUTF8() async throws {
        let fixture = try fixture()
        for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80]] {
            let body = Array(#"{"jsonrpc":"2.0","method":"a"#.utf8) + bytes + Array(#""}"#.utf8)
            #expect(try await fixture.refusal("Bearer " + token("mcp:use"), body: body)?.status == .badRequest)
        }
        #expect(fixture.log.denials == Array(repeating: "body_not_json", count: 3))
    }

    @Test("Limits: at and one past")
    func limits() async throws {
        let server = try fixture { $0.requirements.operations.maximumBodyBytes = 16_384 }.server
        func status(_ body: String) async throws -> HTTPStatus? {
            try await GuardExchange(server, token: token("mcp:use"), body: body).response.status
        }
        let ping = call("ping")
        #expect(try await status("[" + Array(repeating: "1", count: 1_000).joined(separator: ",") + "]") == .badRequest)
        let names = [2_048: HTTPStatus.ok, 2_049: .badRequest]
        for (count, wanted) in names {
            let name = String(repeating: "n", count: count)
            #expect(try await status(call(name)) == wanted)
            #expect(try await status(call("tools/call", #"{"name":"\#(name)"}"#)) == wanted)
            #expect(try await status(call("a", #"{"uri":"x:\#(name.dropFirst(2))"}"#)) == wanted)
        }
        let depths = [61: HTTPStatus.ok, 62: .badRequest]
        for (depth, wanted) in depths {
            let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(try await status(call("a", #"{"b":[\#(deep)]}"#)) == wanted, "\(depth)")
        }
        let large = try fixture { $0.requirements.operations.maximumBodyBytes = 16_777_216 }.server
        let sizes = [100: HTTPStatus.ok, 101: .badRequest, 10_000: .badRequest]
        for (count, wanted) in sizes {
            let batch = "[" + Array(repeating: ping, count: count).joined(separator: ",") + "]"
            #expect(
                try await GuardExchange(large, token: token("mcp:use"), body: batch).response.status == wanted,
                "\(count)")
        }
    }

    @Test("A body beyond the limit is 413, in one piece and in many, and is read no further")
    func tooLarge() async throws {
        let server = try fixture { $0.requirements.operations.maximumBodyBytes = 1_024 }.server
        let padding = 1_024 - call("ping", #"{"x":""}"#).utf8.count
        for (extra, isServed) in [(0, true), (1, false)] {
            let body = Array(call("ping", #"{"x":"\#(String(repeating: "x", count: padding + extra))"}"#).utf8)
            let target: HTTPRequest.Target = "/mcp"
            var fields = HTTPFields()
            fields[.authorization] = HTTPFields.Value("Bearer " + token("mcp:use"))
            let decision = await server.decide(method: .post, target: target, fields: fields, body: body)
            switch decision {
            case .proceed: #expect(isServed)
            case .respond(let response): #expect(!isServed && response.status == .contentTooLarge)
            }
            let handler = server.protecting { request, _ in
                let whole = try await request.body.collect(upTo: 2_000)
                #expect(whole == body)
                return .text("handled")
            }
            let rest = Mutex(body + Array(repeating: 0x20, count: isServed ? 0 : 9_000))
            let reads = Mutex(0)
            let stream = HTTPRequest.Body { () throws(HTTPRequest.Body.ReadError) in
                reads.withLock { $0 += 1 }
                return rest.withLock { rest in
                    guard !rest.isEmpty else { return nil }
                    defer { rest.removeFirst(min(100, rest.count)) }
                    return Array(rest.prefix(100))
                }
            }
            let request = HTTPRequest(method: .post, target: target, fields: fields, body: stream)
            if isServed {
                #expect(try await handler.respond(to: request).bodyText == "handled")
            } else {
                let refused = try await handler.respond(to: request)
                #expect(refused.status == .contentTooLarge)
                #expect(refused.text(.cacheControl) == "no-store")
                #expect(reads.withLock { $0 } == 11)
            }
        }
    }

    @Test("A compressed body is refused", arguments: ["gzip", "br", "identity, gzip", "x", "GZIP"])
    func compressed(encoding: String) async throws {
        let fixture = try fixture()
        let exchange = try await GuardExchange(
            fixture.server, token: token("mcp:use"), fields: [("Content-Encoding", encoding)], body: call("ping"))
        #expect(exchange.response.status == .badRequest)
        #expect(fixture.log.denials == ["body_encoded", "body_encoded"])
        #expect(
            try await GuardExchange(
                fixture.server, token: token("mcp:use"), fields: [("Content-Encoding", "Identity")], body: call("ping")
            ).served != nil)
    }

    @Test("A body that a framework kept is not taken for none: 503, and the operator learns why")
    func withheld() async throws {
        let fixture = try fixture()
        let authorization = "Bearer " + token("mcp:use files:admin review")
        #expect(try await fixture.refusal(authorization)?.status == .serviceUnavailable)
        #expect(
            try await fixture.refusal(authorization, method: .get, fields: [(.contentLength, "3")])?.status
                == .serviceUnavailable)
        #expect(
            try await fixture.refusal(authorization, method: .get, fields: [(.transferEncoding, "chunked")])?.status
                == .serviceUnavailable)
        // In HTTP/2, no field announces the content of a request.
        for method: HTTPMethod in [.get, .head, .delete, .options] {
            #expect(
                try await fixture.refusal(authorization, method: method, fields: [(.contentLength, "0")])?.status
                    == .serviceUnavailable)
            #expect(try await fixture.refusal(authorization, method: method)?.status == .serviceUnavailable)
        }
        #expect(fixture.log.denials == Array(repeating: "body_withheld", count: 11))
        for method: HTTPMethod in [.get, .head, .delete, .options, .post] {
            #expect(try await fixture.refusal(authorization, method: method, body: []) == nil)
        }
    }

    @Test("Shadow mode lets everything through, whole, and says what it would have done")
    func shadow() async throws {
        let fixture = try fixture {
            $0.mode = .shadow
            $0.requirements.operations.maximumBodyBytes = 1_024
        }
        for body in [call("tools/call", #"{"name":"delete_x"}"#), "junk", String(repeating: "x", count: 5_000)] {
            #expect(try await GuardExchange(fixture.server, token: token("mcp:use"), body: body).served != nil)
        }
    }

    // MARK: Anonymous callers

    @Test("Where a token is optional, an operation that needs scopes asks for one: 401 with all of them")
    func anonymous() async throws {
        let server = try fixture { $0.requirements.routes = [RouteRule("/mcp", .optional)] }.server
        let listed = try await GuardExchange(server, body: call("ping"))
        #expect(listed.served == "<anonymous>")
        let refused = try await GuardExchange(server, body: call("tools/call", #"{"name":"delete_x"}"#))
        #expect(refused.response.status == .unauthorized)
        #expect(
            refused.response.text(.wwwAuthenticate)
                == #"Bearer scope="files:write mcp:use", "# + GuardFixture.challengeTail)
    }

    // MARK: Bodies of refusals

    @Test("POLICY §3: the operator may choose JSON-RPC errors where the body was read; only an integer id comes back")
    func jsonRPCBodies() async throws {
        let server = try fixture { $0.responses.body = .jsonRPC }.server
        func body(_ content: String, _ token: String? = nil) async throws -> String {
            try await GuardExchange(server, token: token ?? self.token("mcp:use"), body: content).response.bodyText
        }
        let lack =
            #""error":{"code":403,"message":"The operation needs scopes that the access token does not carry."}}"#
        let listing = #""method":"tools/list"}"#
        #expect(try await body(#"{"jsonrpc":"2.0","id":7,"# + listing) == #"{"jsonrpc":"2.0","id":7,"# + lack)
        for id in [#""<script>""#, "1.5", "null", "[]", "1e400"].prefix(4) {
            #expect(
                try await body(#"{"jsonrpc":"2.0","id":\#(id),"# + listing) == #"{"jsonrpc":"2.0","id":null,"# + lack)
        }
        #expect(
            try await body("[" + #"{"jsonrpc":"2.0","id":7,"# + listing + "]") == #"{"jsonrpc":"2.0","id":null,"# + lack
        )
        let unreadable = #""message":"The body is not one plain JSON-RPC message or batch."}}"#
        #expect(try await body("junk") == #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"# + unreadable)
        #expect(try await body("{}") == #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"# + unreadable)
        // The body was not read, so the answer is not JSON-RPC.
        #expect(
            try await body("junk", "x")
                == #"{"error":"invalid_token","error_description":"\#(BearerChallenge.ErrorDescription.invalidToken.rawValue)"}"#
        )
        #expect(try await body("") == "handled")
    }
}
