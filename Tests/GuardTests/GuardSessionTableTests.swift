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
        var response = HTTPResponse.text("for \(principal.subject ?? "nobody")")
        if request.path != "/mcp" { response.fields.append(.mcpSessionID, "s-1") }
        if request.path == "/mcp/error" { response.status = .badRequest }
        return response
    }

    private static func answered(_ status: Int = 200, for subject: String, _ more: String...) -> RowAnswer {
        RowAnswer(status, RowAnswer.passed().lines + more, "for \(subject)")
    }

    private static let other = GuardUnderTest.issuer.token { $0.claims["sub"] = "other-user" }

    @Test("Sessions through a socket and in process: one answer for another's, an unknown and an impossible one")
    func sessions() async throws {
        let issuer = GuardUnderTest.issuer
        let validation = try JWTValidation(issuer: issuer.url, resource: GuardUnderTest.resource)
        let server = try ResourceServer(
            ResourceServerConfiguration(
                resource: GuardUnderTest.resource, requiredScopes: ["mcp:use"]),
            verifier: JWTTokenVerifier(
                [.init(validation, keys: issuer.keySource)], clock: WallClock { GuardUnderTest.now }))
        let guarded = GuardUnderTest(handler: server.protecting { Self.answer($0, $1) })
        let session = "Mcp-Session-Id: s-1"
        try await RowPaths(guarded: guarded).check([
            .init("nobody has begun it", Self.call("{good}", "s-1"), Self.gone),
            .init(
                "the handler begins one", Self.call(target: "/mcp/begin"),
                Self.answered(for: "test-user", session)),
            .init("its principal uses it", Self.call("{good}", "s-1"), .passed()),
            .init("and may do without", Self.call(), .passed()),
            .init("another principal", Self.call(Self.other, "s-1"), Self.gone),
            .init("an unknown one", Self.call(Self.other, "s-2"), Self.gone),
            .init("another principal, GET", Self.call(Self.other, "s-1", method: "GET"), Self.gone),
            .init("another principal, DELETE", Self.call(Self.other, "s-1", method: "DELETE"), Self.gone),
            .init("another principal, HEAD", Self.call(Self.other, "s-1", method: "HEAD"), Self.gone.bodiless),
            .init("no principal", RowRequest("POST", "/mcp", ("Mcp-Session-Id", "s-1")), .unauthorized()),
            .init("a bad token", Self.call("{expired}", "s-1"), .invalidToken()),
            .init("a token without the scope", Self.call("{noScopes}", "s-1"), .insufficientScope("mcp:use")),
            .init("two fields", Self.call("{good}", "s-1", "s-1"), Self.severalSessions),
            .init("two in one field", Self.call("{good}", "s-1, s-1"), Self.gone),
            .init("256 bytes", Self.call("{good}", "{long=256}"), Self.gone),
            .init("257 bytes", Self.call("{good}", "{long=257}"), Self.gone),
            .init("bytes that are not ASCII", Self.call("{good}", "s-\u{E9}"), Self.gone),
            .init("empty", Self.call("{good}", ""), Self.gone),
            .init(
                "a second principal is given the same", Self.call(Self.other, target: "/mcp/begin"),
                Self.answered(for: "other-user")),
            .init(
                "an error names it to another", Self.call(Self.other, target: "/mcp/error"),
                Self.answered(400, for: "other-user")),
            .init(
                "an error names it to its principal, who did not", Self.call(target: "/mcp/error"),
                Self.answered(400, for: "test-user")),
            .init(
                "an error names it to its principal, who did", Self.call("{good}", "s-1", target: "/mcp/error"),
                Self.answered(400, for: "test-user", session)),
            .init("after all that it is still its principal's", Self.call("{good}", "s-1"), .passed()),
        ])
    }
}
