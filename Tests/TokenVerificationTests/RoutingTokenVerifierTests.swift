import JOSE
import OAuthMetadata
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@testable import TokenVerification

@Suite("RoutingTokenVerifier", .serialized)
struct RoutingTokenVerifierTests {
    /// A verifier that knows one token and records the tokens that it gets.
    private final class Opaque: TokenVerifier {
        private let seen = Mutex<[String]>([])
        private let answer: @Sendable () throws(TokenRejection) -> AccessToken

        init(_ answer: @escaping @Sendable () throws(TokenRejection) -> AccessToken) { self.answer = answer }

        var asked: [String] { seen.withLock { $0 } }

        func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
            seen.withLock { $0.append(String(decoding: token.bytes, as: UTF8.self)) }
            return try answer()
        }
    }

    /// Making keys takes long, so that all tests share the issuers.
    private static let clock = WallClock { 1_800_000_000 }
    private static let issuer = FakeIssuer(audience: "https://mcp.example/mcp", clock: clock)
    private static let stranger = FakeIssuer(
        "https://stranger.example", audience: "https://mcp.example/mcp", algorithms: [.es256, .ps256], clock: clock)

    private struct Fixture {
        let issuer: FakeIssuer
        let stranger: FakeIssuer
        let opaque: Opaque
        let pass: StaticToken
        let verifier: RoutingTokenVerifier

        init(
            foreignJWTs: RoutingTokenVerifier.ForeignJWTs = .refused, withJWT: Bool = true, withOpaque: Bool = true,
            withStatic: Bool = true
        ) throws {
            let issuer = RoutingTokenVerifierTests.issuer
            stranger = RoutingTokenVerifierTests.stranger
            let claims = try JSONDocument(parsing: Array(#"{"sub":"opaque"}"#.utf8))
            let opaque = Opaque { AccessToken(issuer: nil, expiresAt: nil, claims: claims) }
            pass = try #require(StaticToken(name: "pass", scopes: ScopeSet()))
            self.issuer = issuer
            self.opaque = opaque
            let jwt = try JWTTokenVerifier(
                [
                    .init(
                        try JWTValidation(issuer: issuer.url, resource: "https://mcp.example/mcp"),
                        keys: issuer.keySource)
                ], clock: RoutingTokenVerifierTests.clock)
            let list = try StaticTokenList(parsing: Array(pass.line.utf8))
            verifier = try RoutingTokenVerifier(
                jwt: withJWT ? jwt : nil, opaque: withOpaque ? opaque : nil,
                staticTokens: withStatic ? StaticTokenVerifier(list) : nil, foreignJWTs: foreignJWTs)
        }

        /// The subject of the token, or the code of the refusal.
        func outcome(_ token: String) async -> String {
            do throws(TokenRejection) {
                return try await verifier.verify(PresentedToken(Array(token.utf8))).subject ?? "nobody"
            } catch {
                return error.code
            }
        }
    }

    @Test("Each kind of token has its verifier")
    func kinds() async throws {
        let fixture = try Fixture()
        #expect(await fixture.outcome(fixture.issuer.token()) == "test-user")
        #expect(await fixture.outcome(fixture.pass.text) == "pass")
        #expect(fixture.opaque.asked.isEmpty)
        #expect(await fixture.outcome("opaque") == "opaque")
        #expect(fixture.opaque.asked == ["opaque"])
    }

    @Test("A JWT that its verifier refuses goes nowhere else", arguments: TokenDefect.allCases)
    func refusedJWT(defect: TokenDefect) async throws {
        let fixture = try Fixture()
        let token = fixture.issuer.token(with: defect)
        _ = await fixture.outcome(token)
        #expect(fixture.opaque.asked.isEmpty)
    }

    @Test("A refusal and an outage of one verifier are the answer; no other is asked")
    func answerStands() async throws {
        let fixture = try Fixture()
        #expect(await fixture.outcome(fixture.issuer.token(with: .expired)) == "exp_expired")
        let down = Opaque { () throws(TokenRejection) in throw .unavailable(.introspection, retryAfter: 3) }
        let verifier = try RoutingTokenVerifier(
            opaque: down,
            staticTokens: StaticTokenVerifier(try StaticTokenList(parsing: Array(fixture.pass.line.utf8))))
        await #expect(throws: TokenRejection.unavailable(.introspection, retryAfter: 3)) {
            try await verifier.verify(PresentedToken(Array("opaque".utf8)))
        }
        #expect(down.asked == ["opaque"])
    }

    @Test("A JWT of an issuer that is not configured is refused without I/O")
    func foreign() async throws {
        let fixture = try Fixture()
        #expect(await fixture.outcome(fixture.stranger.token()) == "unknown_issuer")
        #expect(fixture.opaque.asked.isEmpty)
        let opaqueOnly = try Fixture(withJWT: false)
        #expect(await opaqueOnly.outcome(opaqueOnly.issuer.token()) == "unknown_issuer")
        #expect(opaqueOnly.opaque.asked.isEmpty)
    }

    @Test("Foreign JWTs can be treated as opaque, whatever their algorithm; those of a known issuer never are")
    func foreignAsOpaque() async throws {
        let fixture = try Fixture(foreignJWTs: .opaque)
        let tokens = [fixture.stranger.token(), fixture.stranger.token(algorithm: .ps256)]
        for token in tokens { #expect(await fixture.outcome(token) == "opaque") }
        #expect(fixture.opaque.asked == tokens)
        #expect(await fixture.outcome(fixture.issuer.token()) == "test-user")
        #expect(await fixture.outcome(fixture.issuer.token(with: .alteredSignature)) == "bad_signature")
        // A token without a readable issuer is routed to no verifier.
        #expect(await fixture.outcome(fixture.stranger.token { $0.claims["iss"] = nil }) == "iss_missing")
        #expect(await fixture.outcome("e30.!.AA") == "alg_missing")
        #expect(fixture.opaque.asked.count == 2)
        let opaqueOnly = try Fixture(foreignJWTs: .opaque, withJWT: false)
        #expect(await opaqueOnly.outcome(opaqueOnly.issuer.token()) == "opaque")
    }

    @Test(
        "What begins like a JWT is one, however broken, and is not sent anywhere",
        arguments: [
            "eyJhbGciOiJub25lIn0.e30.", "e30.e30.AA", "e30..", "IHsK.x.y", "CXsgfQ.x.y", "eyJhbGciOiJIUzI1NiJ9.x.y",
        ])
    func brokenJWT(token: String) async throws {
        let fixture = try Fixture()
        let code = await fixture.outcome(token)
        #expect(code.hasPrefix("token_") || code.hasPrefix("alg_") || code.hasPrefix("header_"), "\(code)")
        #expect(fixture.opaque.asked.isEmpty)
    }

    @Test(
        "What does not is opaque, dots or not",
        arguments: [
            "a", "ory_at_x.y", "a.b.c", "e30.e30", "e30.e30.AA.e30", "e30.a.b.c.d", "..", "e31.e30.A", "W10.e30.AA",
            "IiI.e30.AA",
        ])
    func opaque(token: String) async throws {
        let fixture = try Fixture()
        #expect(await fixture.outcome(token) == "opaque")
        #expect(fixture.opaque.asked == [token])
    }

    @Test("What begins like a static token and is none stays here")
    func staticPrefix() async throws {
        let fixture = try Fixture()
        let other = try #require(StaticToken(name: "other", scopes: ScopeSet()))
        #expect(await fixture.outcome(other.text) == "static_token_unknown")
        #expect(fixture.opaque.asked.isEmpty)
    }

    @Test("A static token is known by its hash, whatever its form")
    func staticForm() async throws {
        let hash = Digest.sha256(Array("e30.e30.AA".utf8)).flatMap { byte in
            [byte >> 4, byte & 15].map { String($0, radix: 16) }
        }
        let list = try StaticTokenList(parsing: Array("jwt-like:\(hash.joined())".utf8))
        let verifier = try RoutingTokenVerifier(
            opaque: Opaque { () throws(TokenRejection) in throw .invalid(.inactive) },
            staticTokens: StaticTokenVerifier(list))
        #expect(try await verifier.verify(PresentedToken(Array("e30.e30.AA".utf8))).subject == "jwt-like")
    }

    @Test("A kind without a verifier is refused")
    func unknownKind() async throws {
        let fixture = try Fixture(withOpaque: false)
        #expect(await fixture.outcome("opaque") == "token_of_unknown_kind")
        #expect(await fixture.outcome(fixture.stranger.token()) == "unknown_issuer")
    }

    @Test("Without any verifier, and for foreign JWTs without a verifier of opaque ones, there is none of this")
    func configuration() throws {
        #expect(throws: ConfigurationError.self) { try RoutingTokenVerifier() }
        #expect(
            throws: ConfigurationError([
                .init("foreignJWTs", "is .opaque without a verifier of opaque tokens", "give one, or choose .refused")
            ])
        ) { try Fixture(foreignJWTs: .opaque, withOpaque: false) }
    }
}
