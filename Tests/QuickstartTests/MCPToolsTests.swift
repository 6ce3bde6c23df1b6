import HTTPMessages
import OAuthResourceServer
import Testing
import WireFormat

@testable import mcp_quickstart

@Suite("MCP tools", .serialized)
struct MCPToolsTests {
    @Test("whoami answers from the principal of the request, structured and as text")
    func whoami() async throws {
        let exchange = try await Exchange.afterHandshake("tools/call", params: #"{"name":"whoami"}"#)
        let result = try #require(try exchange.json["result"])
        let expected: JSONValue = [
            "subject": "alice", "client_id": "client-1", "scopes": ["mcp:admin", "mcp:use"],
            "issuer": "https://issuer.example", "expires_at": 1_800_000_000,
        ]
        #expect(result["structuredContent"] == expected)
        #expect(result["isError"] == false)
        let text = try #require(result["content"]?.array?.first?["text"]?.string)
        #expect(try JSONValue(parsing: Array(text.utf8)) == expected)
    }

    @Test("whoami says null where the token says nothing")
    func whoamiUnknown() async throws {
        let exchange = try await Exchange(
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}"#, principal: .nobody)
        #expect(
            try exchange.json["result"]?["structuredContent"] == [
                "subject": .null, "client_id": .null, "scopes": [], "issuer": .null, "expires_at": .null,
            ])
    }

    @Test("echo gives back its argument, byte for byte")
    func echo() async throws {
        let exchange = try await Exchange.afterHandshake(
            "tools/call", params: #"{"name":"echo","arguments":{"text":"a\u0000\n \"\u212a"}}"#)
        let text = try #require(try exchange.json["result"]?["content"]?.array?.first?["text"]?.string)
        #expect(text.hasSameBytes(as: "a\0\n \"\u{212A}"))
    }

    @Test("notes are kept for each issuer and subject, and shown to nobody else")
    func notes() async throws {
        let handler = MCPHandler()
        func call(_ tool: String, _ arguments: String = "{}", as principal: Principal) async throws -> JSONValue {
            let body =
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\#(tool)","arguments":\#(arguments)}}"#
            return try #require(try await Exchange(body, principal: principal, handler: handler).json["result"])
        }
        _ = try await call("add_note", #"{"text":"one"}"#, as: .alice)
        _ = try await call("add_note", #"{"text":"two"}"#, as: .alice)
        _ = try await call("add_note", #"{"text":"without a token"}"#, as: .anonymous)
        #expect(try await call("list_notes", as: .alice)["structuredContent"] == ["notes": ["one", "two"]])
        #expect(try await call("list_notes", as: .anonymous)["structuredContent"] == ["notes": ["without a token"]])
        // Two users of one client whom introspection names by username, a sub of the same text, and the client.
        let users: [JSONDocument.Object] = [
            ["username": "bob", "client_id": "app"], ["username": "carol", "client_id": "app"],
            ["sub": "bob", "client_id": "app"], ["client_id": "app"], ["client_id": "bob"],
        ]
        for (number, user) in users.enumerated() {
            let added = try await call("add_note", #"{"text":"\#(number)"}"#, as: .introspected(user))
            #expect(added["content"]?.array?.first?["text"] == "That makes 1.")
        }
        for (number, user) in users.enumerated() {
            let listed = try await call("list_notes", as: .introspected(user))
            #expect(listed["structuredContent"] == ["notes": [.string("\(number)")]])
        }
    }

    @Test("a token that names neither a user nor a client has no notes: all such tokens look alike")
    func namelessNotes() async throws {
        let handler = MCPHandler()
        for call in [#"{"name":"add_note","arguments":{"text":"a"}}"#, #"{"name":"list_notes"}"#] {
            let exchange = try await Exchange(
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":\#(call)}"#, principal: .nobody,
                handler: handler)
            let result = try #require(try exchange.json["result"])
            #expect(result["isError"] == true)
            let text = try #require(result["content"]?.array?.first?["text"]?.string)
            #expect(text.hasPrefix("Your access token names neither a user nor a client"))
        }
    }

    /// Calls `add_note`. Returns the text of the result, and whether it is an error.
    private func add(
        _ text: String, as principal: Principal, to handler: MCPHandler
    ) async throws -> (text: String, isError: Bool) {
        let exchange = try await Exchange(
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_note","arguments":{"text":"\#(text)"}}}"#,
            principal: principal, handler: handler)
        let result = try #require(try exchange.json["result"])
        return (try #require(result["content"]?.array?.first?["text"]?.string), result["isError"] == true)
    }

    @Test(
        "a user has 100 notes at most, all its clients together; one more is an error that says so, and no note is lost"
    )
    func notesAreBounded() async throws {
        let handler = MCPHandler()
        for number in 0..<Notebook.maximumNotes {
            #expect(try await add("\(number)", as: .alice, to: handler) == ("That makes \(number + 1).", false))
        }
        for principal in [try Principal.alice, try .user("alice", client: "another")] {
            let refused = try await add("more", as: principal, to: handler)
            #expect(refused.isError && refused.text.hasPrefix("You have 100 notes, which is the most."))
        }
        #expect(try await add("of another user", as: .user("bob", client: "client-1"), to: handler).isError == false)
        let listed = try await Exchange(
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes"}}"#, handler: handler)
        let notes = try #require(try listed.json["result"]?["structuredContent"]?["notes"]?.array)
        #expect(notes.count == Notebook.maximumNotes)
        #expect(notes.first == "0")
    }

    @Test("the notes of all self-registered clients together stay within 4 MiB; then the tool says that it is full")
    func notebookIsBounded() async throws {
        let handler = MCPHandler()
        let text = String(repeating: "n", count: Notebook.maximumNoteBytes)
        var bytes = 0
        var answer = (text: "", isError: false)
        // Each client registers itself with the development authorization server, and is a user of its own.
        var client = 0
        while !answer.isError {
            client += 1
            let principal = try Principal.user(nil, client: "self-registered-\(client)")
            for _ in 0..<Notebook.maximumNotes where !answer.isError {
                answer = try await add(text, as: principal, to: handler)
                if !answer.isError { bytes += text.utf8.count }
            }
        }
        #expect(answer.text.hasPrefix("The notebook of all users is full."))
        #expect((4_000_000...Notebook.maximumBytes).contains(bytes))
    }

    @Test(
        "MCP Tools: a refused argument is a tool error that the model can read, not a protocol error",
        arguments: [
            #"{"name":"echo"}"#, #"{"name":"echo","arguments":{"text":1}}"#, #"{"name":"slow_count"}"#,
            #"{"name":"slow_count","arguments":{"to":0}}"#, #"{"name":"slow_count","arguments":{"to":101}}"#,
            #"{"name":"slow_count","arguments":{"to":1.5}}"#,
            #"{"name":"slow_count","arguments":{"to":1,"interval_ms":1001}}"#,
            #"{"name":"slow_count","arguments":{"to":1,"interval_ms":"1"}}"#,
            #"{"name":"add_note"}"#, #"{"name":"add_note","arguments":{"text":["a"]}}"#,
            #"{"name":"add_note","arguments":{"text":"\#(String(repeating: "n", count: Notebook.maximumNoteBytes + 1))"}}"#,
        ])
    func refusedArguments(params: String) async throws {
        let exchange = try await Exchange(
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":\#(params)}"#,
            fields: [("Accept", "application/json")])
        #expect(exchange.status == 200)
        #expect(try exchange.json["result"]?["isError"] == true)
    }

    @Test(
        "an unknown tool, no tool and arguments that are no object are invalid params",
        arguments: [#"{"name":"Whoami"}"#, "{}", #"{"name":1}"#, #"{"name":"echo","arguments":[]}"#])
    func invalidCalls(params: String) async throws {
        let exchange = try await Exchange.afterHandshake("tools/call", params: params)
        #expect(exchange.status == 200)
        #expect(try exchange.errorCode == -32602)
    }

    @Test("MCP Progress: slow_count streams its steps under the request's token, then the response")
    func slowCount() async throws {
        let exchange = try await Exchange.afterHandshake(
            "tools/call",
            params: #"{"name":"slow_count","arguments":{"to":3,"interval_ms":0},"_meta":{"progressToken":"p"}}"#,
            id: "9")
        #expect(exchange.status == 200)
        #expect(exchange.response.fields[.contentType]?.string == "text/event-stream")
        #expect(exchange.response.fields[.xAccelBuffering]?.string == "no")
        let events = try exchange.events
        #expect(events.count == 4)
        for (index, event) in events.prefix(3).enumerated() {
            #expect(event["method"] == "notifications/progress")
            #expect(event["id"] == nil)
            #expect(event["params"]?["progressToken"] == "p")
            #expect(event["params"]?["progress"]?.number?.int64 == Int64(index + 1))
            #expect(event["params"]?["total"]?.number?.int64 == 3)
        }
        #expect(events.last?["id"] == 9)
        #expect(events.last?["result"]?["content"]?.array?.first?["text"] == "Counted to 3.")
        #expect(exchange.text.hasSuffix("\n\n"))
    }

    @Test("without a progress token there is no progress")
    func slowCountWithoutToken() async throws {
        let exchange = try await Exchange.afterHandshake(
            "tools/call", params: #"{"name":"slow_count","arguments":{"to":3,"interval_ms":0}}"#)
        #expect(try exchange.events.count == 1)
    }

    @Test("a client that accepts no event stream gets the result as JSON")
    func slowCountAsJSON() async throws {
        let exchange = try await Exchange(
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow_count","arguments":{"to":2,"interval_ms":0}}}"#,
            fields: [("Accept", "application/json")])
        #expect(exchange.response.fields[.contentType]?.string == "application/json")
        #expect(try exchange.json["result"]?["content"]?.array?.first?["text"] == "Counted to 2.")
    }

    @Test("slow_count stops when its task is cancelled, between steps and within one", arguments: [0, 1000])
    func cancellation(interval: Int) async throws {
        let counting = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await Exchange.afterHandshake(
                "tools/call", params: #"{"name":"slow_count","arguments":{"to":100,"interval_ms":\#(interval)}}"#)
        }
        counting.cancel()
        await #expect(throws: CancellationError.self) { _ = try await counting.value }
    }

    @Test("a call that is cancelled has no answer, as JSON neither")
    func cancellationAsJSON() async throws {
        let tool = MCPTool(
            name: "stop", description: "Stops.", inputSchema: ["type": "object"],
            body: .streaming { _, _, _ in throw CancellationError() })
        await #expect(throws: CancellationError.self) {
            _ = try await Exchange(
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"stop"}}"#,
                fields: [("Accept", "application/json")], handler: MCPHandler(tools: [tool]))
        }
    }

    @Test("a tool that throws is an internal error without its text, in the stream and as JSON")
    func failingTool() async throws {
        struct Detail: Error {}
        let tool = MCPTool(
            name: "fail", description: "Fails.", inputSchema: ["type": "object"],
            body: .streaming { _, _, _ in throw Detail() })
        let body = #"{"jsonrpc":"2.0","id":"f","method":"tools/call","params":{"name":"fail"}}"#
        let streamed = try await Exchange(body, handler: MCPHandler(tools: [tool]))
        let plain = try await Exchange(
            body, fields: [("Accept", "application/json")], handler: MCPHandler(tools: [tool]))
        let event = try #require(try streamed.events.first)
        for message in [event, try plain.json] {
            #expect(message["id"] == "f")
            #expect(message["error"] == ["code": -32603, "message": "The tool failed."])
        }
    }
}
