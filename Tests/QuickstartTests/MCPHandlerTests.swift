import HTTPMessages
import OAuthResourceServer
import Testing
import WireFormat

@testable import mcp_quickstart

@Suite("MCP over streamable HTTP", .serialized)
struct MCPHandlerTests {
    // MARK: HTTP

    @Test("paths other than /mcp are 404 with JSON", arguments: ["/", "/mcp/", "/MCP", "/mcp/x", "/%6dcp"])
    func otherPaths(target: String) async throws {
        let exchange = try await Exchange("{}", target: target)
        #expect(exchange.status == 404)
        #expect(try exchange.json["error"]?.string == "not_found")
    }

    @Test("the endpoint stands at the path of the resource", arguments: [("", "/"), ("/", "/"), ("/a/b", "/a/b")])
    func otherEndpoint(path: String, target: String) async throws {
        let body = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        #expect(try await Exchange(body, target: target, handler: MCPHandler(path: path)).status == 200)
        #expect(try await Exchange(body, handler: MCPHandler(path: path)).status == 404)
    }

    @Test("MCP 2025-11-25, Session Management: initialize begins a session, and each later request needs it")
    func sessions() async throws {
        let handler = MCPHandler(sessions: .withoutState)
        let begin = #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#
        let first = try await Exchange(begin, handler: handler).response.fields[.mcpSessionID]?.string
        let second = try await Exchange(begin, handler: handler).response.fields[.mcpSessionID]?.string
        #expect(first != nil && second != nil && first != second)
        #expect(try await Exchange(begin).response.fields[.mcpSessionID] == nil)
        let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        #expect(try await Exchange(ping, handler: handler).status == 400)
        let fields = [("Mcp-Session-Id", try #require(first))]
        #expect(try await Exchange(ping, fields: fields, handler: handler).status == 200)
    }

    @Test("MCP 2025-11-25, Transports: a server without a stream of its own answers GET and DELETE with 405 and Allow")
    func otherMethods() async throws {
        for method in [HTTPMethod.get, .delete, .put, .head] {
            let exchange = try await Exchange("", method: method, contentType: nil)
            #expect(exchange.status == 405)
            #expect(exchange.response.fields[.allow]?.string == "POST")
        }
    }

    @Test(
        "a body that is not declared as JSON is 415",
        arguments: [
            nil, "text/plain", "application/json5", "application", "application/jsonx; a=b", "a, application/json",
        ])
    func otherContentTypes(contentType: String?) async throws {
        #expect(try await Exchange("{}", contentType: contentType).status == 415)
    }

    @Test(
        "a JSON content type in any case, with parameters, is accepted",
        arguments: ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;x"])
    func jsonContentTypes(contentType: String) async throws {
        let exchange = try await Exchange(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, contentType: contentType)
        #expect(exchange.status == 200)
    }

    @Test("a body at the limit is read; one byte more is the server's to refuse")
    func bodyLimit() async throws {
        let message = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        let padding = String(repeating: " ", count: MCPHandler.maximumBodyBytes - message.utf8.count)
        #expect(try await Exchange(padding + message).status == 200)
        await #expect(throws: HTTPRequest.Body.ReadError.tooLarge(limit: MCPHandler.maximumBodyBytes)) {
            _ = try await Exchange(padding + message + " ")
        }
    }

    // MARK: JSON-RPC

    @Test(
        "JSON-RPC 2.0 §5.1: what is not JSON is a parse error with a null id",
        arguments: ["", "{", "nul", "{\"a\":1,\"a\":2}"])
    func parseError(body: String) async throws {
        let exchange = try await Exchange(body)
        #expect(exchange.status == 400)
        #expect(try exchange.errorCode == -32700)
        #expect(try exchange.json["id"] == .null)
    }

    @Test(
        "JSON-RPC 2.0 §4: what is no message is an invalid request",
        arguments: [
            ("[]", JSONValue.null),
            ("1", .null),
            ("{}", .null),
            (#"{"id":7,"method":"ping"}"#, 7),
            (#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#, "a"),
            (#"{"jsonrpc":2.0,"id":7,"method":"ping"}"#, 7),
            (#"{"jsonrpc":"2.0","id":7,"method":1}"#, 7),
            (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, .null),
            (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, .null),
            (#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, .null),
            (#"{"jsonrpc":"2.0","id":7}"#, 7),
            (#"{"jsonrpc":"2.0","id":7,"result":{},"error":{}}"#, 7),
            (#"{"jsonrpc":"2.0","result":{}}"#, .null),
        ] as [(String, JSONValue)])
    func invalidRequest(body: String, id: JSONValue) async throws {
        let exchange = try await Exchange(body)
        #expect(exchange.status == 400)
        #expect(try exchange.errorCode == -32600)
        #expect(try exchange.json["id"] == id)
    }

    @Test("MCP 2025-03-26: a batch is answered message by message; notifications and responses need no answer")
    func batch() async throws {
        let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        let count =
            #"{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"slow_count","#
            + #""arguments":{"to":2,"interval_ms":0}}}"#
        let silent = #"{"jsonrpc":"2.0","method":"notifications/initialized"},{"jsonrpc":"2.0","id":1,"result":{}}"#
        let fields = [("Accept", "application/json, text/event-stream")]
        for fields in [fields, fields + [("MCP-Protocol-Version", "2025-03-26")]] {
            let exchange = try await Exchange("[\(ping),\(silent),\(count),[]]", fields: fields)
            #expect(exchange.status == 200)
            #expect(exchange.response.fields[.contentType]?.string == "application/json")
            let answers = try #require(try exchange.json.array)
            #expect(answers.map { $0["id"] } == [1, "c", .null])
            #expect(answers.first?["result"] == [:])
            #expect(answers.dropFirst().first?["result"]?["content"]?.array?.first?["text"] == "Counted to 2.")
            #expect(answers.last?["error"]?["code"]?.number?.int64 == -32600)
            let nothing = try await Exchange("[\(silent)]", fields: fields)
            #expect(nothing.status == 202)
            #expect(nothing.content.isEmpty)
        }
    }

    @Test("a batch of another revision, an empty one and one that is too long are invalid requests")
    func refusedBatches() async throws {
        let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        let longest = Array(repeating: ping, count: MCPHandler.maximumBatch).joined(separator: ",")
        #expect(try await Exchange("[\(longest)]").json.array?.count == MCPHandler.maximumBatch)
        for (body, fields) in [
            ("[\(longest),\(ping)]", []), ("[]", []), ("[\(ping)]", [("MCP-Protocol-Version", "2025-06-18")]),
            ("[\(ping)]", [("MCP-Protocol-Version", "2025-11-25")]),
            ("[\(ping)]", [("MCP-Protocol-Version", "2026-07-28")]),
        ] {
            let exchange = try await Exchange(body, fields: fields)
            #expect(exchange.status == 400)
            #expect(try exchange.errorCode == -32600)
            #expect(try exchange.json["id"] == .null)
        }
        let unknown = try await Exchange("[\(ping)]", fields: [("MCP-Protocol-Version", "2024-11-05")])
        #expect(try unknown.errorCode == -32022)
    }

    @Test("params that are no object are invalid params")
    func paramsArray() async throws {
        let exchange = try await Exchange(#"{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}"#)
        #expect(exchange.status == 400)
        #expect(try exchange.errorCode == -32602)
        #expect(try exchange.json["id"] == 7)
    }

    @Test("the id of the answer has the type and value of the request's", arguments: ["1", "\"1\"", "-5", "\"ä\""])
    func sameID(id: String) async throws {
        let exchange = try await Exchange.afterHandshake("ping", id: id)
        #expect(try exchange.json["id"] == JSONValue(parsing: Array(id.utf8)))
        #expect(try exchange.json["result"] == [:])
    }

    @Test("an unknown method is −32601: 200 before 2026-07-28, 404 since")
    func unknownMethod() async throws {
        let old = try await Exchange.afterHandshake("prompts/list")
        #expect(old.status == 200)
        #expect(try old.errorCode == -32601)
        for method in ["prompts/list", "ping", "initialize"] {
            let new = try await Exchange.stateless(method)
            #expect(new.status == 404)
            #expect(try new.errorCode == -32601)
        }
        #expect(try await Exchange.afterHandshake("server/discover").errorCode == -32601)
    }

    @Test("a notification is accepted with 202 and no body, whatever it is")
    func notifications() async throws {
        for method in ["notifications/initialized", "notifications/cancelled", "whatever"] {
            for fields in [[], [("MCP-Protocol-Version", "2025-06-18")], [("MCP-Protocol-Version", "2026-07-28")]] {
                let exchange = try await Exchange(#"{"jsonrpc":"2.0","method":"\#(method)"}"#, fields: fields)
                #expect(exchange.status == 202)
                #expect(exchange.content.isEmpty)
            }
        }
    }

    @Test("a response of the client is accepted before 2026-07-28 and refused since")
    func clientResponses() async throws {
        let body = #"{"jsonrpc":"2.0","id":1,"result":{}}"#
        #expect(try await Exchange(body).status == 202)
        let refused = try await Exchange(body, fields: [("MCP-Protocol-Version", "2026-07-28")])
        #expect(refused.status == 400)
        #expect(try refused.errorCode == -32600)
    }

    // MARK: Methods

    @Test(
        "MCP Lifecycle: initialize agrees on the requested revision, or offers the newest with a handshake",
        arguments: [
            ("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"),
            ("2024-11-05", "2025-11-25"), ("2026-07-28", "2025-11-25"), ("x", "2025-11-25"),
        ])
    func initialize(requested: String, agreed: String) async throws {
        let exchange = try await Exchange(
            #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"\#(requested)"}}"#)
        #expect(exchange.status == 200)
        let result = try exchange.json["result"]
        #expect(result?["protocolVersion"]?.string == agreed)
        #expect(result?["serverInfo"]?["name"]?.string == "mcp-quickstart")
        #expect(result?["capabilities"] == ["tools": [:]])
        #expect(!exchange.response.fields.pairs.contains { $0.name == "Mcp-Session-Id" })
    }

    @Test("initialize without a revision is invalid params", arguments: ["{}", #"{"protocolVersion":1}"#])
    func initializeWithoutVersion(params: String) async throws {
        let exchange = try await Exchange(#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":\#(params)}"#)
        #expect(try exchange.errorCode == -32602)
    }

    @Test("MCP 2026-07-28: server/discover names revisions, capabilities and the server")
    func discover() async throws {
        let exchange = try await Exchange.stateless("server/discover")
        #expect(exchange.status == 200)
        let result = try exchange.json["result"]
        #expect(result?["supportedVersions"] == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"])
        #expect(result?["capabilities"] == ["tools": [:]])
        #expect(result?["resultType"] == "complete")
        #expect(result?["ttlMs"]?.number?.int64 == 300_000)
        #expect(result?["cacheScope"] == "private")
        #expect(result?["_meta"]?["io.modelcontextprotocol/serverInfo"]?["version"] == "1.0.0")
    }

    @Test("tools/list lists the three tools; members of 2026-07-28 only there")
    func listTools() async throws {
        let old = try #require(try await Exchange.afterHandshake("tools/list").json["result"]?.object)
        let new = try #require(try await Exchange.stateless("tools/list").json["result"]?.object)
        #expect(
            old["tools"]?.array?.map { $0["name"]?.string } == [
                "whoami", "echo", "slow_count", "add_note", "list_notes",
            ])
        // Model providers insist on properties, also for tools without arguments.
        #expect(
            old["tools"]?.array?.allSatisfy {
                $0["inputSchema"]?["type"] == "object" && $0["inputSchema"]?["properties"]?.object != nil
            } == true)
        #expect(old["tools"]?.array?.first?["inputSchema"]?["properties"] == [:])
        #expect(new["tools"] == old["tools"])
        #expect(old.members.map { $0.name } == ["tools"])
        #expect(new.members.map { $0.name }.sorted() == ["_meta", "cacheScope", "resultType", "tools", "ttlMs"])
    }

    @Test("a cursor that was never given out is invalid params")
    func cursor() async throws {
        #expect(try await Exchange.afterHandshake("tools/list", params: #"{"cursor":"x"}"#).errorCode == -32602)
    }
}
