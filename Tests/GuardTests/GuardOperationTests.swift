import HTTPMessages
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import Testing
import WireFormat

/// POLICY §11: the scopes that the operation in the body needs. Each row runs in process and through the real server.
@Suite("The guard, operation by operation", .serialized, .timeLimit(.minutes(5)))
struct GuardOperationTests {
    private static func guarded() throws -> GuardUnderTest {
        try GuardUnderTest(configure: {
            $0.requirements.operations = [
                .tool("delete_*", requires: "files:write"), .prompt("review", requires: .any(of: ["review", "admin"])),
                .resource("file:///private/**", requires: ["files:private", "files:read"]),
            ]
            $0.requirements.operations.maximumBodyBytes = 2_048
            $0.requirements.implications = ["admin": ["files:write"], "files:write": ["files:read"]]
            $0.requirements.routeScopes = [RouteScopeRule("/mcp/admin/**", requires: "admin")]
            $0.requirements.routes = [RouteRule("/mcp/open", .optional)]
        })
    }

    private static func message(_ method: String, _ params: String = "{}") -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#
    }

    private static let delete = message("tools/call", #"{"name":"delete_file"}"#)
    private static let secret = message("resources/read", #"{"uri":"file:///private/key"}"#)
    private static let unreadable = RowAnswer.invalidRequest("The body is not one plain JSON-RPC message or batch.")

    /// JSON-RPC error -32020. It does not depend on the operator's settings.
    private static func mismatch(id: String = "1") -> RowAnswer {
        let sentence = "The Mcp-Method or Mcp-Name field does not agree with the body."
        var answer = RowAnswer.invalidRequest(sentence)
        answer.body = #"{"jsonrpc":"2.0","id":\#(id),"error":{"code":-32020,"message":"\#(sentence)"}}"#
        return answer
    }

    private static func call(_ scopes: String, _ body: String, _ lines: (String, String)...) -> RowRequest {
        var request = RowRequest.call("{scopes=\(scopes)}", body: body)
        request.lines += lines.map { ($0.0, $0.1) }
        return request
    }

    static let rows: [GuardRow] = [
        .init("without a token the route's scopes alone", RowRequest(body: delete), .unauthorized()),
        .init("a bad token, whatever the body", .call("bad", body: delete), .invalidToken()),
        .init("a tool without a rule", call("mcp:use", message("tools/call", #"{"name":"list"}"#)), .passed()),
        .init("a tool with a rule", call("mcp:use", delete), .insufficientScope("files:write mcp:use")),
        .init("all scopes at once, the route's too", call("x", delete), .insufficientScope("files:write mcp:use")),
        .init("the tool's scope alone", call("files:write", delete), .insufficientScope("files:write mcp:use")),
        .init("what the tool needs", call("mcp:use files:write", delete), .passed()),
        .init("what includes what the tool needs", call("mcp:use admin", delete), .passed()),
        .init(
            "the name escaped", call("mcp:use", message("tools/call", #"{"name":"\u0064elete_file"}"#)),
            .insufficientScope("files:write mcp:use")),
        .init(
            "any of several: the first is asked for", call("mcp:use", message("prompts/get", #"{"name":"review"}"#)),
            .insufficientScope("mcp:use review")),
        .init(
            "any of several: the second is as good",
            call("mcp:use admin", message("prompts/get", #"{"name":"review"}"#)),
            .passed()),
        .init("a URI", call("mcp:use", secret), .insufficientScope("files:private files:read mcp:use")),
        .init("a URI, all of it", call("mcp:use files:private files:write", secret), .passed()),
        .init(
            "a URI on a detour", call("mcp:use", message("resources/read", #"{"uri":"file:///x/..%2Fprivate/key"}"#)),
            .insufficientScope("files:private files:read mcp:use")),
        .init(
            "a batch: the union", call("mcp:use files:write", "[\(delete),\(secret)]"),
            .insufficientScope("files:private files:write mcp:use")),
        .init(
            "a call without id", call("mcp:use", delete.replacing(#""id":1,"#, with: "")),
            .insufficientScope("files:write mcp:use")),
        .init("a notification", call("mcp:use", #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#), .passed()),
        .init("a response", call("mcp:use", #"{"jsonrpc":"2.0","id":1,"result":{}}"#), .passed()),
        .init("no body", call("mcp:use", ""), .passed()),
        .init("GET opens a stream", RowRequest("GET", "/mcp", ("Authorization", "Bearer {good}")), .passed()),
        .init("DELETE ends a session", RowRequest("DELETE", "/mcp", ("Authorization", "Bearer {good}")), .passed()),
        .init(
            "another method with the same body",
            RowRequest("PUT", "/mcp", ("Authorization", "Bearer {good}"), body: delete),
            .insufficientScope("files:write mcp:use")),
        .init(
            "another content type", RowRequest("POST", "/mcp", ("Authorization", "Bearer {good}"), body: delete),
            .insufficientScope("files:write mcp:use")),
        .init(
            "the body reaches the handler whole",
            RowRequest("POST", "/mcp/echo", ("Authorization", "Bearer {good}"), body: message("ping")),
            RowAnswer(
                200, [RowAnswer.noStore, "Content-Type: text/plain; charset=utf-8"],
                "POST /mcp/echo " + message("ping"))),
        // Bodies that cannot be read.
        .init("no JSON", call("mcp:use", "junk"), unreadable),
        .init("a form", call("mcp:use", "method=tools/call"), unreadable),
        .init("no JSON-RPC", call("mcp:use", "{}"), unreadable),
        .init("a member twice", call("mcp:use", #"{"jsonrpc":"2.0","method":"a","method":"b"}"#), unreadable),
        .init("a member in another case", call("mcp:use", #"{"jsonrpc":"2.0","method":"a","Method":"b"}"#), unreadable),
        .init("a method that is no text", call("mcp:use", #"{"jsonrpc":"2.0","id":1,"method":7}"#), unreadable),
        .init("a name that is no text", call("mcp:use", message("tools/call", #"{"name":{}}"#)), unreadable),
        .init("params that are a list", call("mcp:use", message("tools/call", #"["delete_file"]"#)), unreadable),
        .init("an empty batch", call("mcp:use", "[]"), unreadable),
        .init("a compressed body", call("mcp:use", message("ping"), ("Content-Encoding", "gzip")), unreadable),
        .init("no JSON, and no scope at all", call("x", "junk"), .insufficientScope("mcp:use")),
        // The header fields that repeat parts of the body.
        .init(
            "fields that agree",
            call(
                "mcp:use files:write", delete, ("Mcp-Method", "tools/call"), ("Mcp-Name", "=?base64?ZGVsZXRlX2ZpbGU=?=")
            ),
            .passed()),
        .init(
            "fields that agree do not replace scopes",
            call("mcp:use", delete, ("Mcp-Method", "tools/call"), ("Mcp-Name", "delete_file")),
            .insufficientScope("files:write mcp:use")),
        .init("another method", call("mcp:use", delete, ("Mcp-Method", "ping")), mismatch()),
        .init("another name", call("mcp:use", delete, ("Mcp-Name", "list")), mismatch()),
        .init("a name that is no base64", call("mcp:use", delete, ("Mcp-Name", "=?base64?*?=")), mismatch()),
        .init(
            "a field twice", call("mcp:use", delete, ("Mcp-Name", "delete_file"), ("Mcp-Name", "delete_file")),
            mismatch()),
        .init(
            "a batch has no one name", call("mcp:use", "[\(delete),\(secret)]", ("Mcp-Name", "x")), mismatch(id: "null")
        ),
        .init("fields beside no body", call("mcp:use", "", ("Mcp-Method", "tools/call")), .passed()),
        // Routes.
        .init("a route's scopes in the 401", RowRequest("GET", "/mcp/admin/x"), .unauthorized(scope: "admin mcp:use")),
        .init(
            "a route's scopes in the 403", RowRequest("GET", "/mcp/x/..//Admin", ("Authorization", "Bearer {good}")),
            .insufficientScope("admin mcp:use")),
        .init(
            "an optional route, anonymously", RowRequest("POST", "/mcp/open", body: message("ping")), .passed("nobody")),
        .init(
            "an optional route: the operation asks for a token", RowRequest("POST", "/mcp/open", body: delete),
            .unauthorized(scope: "files:write mcp:use")),
    ]

    @Test("POLICY §11: the operation decides")
    func operations() async throws {
        try await RowPaths(guarded: Self.guarded()).check(Self.rows)
    }

    @Test("A body that is longer than the rules read is 413, which no cache keeps")
    func tooLarge() async throws {
        let tooLarge = RowAnswer(413, [RowAnswer.json, RowAnswer.noStore], #"{"error":"invalid_request"}"#)
        let rows = [(2_048, RowAnswer.passed()), (2_049, tooLarge)].map { size, answer in
            let padding = String(repeating: "x", count: size - Self.message("ping", #"{"x":""}"#).utf8.count)
            return GuardRow(
                "\(size) bytes", Self.call("mcp:use", Self.message("ping", #"{"x":"\#(padding)"}"#)), answer)
        }
        try await RowPaths(guarded: Self.guarded()).check(rows)
    }

    // MARK: Random requests

    /// Pieces of requests. Every text that a caller chooses freely contains `zq`.
    private static let pieces = [
        "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u0000", "\u{0}", "\n", "\"method\":\"tools/call\"",
        "\"name\":\"delete_zq\"", "\"Name\":\"delete_zq\"", "\"id\":\"zq\"", "null", "1e9", "\"params\":", "é",
        "\u{212A}",
        "=?base64?", "?=", "tools/call", "delete_zq", "ZGVsZXRlX3px",
    ].map { Array($0.utf8) }

    private static let seeds = [
        message("tools/call", #"{"name":"delete_zq","arguments":{"zq":"zq"}}"#), message("zq/method"),
        message("tools/call", #"{"name":"list_zq"}"#), message("resources/read", #"{"uri":"file:///private/zq"}"#),
        "[\(message("ping")),\(message("tools/call", #"{"name":"delete_zq"}"#))]", #"{"zq":"zq"}"#, "zq",
        #"{"jsonrpc":"2.0","id":"zq","method":"tools/call","params":{"name":"delete_zq"}}"#,
    ].map { Array($0.utf8) }

    private static func mutated(_ bytes: [UInt8], _ random: inout some RandomNumberGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
            case 1: bytes.removeSubrange(place..<min(place + Int.random(in: 0...4, using: &random), bytes.count))
            default: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
            }
        }
        return bytes
    }

    /// Whether an independent reader finds a call of a tool that has a rule, at any relevant depth.
    private static func callsDelete(_ value: JSONValue) -> Bool {
        if let messages = value.array { return messages.contains(where: callsDelete) }
        guard value["method"]?.string == "tools/call", let name = value["params"]?["name"]?.string else { return false }
        return name.utf8.starts(with: "delete_".utf8)
    }

    @Test(
        "Whatever bytes arrive in Mcp-* and the body: an answer of the table, readable, and nothing of the input in it")
    func anything() async throws {
        let handler = try Self.guarded().handler
        let token = try #require(GuardUnderTest.token("scopes=mcp:use"))
        let target: HTTPRequest.Target = "/mcp"
        let bodies: Set<String> = [
            RowAnswer.insufficientScope("").body, Self.unreadable.body, Self.mismatch().body,
            Self.mismatch(id: "null").body,
        ]
        var random = SplitMix(state: 5)
        var statuses: [Int: Int] = [:]
        for round in 0..<1_000 * GuardRounds.scale {
            let body = Self.mutated(Self.seeds.randomElement(using: &random) ?? [], &random)
            var fields = HTTPFields()
            fields[.authorization] = HTTPFields.Value("Bearer " + token)
            for name: HTTPFields.Name in [.mcpMethod, .mcpName] where Int.random(in: 0..<6, using: &random) == 0 {
                let bytes = Self.mutated(Self.pieces.randomElement(using: &random) ?? [], &random)
                if let value = HTTPFields.Value(bytes: bytes) { fields.append(name, value) }
            }
            let response = try await handler.respond(
                to: HTTPRequest(method: .post, target: target, fields: fields, body: HTTPRequest.Body(body)))
            statuses[response.status.code, default: 0] += 1
            _ = try response.challenges.bearer
            guard case .bytes(let content) = response.body else { continue }
            if response.status == .ok {
                let value = try? JSONValue(parsing: body, limits: JSONDocument.Limits(maximumDepth: 64))
                #expect(value.map(Self.callsDelete) != true, "round \(round)")
            } else {
                // An integer `id` is sent back, as JSON-RPC asks.
                let text = String(decoding: content, as: UTF8.self).replacing(/"id":-?\d+,/, with: #""id":1,"#)
                #expect(bodies.contains(text), "round \(round)")
                let fields = response.fields.pairs.map { $0.name + $0.value }.joined()
                #expect(!fields.contains("zq"), "round \(round)")
            }
        }
        // The random requests reach every answer.
        #expect(Set(statuses.keys) == [200, 400, 403])
    }

    /// SplitMix64: a failing round can be repeated from its seed.
    struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
