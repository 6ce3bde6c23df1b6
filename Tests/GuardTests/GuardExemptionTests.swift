import OAuthResourceServer
import Testing

/// POLICY §11: operations that need less, and RFC 9470: those that need a stronger login. Each row runs in process and
/// through the real server.
@Suite("The guard, exemptions and step-up, request by request", .serialized, .timeLimit(.minutes(5)))
struct GuardExemptionTests {
    private static func guarded() throws -> GuardUnderTest {
        try GuardUnderTest(configure: {
            $0.requirements.operations = [
                .method("initialize", requires: .nothing), .tool("ping", requires: .nothing),
                .resource("docs://public/**", requires: .nothing), .tool("whoami", requires: .anyToken),
                .tool("pay", requires: .authentication(acrValues: ["phr"], maximumAge: .seconds(300))),
            ]
            $0.requirements.operations.endpointPaths = ["/mcp", "/mcp/echo"]
        })
    }

    private static func message(_ method: String, _ params: String = "{}") -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#
    }

    private static func tool(_ name: String) -> String { message("tools/call", #"{"name":"\#(name)"}"#) }

    private static func post(_ body: String, _ target: String = "/mcp", _ lines: (String, String)...) -> RowRequest {
        var request = RowRequest("POST", target, body: body)
        request.lines = [("Content-Type", "application/json")] + lines.map { ($0.0, $0.1) }
        return request
    }

    private static func with(_ token: String, _ body: String) -> RowRequest {
        post(body, "/mcp", ("Authorization", "Bearer \(token)"))
    }

    private static var stepUp: RowAnswer {
        let sentence = "The operation needs a more recent or another authentication of the user."
        return RowAnswer.refused(
            401, "insufficient_user_authentication", sentence,
            #"Bearer error="insufficient_user_authentication", error_description="\#(sentence)", scope="mcp:use", "#
                + RowAnswer.metadata + #", acr_values="phr", max_age="300""#)
    }

    static let rows: [GuardRow] = [
        .init("an open tool", post(tool("ping")), .passed("nobody")),
        .init("an open resource", post(message("resources/read", #"{"uri":"docs://public/a"}"#)), .passed("nobody")),
        .init("a batch of open ones", post("[\(tool("ping")),\(message("initialize"))]"), .passed("nobody")),
        .init(
            "the handler gets the body", post(tool("ping"), "/mcp/echo"),
            RowAnswer(
                200, [RowAnswer.noStore, "Content-Type: text/plain; charset=utf-8"], "POST /mcp/echo \(tool("ping"))")),
        .init("another tool", post(tool("list")), .unauthorized()),
        .init("a batch with another", post("[\(tool("ping")),\(tool("list"))]"), .unauthorized()),
        .init("a tool that needs a token", post(tool("whoami")), .unauthorized()),
        .init("a tool that needs a login", post(tool("pay")), .unauthorized()),
        .init(
            "out of the open place", post(message("resources/read", #"{"uri":"docs://public/..%2Fx"}"#)),
            .unauthorized()),
        .init("at another path", post(tool("ping"), "/mcp/fails"), .unauthorized()),
        .init("no body", post(""), .unauthorized()),
        .init("not JSON", post("junk"), .unauthorized()),
        .init("beyond 64 KiB", post(tool("ping") + String(repeating: " ", count: 65_536)), .unauthorized()),
        .init("a GET", RowRequest("GET", "/mcp"), .unauthorized()),
        .init("a bad token", with("bad", tool("ping")), .invalidToken()),
        .init("an expired token", with("{expired}", tool("ping")), .invalidToken()),
        .init("another scheme", post(tool("ping"), "/mcp", ("Authorization", "Basic dTpw")), .unauthorized()),
        .init("a good token", with("{good}", tool("ping")), .passed()),
        .init("a token without scopes", with("{noScopes}", tool("whoami")), .passed()),
        .init(
            "a token without scopes for another tool", with("{noScopes}", tool("list")), .insufficientScope("mcp:use")),
        .init("step-up", with("{good}", tool("pay")), stepUp),
        .init("scopes before step-up", with("{noScopes}", tool("pay")), .insufficientScope("mcp:use")),
        .init("a batch with step-up", with("{good}", "[\(tool("ping")),\(tool("pay"))]"), stepUp),
    ]

    @Test("POLICY §11, RFC 9470 §3: what needs no token, no scope, or more than a scope")
    func exemptions() async throws {
        try await RowPaths(guarded: Self.guarded()).check(Self.rows)
    }
}
