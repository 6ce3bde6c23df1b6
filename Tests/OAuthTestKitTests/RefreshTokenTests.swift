import HTTPMessages
@testable import OAuthTestKit
import Testing
import WireFormat

@Suite("Refresh tokens", .serialized)
struct RefreshTokenTests {
    private typealias Fixture = DevelopmentServerFixture
    private let refused = ["invalid_grant", Refusal.refreshTokenNotAcceptable.sentence]

    private func token(_ answer: Answer) throws -> String {
        try #require(answer.json["refresh_token"]?.string)
    }

    @Test("RFC 6749 §6: a refresh token becomes a new access token and its own successor")
    func rotates() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let first = try await fixture.tokens(for: id)
        fixture.clock.advance(by: .seconds(4_000))
        let second = try await fixture.refresh(id, token(first), [("resource", Fixture.resource)])
        #expect(second.status == .ok)
        #expect(second.json["scope"] == "mcp:use")
        #expect(try token(second) != token(first))
        let claims = try fixture.verified(second.json["access_token"]?.string ?? "")
        #expect(claims["iat"] == 1_700_004_000)
        #expect(claims["sub"] == "developer")
        #expect(try await fixture.refresh(id, token(second)).status == .ok)
    }

    @Test("RFC 9700 §4.14.2: a spent token revokes its family")
    func reuse() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let first = try await fixture.tokens(for: id)
        let second = try await fixture.refresh(id, token(first))
        let third = try await fixture.refresh(id, token(second))
        #expect(try await fixture.refresh(id, token(first)).refusal() == refused)
        #expect(try await fixture.refresh(id, token(third)).refusal() == refused)
    }

    @Test("families are independent")
    func otherFamily() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let one = try await fixture.tokens(for: id)
        let other = try await fixture.tokens(for: id)
        _ = try await fixture.refresh(id, token(one))
        #expect(try await fixture.refresh(id, token(one)).refusal() == refused)
        #expect(try await fixture.refresh(id, token(other)).status == .ok)
    }

    @Test("a token is bound to its client, and survives a stranger's attempt")
    func otherClient() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let tokens = try await fixture.tokens(for: id)
        #expect(try await fixture.refresh(fixture.publicClient(), token(tokens)).refusal() == refused)
        #expect(try await fixture.refresh(id, token(tokens)).status == .ok)
    }

    @Test("nonsense is refused", arguments: ["x", "AAAA", "é", String(repeating: "A", count: 86)])
    func nonsense(token: String) async throws {
        let fixture = try Fixture()
        #expect(try await fixture.refresh(fixture.publicClient(), token).refusal() == refused)
    }

    @Test("a missing token is refused")
    func missing() async throws {
        let fixture = try Fixture()
        let answer = try await fixture.refresh(fixture.publicClient(), "")
        #expect(answer.refusal() == ["invalid_request", Refusal.refreshTokenMissing.sentence])
    }

    @Test("a token lives for its lifetime since its last use")
    func expires() async throws {
        let fixture = try Fixture { $0.refreshTokenLifetime = 100 }
        let id = try await fixture.publicClient()
        let first = try await fixture.tokens(for: id)
        fixture.clock.advance(by: .seconds(99))
        let second = try await fixture.refresh(id, token(first))
        #expect(second.status == .ok)
        fixture.clock.advance(by: .seconds(100))
        #expect(try await fixture.refresh(id, token(second)).refusal() == refused)
    }

    @Test("RFC 6749 §6: fewer scopes may be asked for, more may not; a refused request does not spend the token")
    func narrowsScope() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let request = Fixture.authorizationRequest(id).map { $0.0 == "scope" ? ($0.0, "a b") : $0 }
        let code = try #require(await fixture.authorize(request).redirected["code"])
        let first = try await fixture.form(Fixture.codeRequest(id, code))
        let more = try await fixture.refresh(id, token(first), [("scope", "a c")])
        #expect(more.refusal() == ["invalid_scope", Refusal.scopeNotAllowed.sentence])
        let target = try await fixture.refresh(id, token(first), [("resource", "https://other.example/")])
        #expect(target.refusal() == ["invalid_target", Refusal.resourceNotAllowed.sentence])
        let fewer = try await fixture.refresh(id, token(first), [("scope", "a")])
        #expect(fewer.json["scope"] == "a")
        // The grant keeps all its scopes.
        #expect(try await fixture.refresh(id, token(fewer)).json["scope"] == "a b")
    }

    @Test("100 parallel refreshes of one token: exactly one wins, and the family is revoked")
    func parallel() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let original = try await token(fixture.tokens(for: id))
        let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
            for _ in 0..<100 { group.addTask { @concurrent in try await fixture.refresh(id, original) } }
            return try await group.reduce(into: [Answer]()) { $0.append($1) }
        }
        let winners = answers.filter { $0.status == .ok }
        #expect(winners.count == 1)
        #expect(answers.filter { $0.json["error"] == "invalid_grant" }.count == 99)
        let winner = try #require(winners.first)
        #expect(try await fixture.refresh(id, token(winner)).refusal() == refused)
    }

    @Test("50 parallel redemptions of one code: exactly one wins")
    func parallelCodes() async throws {
        let fixture = try Fixture()
        let id = try await fixture.publicClient()
        let request = Fixture.codeRequest(id, try await fixture.code(for: id))
        let winners = try await withThrowingTaskGroup(of: HTTPStatus.self) { group in
            for _ in 0..<50 { group.addTask { @concurrent in try await fixture.form(request).status } }
            return try await group.reduce(into: 0) { $0 += $1 == .ok ? 1 : 0 }
        }
        #expect(winners == 1)
    }

    @Test("the number of families is bounded: the one that was used longest ago makes room")
    func bounded() async throws {
        let fixture = try Fixture { $0.capacity = 2 }
        let id = try fixture.server.registerClient(
            "app", authentication: .none, grantTypes: [.authorizationCode, .refreshToken],
            redirectURIs: [Fixture.redirectURI]
        ).clientID
        let a = try await fixture.tokens(for: id)
        let b = try await fixture.tokens(for: id)
        let a2 = try await fixture.refresh(id, token(a))
        let c = try await fixture.tokens(for: id)
        #expect(try await fixture.refresh(id, token(b)).refusal() == refused)
        #expect(try await fixture.refresh(id, token(a2)).status == .ok)
        #expect(try await fixture.refresh(id, token(c)).status == .ok)
    }
}
