import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Testing
import WireFormat

@Suite("Mcp-Method and Mcp-Name agree with the body", .serialized)
struct MirroredFieldsTests {
    private static let tool = #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"café"}}"#
    private static let ascii = #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"list","uri":"x:y"}}"#
    private static let read =
        #"{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"file:///a","name":"n"}}"#
    private static let ping = #"{"jsonrpc":"2.0","id":3,"method":"ping"}"#
    private static let other = #"{"jsonrpc":"2.0","id":3,"method":"tasks/get","params":{"taskId":"t1","n":1}}"#
    private static let sentinel =
        #"{"jsonrpc":"2.0","id":3,"method":"prompts/get","params":{"name":"=?base64?literal?="}}"#
    private static let response = #"{"jsonrpc":"2.0","id":3,"result":{"name":"list"}}"#

    struct Row: Sendable {
        var body: String
        var method: [String] = []
        var name: [String] = []
        var isMatch: Bool
    }

    @Test(
        "MCP 2026-07-28, Server Validation: every combination",
        arguments: [
            Row(body: ascii, isMatch: true),
            Row(body: ascii, method: ["tools/call"], isMatch: true),
            Row(body: ascii, method: ["tools/call"], name: ["list"], isMatch: true),
            Row(body: ascii, name: ["list"], isMatch: true),
            Row(body: ascii, method: ["Tools/call"], isMatch: false),
            Row(body: ascii, method: ["tools/list"], name: ["list"], isMatch: false),
            Row(body: ascii, method: ["tools/call"], name: ["delete_x"], isMatch: false),
            Row(body: ascii, name: ["LIST"], isMatch: false),
            Row(body: ascii, name: [""], isMatch: false),
            Row(body: ascii, method: [""], isMatch: false),
            // A tool is identified by its name and not by a URI, a resource by its URI and not by a name.
            Row(body: ascii, name: ["x:y"], isMatch: false),
            Row(body: read, method: ["resources/read"], name: ["file:///a"], isMatch: true),
            Row(body: read, name: ["n"], isMatch: false),
            Row(body: read, name: ["file:///%61"], isMatch: false),
            // A repeated field is always refused, even if both values agree.
            Row(body: ascii, method: ["tools/call", "tools/call"], isMatch: false),
            Row(body: ascii, name: ["list", "list"], isMatch: false),
            Row(body: ascii, method: ["tools/call"], name: ["list", "delete_x"], isMatch: false),
            // Values in the encoding `=?base64?…?=`.
            Row(body: ascii, name: ["=?base64?bGlzdA==?="], isMatch: true),
            Row(body: tool, name: ["=?base64?Y2Fmw6k=?="], isMatch: true),
            Row(body: tool, name: ["caf\u{E9}"], isMatch: true),
            Row(body: tool, name: ["=?base64?Y2FmZcyB?="], isMatch: false),
            Row(body: sentinel, name: ["=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="], isMatch: true),
            Row(body: sentinel, name: ["=?base64?literal?="], isMatch: false),
            Row(body: ascii, name: ["=?base64?bGlzdA?="], isMatch: false),
            Row(body: ascii, name: ["=?base64?bGlzdB==?="], isMatch: false),
            Row(body: ascii, name: ["=?base64?bGl zdA==?="], isMatch: false),
            Row(body: ascii, name: ["=?base64??="], isMatch: false),
            Row(body: ascii, name: ["=?base64?="], isMatch: false),
            Row(body: ascii, name: ["=?BASE64?bGlzdA==?="], isMatch: false),
            Row(body: ascii, name: ["=?base64?bGlzdA=="], isMatch: false),
            Row(body: ascii, method: ["=?base64?dG9vbHMvY2FsbA==?="], isMatch: false),
            // Messages without a name, with another method, or without a method.
            Row(body: ping, method: ["ping"], isMatch: true),
            Row(body: ping, method: ["ping"], name: ["x"], isMatch: false),
            Row(body: other, method: ["tasks/get"], name: ["t1"], isMatch: true),
            Row(body: other, name: ["1"], isMatch: false),
            Row(body: other, name: ["tasks/get"], isMatch: false),
            Row(body: response, isMatch: true),
            Row(body: response, method: ["tools/call"], isMatch: false),
            Row(body: response, name: ["list"], isMatch: false),
            // Every message of a batch must agree.
            Row(body: "[\(ping),\(ping)]", method: ["ping"], isMatch: true),
            Row(body: "[\(ping),\(ascii)]", method: ["ping"], isMatch: false),
            Row(body: "[\(ascii),\(ascii)]", name: ["list"], isMatch: true),
            Row(body: "[\(ascii),\(tool)]", name: ["list"], isMatch: false),
        ])
    func agreement(row: Row) async throws {
        let fixture = try GuardFixture { $0.requirements.operations = [.method("nothing", requires: "x")] }
        let exchange = try await GuardExchange(
            fixture.server, token: GuardFixture.issuer.token(),
            fields: row.method.map { ("Mcp-Method", $0) } + row.name.map { ("mcp-name", $0) }, body: row.body)
        #expect((exchange.served != nil) == row.isMatch)
        guard !row.isMatch else { return }
        #expect(exchange.response.status == .badRequest)
        #expect(fixture.log.denials == ["header_mismatch", "header_mismatch"])
        let id = row.body.first == "[" ? "null" : "3"
        #expect(
            exchange.response.bodyText
                == #"{"jsonrpc":"2.0","id":\#(id),"error":{"code":-32020,"#
                + #""message":"The Mcp-Method or Mcp-Name field does not agree with the body."}}"#)
        #expect(exchange.response.text(.cacheControl) == "no-store")
    }

    @Test("The fields alone decide nothing: what they say of another body neither helps nor harms")
    func fieldsAlone() async throws {
        let server = try GuardFixture { $0.requirements.operations = [.tool("list", requires: "x")] }.server
        let token = GuardFixture.issuer.token()
        let mirrored = [("Mcp-Method", "tools/call"), ("Mcp-Name", "list")]
        #expect(try await GuardExchange(server, .get, token: token, fields: mirrored, body: "").served != nil)
        let lacking = try await GuardExchange(server, token: token, fields: mirrored, body: Self.ascii)
        #expect(lacking.response.status == .forbidden)
        let lying = try await GuardExchange(
            server, token: token, fields: [("Mcp-Method", "tools/call"), ("Mcp-Name", "other")], body: Self.ascii)
        #expect(lying.response.status == .badRequest)
        // Without rules, the guard does not read the body, and the handler checks the fields.
        let open = try await GuardExchange(
            GuardFixture().server, token: token, fields: [("Mcp-Method", "x")], body: Self.ascii)
        #expect(open.served != nil)
    }
}
