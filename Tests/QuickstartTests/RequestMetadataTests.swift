import HTTPMessages
import Testing
import WireFormat

@testable import mcp_quickstart

@Suite("MCP 2026-07-28: request metadata", .serialized)
struct RequestMetadataTests {
    private static let version = "io.modelcontextprotocol/protocolVersion"
    private static let capabilities = "io.modelcontextprotocol/clientCapabilities"

    @Test(
        "a header that is missing, repeated or different from the body is −32020 with 400",
        arguments: [
            [("MCP-Protocol-Version", "2026-07-28")],
            [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/List")],
            [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/list"), ("Mcp-Method", "tools/list")],
            [
                ("MCP-Protocol-Version", "2026-07-28"), ("MCP-Protocol-Version", "2026-07-28"),
                ("Mcp-Method", "tools/list"),
            ],
            [("MCP-Protocol-Version", "2025-11-25"), ("Mcp-Method", "tools/list")],
            [("MCP-Protocol-Version", "2027-01-01"), ("Mcp-Method", "tools/list")],
            [("Mcp-Method", "tools/list")],
            [],
        ])
    func headerMismatch(fields: [(String, String)]) async throws {
        let exchange = try await Exchange.stateless("tools/list", id: "\"x\"", fields: fields)
        #expect(exchange.status == 400)
        #expect(try exchange.errorCode == -32020)
        #expect(try exchange.json["id"] == "x")
    }

    @Test(
        "Mcp-Name must be the name in the body, plain or in its base64 form",
        arguments: [
            ("echo", true), ("=?base64?ZWNobw==?=", true),
            ("Echo", false), ("whoami", false), ("=?base64?ZWNobw?=", false), ("=?base64?ZWNobx==?=", false),
            ("=?base64?ZWNobw=?=", false), ("=?BASE64?ZWNobw==?=", false), ("=?base64??=", false),
            ("=?base64?=", false),
            (nil, false),
        ])
    func name(value: String?, matches: Bool) async throws {
        var fields = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call")]
        if let value { fields.append(("Mcp-Name", value)) }
        let exchange = try await Exchange.stateless(
            "tools/call", params: #""name":"echo","arguments":{"text":"hi"}"#, fields: fields)
        #expect(exchange.status == (matches ? 200 : 400))
        #expect(try exchange.errorCode == (matches ? nil : -32020))
    }

    @Test(
        "the base64 form carries any bytes; other letters than RFC 4648 §4 has are malformed",
        arguments: [
            ("=?base64?SGVsbG8sIOS4lueVjA==?=", "Hello, 世界"), ("=?base64?IHBhZGRlZCA=?=", " padded "),
            ("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?="), ("plain", "plain"),
            ("=?base64?x", "=?base64?x"),
            ("=?base64?PT9iYXNlNjQ_bGl0ZXJhbD89?=", nil), ("=?base64?IHBhZGRlZCA?=", nil), ("=?base64?====?=", nil),
            ("=?base64?I HB?=", nil),
        ] as [(String, String?)])
    func decoding(value: String, text: String?) throws {
        let decoded = RequestMetadata.decode(try #require(HTTPFields.Value(value)))
        #expect(decoded == text.map { Array($0.utf8) })
    }

    @Test("prompts/get and resources/read are held to Mcp-Name too, before they are found missing")
    func otherNames() async throws {
        for (method, params) in [("prompts/get", #""name":"a""#), ("resources/read", #""uri":"file:///a""#)] {
            #expect(try await Exchange.stateless(method, params: params).errorCode == -32020)
        }
    }

    @Test(
        "a request without its required metadata is invalid params with 400",
        arguments: [
            "", #""\#(version)":"2026-07-28""#, #""\#(capabilities)":{}"#,
            #""\#(version)":"2026-07-28","\#(capabilities)":true"#, #""\#(version)":1,"\#(capabilities)":{}"#,
        ])
    func missingMetadata(meta: String) async throws {
        let exchange = try await Exchange.stateless("tools/list", meta: meta)
        #expect(exchange.status == 400)
        #expect(try exchange.errorCode == -32602)
    }

    @Test("a revision that is not spoken is −32022 with 400 and the list of those that are")
    func unsupportedVersion() async throws {
        for (method, meta) in [
            ("tools/list", #""\#(Self.version)":"1900-01-01","\#(Self.capabilities)":{}"#), ("tools/list", ""),
        ] {
            let exchange = try await Exchange.stateless(
                method, fields: [("MCP-Protocol-Version", "1900-01-01"), ("Mcp-Method", method)], meta: meta)
            #expect(exchange.status == 400)
            #expect(try exchange.errorCode == -32022)
            let data = try exchange.json["error"]?["data"]
            #expect(data?["supported"] == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"])
            #expect(data?["requested"] == "1900-01-01")
        }
        let notification = try await Exchange(
            #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, fields: [("MCP-Protocol-Version", "2024-11-05")]
        )
        #expect(notification.status == 400)
    }

    @Test("a good request of 2026-07-28 with every field is answered, and invalid params are 400")
    func accepted() async throws {
        #expect(try await Exchange.stateless("tools/list").status == 200)
        let invalid = try await Exchange.stateless("tools/call")
        #expect(invalid.status == 400)
        #expect(try invalid.errorCode == -32602)
    }

    @Test("requests of earlier revisions are not held to fields that they do not know")
    func earlierRevisions() async throws {
        for fields in [[("MCP-Protocol-Version", "2025-06-18"), ("Mcp-Method", "other")], [("Mcp-Name", "other")]] {
            let exchange = try await Exchange(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, fields: fields)
            #expect(exchange.status == 200)
        }
    }
}
