import HTTPMessages
import JOSE
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("The guard's table of sessions (POLICY §11)", .serialized)
struct GuardSessionTableTests {
    private static let gone = RowAnswer(
        404, [RowAnswer.json, RowAnswer.noStore],
        #"{"error":"session_not_found","error_description":"The session is unknown or has ended."}"#)

    private static let severalSessions = RowAnswer(
        400, [RowAnswer.json, RowAnswer.noStore],
        #"{"error":"invalid_request","error_description":"The request has several Mcp-Session-Id fields."}"#)

    private static func call(
        _ token: String = "{good}", _ sessions: String..., method: String = "POST", target: String = "/mcp"
    ) -> RowRequest {
        var request = RowRequest(method, target)
        request.lines = [("Authorization", "Bearer \(token)")] + sessions.map { ("Mcp-Session-Id", $0) }
        return request
    }

    /// Begins `s-1` on `/mcp/begin`, and names that session on errors to every caller, as some handlers do.
    private static func answer(_ request: HTTPRequest, _ principal: Principal) -> HTTPResponse {
        let session = request.fields[.mcpSessionID]?.string.map { " in \($0)" } ?? ""
        var response = HTTPResponse.text("for \(principal.subject ?? "nobody")\(session)")
        if request.path != "/mcp" { response.fields.append(.mcpSessionID, "s-1") }
        if request.path == "/mcp/error" { response.status = .badRequest }
        return response
    }

    private static func answered(_ status: Int = 200, for subject: String, _ more: String...) -> RowAnswer {
        RowAnswer(status, RowAnswer.passed().lines + more, "for \(subject)")
    }

    private static let other = GuardUnderTest.issuer.token { $0.claims["sub"] = "other-user" }

    private static func guarded() throws -> GuardUnderTest {
        let issuer = GuardUnderTest.issuer
        let validation = try JWTValidation(issuer: issuer.url, resource: GuardUnderTest.resource)
        let server = try ResourceServer(
            ResourceServerConfiguration(
                resource: GuardUnderTest.resource, requiredScopes: ["mcp:use"]),
            verifier: JWTTokenVerifier(
                [.init(validation, keys: issuer.keySource)], clock: WallClock { GuardUnderTest.now }))
        return GuardUnderTest(handler: server.protecting { Self.answer($0, $1) })
    }

    @Test("Sessions through a socket and in process: one answer for another's, an unknown and an impossible one")
    func sessions() async throws {
        let paths = RowPaths(guarded: try Self.guarded())
        let prefix = "Mcp-Session-Id: "
        let begun = try await paths.inProcess(Self.call(target: "/mcp/begin")).lines.first { $0.hasPrefix(prefix) }
        let line = try #require(begun)
        let session = String(line.dropFirst(prefix.count))
        #expect(session.hasPrefix("s-1.") && session.utf8.count == 26)
        var changed = Array(session.utf8)
        changed[changed.count - 2] ^= 1
        // The default key belongs to the process, so that another guard accepts the same identifiers.
        try await RowPaths(guarded: try Self.guarded()).check([
            .init("the handler begins one", Self.call(target: "/mcp/begin"), Self.answered(for: "test-user", line)),
            .init("its principal uses it", Self.call("{good}", session), Self.answered(for: "test-user in s-1")),
            .init(
                "its principal uses it with GET", Self.call("{good}", session, method: "GET"),
                Self.answered(for: "test-user in s-1")),
            .init(
                "its principal ends it", Self.call("{good}", session, method: "DELETE"),
                Self.answered(for: "test-user in s-1")),
            .init("and may do without", Self.call(), .passed()),
            .init("the handler's identifier alone", Self.call("{good}", "s-1"), Self.gone),
            .init("another principal", Self.call(Self.other, session), Self.gone),
            .init("an unknown one", Self.call(Self.other, "s-2"), Self.gone),
            .init("another principal, GET", Self.call(Self.other, session, method: "GET"), Self.gone),
            .init("another principal, DELETE", Self.call(Self.other, session, method: "DELETE"), Self.gone),
            .init("another principal, HEAD", Self.call(Self.other, session, method: "HEAD"), Self.gone.bodiless),
            .init("no principal", RowRequest("POST", "/mcp", ("Mcp-Session-Id", session)), .unauthorized()),
            .init("a bad token", Self.call("{expired}", session), .invalidToken()),
            .init("a token without the scope", Self.call("{noScopes}", session), .insufficientScope("mcp:use")),
            .init("two fields", Self.call("{good}", session, session), Self.severalSessions),
            .init("two in one field", Self.call("{good}", "\(session), \(session)"), Self.gone),
            .init(
                "a changed byte", Self.call("{good}", String(decoding: changed, as: UTF8.self)), Self.gone),
            .init("a cut code", Self.call("{good}", String(session.dropLast())), Self.gone),
            .init("a second dot", Self.call("{good}", "s-1." + session.dropFirst(3)), Self.gone),
            .init("other case", Self.call("{good}", session.uppercased()), Self.gone),
            .init("256 bytes", Self.call("{good}", "{long=256}"), Self.gone),
            .init("280 bytes", Self.call("{good}", "{long=280}"), Self.gone),
            .init("bytes that are not ASCII", Self.call("{good}", "s-\u{E9}"), Self.gone),
            .init("empty", Self.call("{good}", ""), Self.gone),
            .init(
                "an error names it to another", Self.call(Self.other, target: "/mcp/error"),
                Self.answered(400, for: "other-user")),
            .init(
                "an error names it to its principal, who did not", Self.call(target: "/mcp/error"),
                Self.answered(400, for: "test-user")),
            .init(
                "an error names it to its principal, who did", Self.call("{good}", session, target: "/mcp/error"),
                Self.answered(400, for: "test-user in s-1", line)),
            .init(
                "the answer to a GET names it", Self.call(Self.other, method: "GET", target: "/mcp/begin"),
                Self.answered(for: "other-user")),
        ])
    }
}
