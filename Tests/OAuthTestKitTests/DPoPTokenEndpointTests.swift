import HTTPMessages
@testable import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("Development authorization server: DPoP")
struct DPoPTokenEndpointTests {
    private typealias Fixture = DevelopmentServerFixture
    private static let endpoint = Fixture.issuerURL + "/token"

    private static func fixture(
        _ mode: DevelopmentAuthorizationServer.DPoP = .optional, nonces: DPoPNonces? = nil
    ) throws -> Fixture {
        try Fixture {
            $0.dpop = mode
            $0.dpopNonces = nonces
        }
    }

    /// The type of an issued token, and the key to which it is bound.
    private func binding(_ answer: Answer, _ fixture: Fixture) throws -> [String?] {
        let parts = try #require(answer.json["access_token"]?.string).split(separator: ".")
        let payload = try #require(Base64URL.decode(String(parts[1])))
        return [answer.json["token_type"]?.string, try JSONValue(parsing: payload)["cnf"]?["jkt"]?.string]
    }

    private func refresh(
        _ fixture: Fixture, _ id: String, after answer: Answer, proofs: [String] = []
    ) async throws -> Answer {
        let token = try #require(answer.json["refresh_token"]?.string)
        return try await fixture.form(
            [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", id)], proofs: proofs)
    }

    @Test("RFC 9449 §5: a code and a proof become a token that is bound to the key of the proof")
    func code() async throws {
        for mode in [DevelopmentAuthorizationServer.DPoP.optional, .required] {
            let fixture = try Self.fixture(mode)
            let key = DPoPKey(clock: fixture.clock.wallClock)
            let id = try await fixture.publicClient()
            let request = Fixture.codeRequest(id, try await fixture.code(for: id))
            let answer = try await fixture.form(request, proofs: [key.proof(.post, Self.endpoint)])
            #expect(answer.status == .ok)
            #expect(try binding(answer, fixture) == ["DPoP", key.thumbprint])
        }
    }

    @Test("client credentials and a proof become a bound token")
    func clientCredentials() async throws {
        let fixture = try Self.fixture()
        let key = DPoPKey(.edDSA, clock: fixture.clock.wallClock)
        let client = try fixture.server.registerClient("machine")
        let answer = try await fixture.form(
            [("grant_type", "client_credentials"), ("resource", Fixture.resource)],
            basic: (client.clientID, client.clientSecret ?? ""), proofs: [key.proof(.post, Self.endpoint)])
        #expect(try binding(answer, fixture) == ["DPoP", key.thumbprint])
    }

    @Test("optional: without a proof, the token is a bearer token")
    func optional() async throws {
        let fixture = try Self.fixture()
        let answer = try await fixture.tokens(for: fixture.publicClient())
        #expect(try binding(answer, fixture) == ["Bearer", nil])
    }

    @Test("required: without a proof, a request is refused, and its code stays good")
    func required() async throws {
        let fixture = try Self.fixture(.required)
        let key = DPoPKey(clock: fixture.clock.wallClock)
        let id = try await fixture.publicClient()
        let request = Fixture.codeRequest(id, try await fixture.code(for: id))
        #expect(try await fixture.form(request).refusal() == ["invalid_dpop_proof", Refusal.proofMissing.sentence])
        let proof = key.proof(.post, Self.endpoint)
        #expect(try await fixture.form(request, proofs: [proof]).status == .ok)
    }

    @Test("off: proofs and dpop_jkt are ignored, and the metadata do not mention DPoP")
    func off() async throws {
        let fixture = try Self.fixture(.off, nonces: DPoPNonces())
        let id = try await fixture.publicClient()
        let authorization = try await fixture.authorize(
            Fixture.authorizationRequest(id) + [("dpop_jkt", "malformed")])
        let code = try #require(authorization.redirected["code"])
        let answer = try await fixture.form(Fixture.codeRequest(id, code), proofs: ["malformed", "twice"])
        #expect(try binding(answer, fixture) == ["Bearer", nil])
        #expect(answer.fields.values(of: .dpopNonce).isEmpty)
        #expect(fixture.server.metadata.dpopSigningAlgorithms.isEmpty)
    }

    @Test("RFC 9449 §5.1: the metadata name the algorithms of proofs")
    func metadata() throws {
        #expect(try Self.fixture().server.metadata.dpopSigningAlgorithms.contains("ES256"))
    }

    @Test(
        "RFC 9449 §5: every defect of a proof is refused with invalid_dpop_proof and its own reason",
        arguments: DPoPProof.Defect.allCases.filter { !$0.needsToken && $0 != .absent && $0 != .empty })
    func defects(defect: DPoPProof.Defect) async throws {
        let fixture = try Self.fixture()
        let key = DPoPKey(clock: fixture.clock.wallClock)
        let id = try await fixture.publicClient()
        let request = Fixture.codeRequest(id, try await fixture.code(for: id))
        let answer = try await fixture.form(request, proofs: key.proofs(with: defect, .post, Self.endpoint))
        #expect(
            answer.refusal() == [
                "invalid_dpop_proof",
                Refusal.proofNotAcceptable.sentence + " The reason is \(defect.rejection.code).",
            ])
        #expect(answer.status == .badRequest)
        // The code is still good.
        #expect(try await fixture.form(request, proofs: [key.proof(.post, Self.endpoint)]).status == .ok)
    }

    @Test("an empty DPoP field is not a proof")
    func empty() async throws {
        let fixture = try Self.fixture()
        let request = Fixture.codeRequest("app", "code")
        #expect(
            try await fixture.form(request, proofs: [""]).refusal() == [
                "invalid_dpop_proof", Refusal.proofMissing.sentence,
            ])
    }

    @Test("a proof is used once")
    func replay() async throws {
        let fixture = try Self.fixture()
        let key = DPoPKey(clock: fixture.clock.wallClock)
        let id = try await fixture.publicClient()
        let proof = key.proof(.post, Self.endpoint)
        let first = try await fixture.form(
            Fixture.codeRequest(id, fixture.code(for: id)), proofs: [proof])
        #expect(first.status == .ok)
        let second = try await fixture.form(
            Fixture.codeRequest(id, fixture.code(for: id)), proofs: [proof])
        #expect(second.json["error"] == "invalid_dpop_proof")
        #expect(second.json["error_description"]?.string?.contains("dpop_replayed") == true)
    }

    @Test("a store that cannot decide: 503")
    func store() async throws {
        struct Down: ReplayStore {
            func record(
                _ identifier: ReplayIdentifier, for lifetime: Duration
            ) async throws(ReplayStoreError) -> ReplayVerdict { throw .unavailable }
        }
        let fixture = try Fixture {
            $0.dpop = .optional
            $0.dpopReplayStore = Down()
        }
        let key = DPoPKey(clock: fixture.clock.wallClock)
        let answer = try await fixture.form(
            Fixture.codeRequest("app", "code"), proofs: [key.proof(.post, Self.endpoint)])
        #expect(answer.refusal(.serviceUnavailable) == ["temporarily_unavailable", Refusal.proofUndecided.sentence])
    }

    @Test("RFC 9449 §8: without the nonce, a request is refused with one, and the assertion or code stays good")
    func nonces() async throws {
        let fixture = try Self.fixture(nonces: DPoPNonces())
        let key = DPoPKey(clock: fixture.clock.wallClock)
        let id = try await fixture.publicClient()
        let request = Fixture.codeRequest(id, try await fixture.code(for: id))
        let first = try await fixture.form(request, proofs: [key.proof(.post, Self.endpoint)])
        #expect(first.status == .badRequest)
        #expect(first.refusal() == ["use_dpop_nonce", Refusal.proofNonce.sentence])
        #expect(first.fields.values(of: .cacheControl).map(\.string) == ["no-store"])
        let nonce = try #require(first.fields.values(of: .dpopNonce).first?.string)
        let second = try await fixture.form(request, proofs: [key.proof(.post, Self.endpoint, nonce: nonce)])
        #expect(try binding(second, fixture) == ["DPoP", key.thumbprint])
        // RFC 9449 §8.2: the nonce of the next proof.
        fixture.clock.advance(by: .seconds(200))
        let third = try await refresh(
            fixture, id, after: second,
            proofs: [key.proof(.post, Self.endpoint, nonce: second.fields.values(of: .dpopNonce).first?.string)])
        #expect(third.status == .ok)
        fixture.clock.advance(by: .seconds(301))
        let stale = try await refresh(
            fixture, id, after: third,
            proofs: [key.proof(.post, Self.endpoint, nonce: third.fields.values(of: .dpopNonce).first?.string)])
        #expect(stale.json["error"] == "use_dpop_nonce")
    }

    @Test("a page of this machine may send a proof and read the nonce")
    func pages() async throws {
        let fixture = try Self.fixture(nonces: DPoPNonces())
        let origin: [(HTTPFields.Name, String)] = [(.origin, "http://127.0.0.1:5173")]
        let preflight = try await fixture.send(.options, "/token", origin)
        #expect(
            preflight.fields.values(of: .accessControlAllowHeaders).first?.string?.contains("DPoP") == true)
        let answer = try await fixture.send(
            .post, "/token", origin + [(.contentType, "application/x-www-form-urlencoded")])
        #expect(answer.fields.values(of: .accessControlExposeHeaders).map(\.string) == ["DPoP-Nonce"])
    }

    @Test("RFC 9449 §10: dpop_jkt binds the code to a key")
    func boundCode() async throws {
        let fixture = try Self.fixture()
        let key = DPoPKey(clock: fixture.clock.wallClock)
        let other = DPoPKey(clock: fixture.clock.wallClock)
        let id = try await fixture.publicClient()
        let authorization = try await fixture.authorize(
            Fixture.authorizationRequest(id) + [("dpop_jkt", key.thumbprint)])
        let request = Fixture.codeRequest(id, try #require(authorization.redirected["code"]))
        #expect(try await fixture.form(request).refusal() == ["invalid_dpop_proof", Refusal.proofMissing.sentence])
        #expect(
            try await fixture.form(request, proofs: [other.proof(.post, Self.endpoint)]).refusal() == [
                "invalid_grant", Refusal.proofOfOtherKey.sentence,
            ])
        let answer = try await fixture.form(request, proofs: [key.proof(.post, Self.endpoint)])
        #expect(try binding(answer, fixture) == ["DPoP", key.thumbprint])
    }

    @Test(
        "a malformed dpop_jkt is refused by redirection",
        arguments: ["x", String(repeating: "A", count: 42), String(repeating: "A", count: 44)])
    func malformedThumbprint(thumbprint: String) async throws {
        let fixture = try Self.fixture()
        let id = try await fixture.publicClient()
        let answer = try await fixture.authorize(Fixture.authorizationRequest(id) + [("dpop_jkt", thumbprint)])
        #expect(answer.redirected["error"] == "invalid_request")
        #expect(answer.redirected["error_description"] == Refusal.malformedThumbprint.sentence)
    }

    @Test("RFC 9449 §5: the refresh token of a public client is bound to its key, and its successors too")
    func publicRefresh() async throws {
        let fixture = try Self.fixture()
        let key = DPoPKey(clock: fixture.clock.wallClock)
        let other = DPoPKey(clock: fixture.clock.wallClock)
        let id = try await fixture.publicClient()
        var tokens = try await fixture.form(
            Fixture.codeRequest(id, fixture.code(for: id)), proofs: [key.proof(.post, Self.endpoint)])
        for _ in 0..<2 {
            #expect(
                try await refresh(fixture, id, after: tokens).refusal() == [
                    "invalid_dpop_proof", Refusal.proofMissing.sentence,
                ])
            let stolen = try await refresh(
                fixture, id, after: tokens, proofs: [other.proof(.post, Self.endpoint)])
            #expect(stolen.refusal() == ["invalid_grant", Refusal.proofOfOtherKey.sentence])
            // Neither attempt has used the token up.
            tokens = try await refresh(fixture, id, after: tokens, proofs: [key.proof(.post, Self.endpoint)])
            #expect(try binding(tokens, fixture) == ["DPoP", key.thumbprint])
        }
    }

    @Test("a public client that proves a key later binds its refresh tokens from then on")
    func lateBinding() async throws {
        let fixture = try Self.fixture()
        let key = DPoPKey(clock: fixture.clock.wallClock)
        let id = try await fixture.publicClient()
        let first = try await fixture.tokens(for: id)
        let second = try await refresh(fixture, id, after: first, proofs: [key.proof(.post, Self.endpoint)])
        #expect(try binding(second, fixture) == ["DPoP", key.thumbprint])
        #expect(try await refresh(fixture, id, after: second).json["error"] == "invalid_dpop_proof")
    }

    @Test("RFC 9449 §5: the refresh token of a client with a secret is bound to the client, not to a key")
    func confidentialRefresh() async throws {
        let fixture = try Self.fixture()
        let client = try fixture.server.registerClient(
            "app", grantTypes: [.authorizationCode, .refreshToken], redirectURIs: [Fixture.redirectURI])
        let basic = (client.clientID, client.clientSecret ?? "")
        let code = Fixture.codeRequest(client.clientID, try await fixture.code(for: client.clientID))
        let first = try await fixture.form(
            code, basic: basic, proofs: [DPoPKey(clock: fixture.clock.wallClock).proof(.post, Self.endpoint)])
        #expect(first.json["token_type"] == "DPoP")
        let next = DPoPKey(clock: fixture.clock.wallClock)
        let token = try #require(first.json["refresh_token"]?.string)
        let second = try await fixture.form(
            [("grant_type", "refresh_token"), ("refresh_token", token)], basic: basic,
            proofs: [next.proof(.post, Self.endpoint)])
        #expect(try binding(second, fixture) == ["DPoP", next.thumbprint])
    }

    @Test("RFC 9449 §5.2: a client registers that all its tokens are bound")
    func registration() async throws {
        let metadata: JSONDocument.Object = [
            "redirect_uris": [.string(Fixture.redirectURI)], "token_endpoint_auth_method": "none",
            "dpop_bound_access_tokens": true,
        ]
        let fixture = try Self.fixture()
        let answer = try await fixture.register(metadata)
        #expect(answer.json["dpop_bound_access_tokens"] == true)
        let id = try #require(answer.json["client_id"]?.string)
        let request = Fixture.codeRequest(id, try await fixture.code(for: id))
        #expect(try await fixture.form(request).refusal() == ["invalid_dpop_proof", Refusal.proofMissing.sentence])

        var malformed = metadata
        malformed["dpop_bound_access_tokens"] = "true"
        #expect(try await fixture.register(malformed).json["error"] == "invalid_client_metadata")
        // Without DPoP, the member means nothing.
        let off = try Self.fixture(.off)
        let bearer = try await off.register(metadata)
        #expect(bearer.json["dpop_bound_access_tokens"] == nil)
        #expect(try await off.tokens(for: #require(bearer.json["client_id"]?.string)).json["token_type"] == "Bearer")
    }
}
