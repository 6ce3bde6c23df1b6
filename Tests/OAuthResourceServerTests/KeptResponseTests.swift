import HTTPMessages
import OAuthTestKit
import Testing
import WireFormat

@testable import OAuthResourceServer

/// What a program gets that keeps, logs or dumps a response of the guard.
@Suite("A response that is kept", .serialized)
struct KeptResponseTests {
    private final class Canary: Sendable {}

    private static let sessionKey = "0123456789abcdef0123456789abcdef"

    /// The response to a request whose body holds the canary.
    private func response(_ canary: Canary) async throws -> HTTPResponse {
        let keys = try SessionKeys(current: Array(Self.sessionKey.utf8))
        let fixture = try GuardFixture { $0.sessions = .bound(keys) }
        let token = GuardFixture.issuer.token { $0.claims["sub"] = "alice-the-subject" }
        var request = HTTPRequest(
            method: .post, target: "/mcp",
            body: HTTPRequest.Body(next: { () async throws(HTTPRequest.Body.ReadError) -> [UInt8]? in
                withExtendedLifetime(canary) { nil }
            }))
        request.fields[.host] = "mcp.example"
        request.fields[.authorization] = HTTPFields.Value("Bearer \(token)")
        return try await fixture.server.protecting { _, _ in .text("hello") }.respond(to: request)
    }

    @Test("It names the principal, and keeps nothing of the request")
    func retention() async throws {
        weak var canary: Canary?
        let response: HTTPResponse
        do {
            let kept = Canary()
            canary = kept
            response = try await self.response(kept)
        }
        #expect(response.status == .ok && response.principalID == "alice-the-subject")
        #expect(canary == nil)
    }

    @Test("Its dump shows no claim, no token and no key")
    func dumped() async throws {
        let response = try await response(Canary())
        var text = ""
        dump(response, to: &text)
        text += "\(response)" + String(reflecting: response)
        #expect(!text.contains("alice-the-subject") && !text.contains("Bearer ") && !text.contains("issuer.example"))
        #expect(!text.contains("SessionSeal") && !text.contains("Admission"))
    }

    @Test("A dump of what seals sessions shows no key")
    func seal() throws {
        let keys = try SessionKeys(current: [UInt8](repeating: 0xD7, count: 32))
        let sessions = try #require(
            BoundSessions(GuardFixture { $0.sessions = .bound(keys) }.server.configuration))
        var text = ""
        dump(sessions, to: &text)
        #expect(!text.contains("215"))
    }
}
