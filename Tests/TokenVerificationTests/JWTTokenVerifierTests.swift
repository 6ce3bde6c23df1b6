import HTTPMessages
import JOSE
import OAuthTestKit
import Synchronization
import Testing
import TokenVerification
import WireFormat

@Suite("JWTTokenVerifier", .serialized)
struct JWTTokenVerifierTests {
    /// Counts the requests for keys.
    private final class CountingSource: KeySource {
        private let counts = Mutex((present: 0, asked: [KeyNeed]()))
        private let present: JSONWebKeySet?
        private let answer: Result<JSONWebKeySet, KeySourceError>

        init(present: JSONWebKeySet?, answer: Result<JSONWebKeySet, KeySourceError>) {
            self.present = present
            self.answer = answer
        }

        var asked: [KeyNeed] { counts.withLock { $0.asked } }
        var looks: Int { counts.withLock { $0.present } }

        func presentKeys() -> JSONWebKeySet? {
            counts.withLock { $0.present += 1 }
            return present
        }

        func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet {
            counts.withLock { $0.asked.append(need) }
            return try answer.get()
        }
    }

    private static func keys(_ issuer: FakeIssuer = IssuerFixture.issuer) throws -> JSONWebKeySet {
        try JSONWebKeySet(parsing: JSONValue.object(issuer.jwks).encoded(), issuer: issuer.url)
    }

    private func rejection(_ token: String, _ source: any KeySource) async throws -> TokenRejection? {
        let verifier = try IssuerFixture.verifier(keys: source)
        do throws(TokenRejection) {
            _ = try await verifier.verify(PresentedToken(Array(token.utf8)))
            return nil
        } catch {
            return error
        }
    }

    @Test("The header is judged first: with an alg or typ that no issuer accepts, the claims are not read")
    func headerFirst() async throws {
        let source = CountingSource(present: try Self.keys(), answer: .failure(KeySourceError(retryAfter: 9)))
        func rejection(ofHeader header: String) async throws -> TokenRejection? {
            // These claims are not JSON: a verifier that reads them refuses the token for that.
            try await self.rejection("\(Base64URL.encode(Array(header.utf8))).AAAA.AAAA", source)
        }
        for alg in ["HS256", "none", "ES384"] {
            #expect(
                try await rejection(ofHeader: #"{"alg":"\#(alg)"}"#) == .invalid(.jwt(.header(.algorithmNotAllowed))))
        }
        #expect(
            try await rejection(ofHeader: #"{"alg":"ES256","typ":"dpop+jwt"}"#) == .invalid(.jwt(.header(.type))))
        #expect(
            try await rejection(ofHeader: #"{"alg":"ES256","typ":"at+jwt"}"#)
                == .invalid(.jwt(.malformed(.payloadJSON))))
        #expect(source.looks == 0)
    }

    @Test("A token with a known key never asks for a fetch")
    func knownKey() async throws {
        let source = CountingSource(present: try Self.keys(), answer: .failure(KeySourceError(retryAfter: 9)))
        #expect(try await rejection(IssuerFixture.issuer.token(), source) == nil)
        #expect(source.asked == [])
    }

    @Test(
        "POLICY §1: a token whose form, alg, typ or iss is not acceptable causes no look at keys and no fetch",
        arguments: [
            (TokenDefect.unsecured, "token_parts"), (.algorithmNone, "alg_not_allowed"),
            (.criticalHeader, "crit_present"),
            (.foreignIssuer, "unknown_issuer"),
        ])
    func noFetch(defect: TokenDefect, code: String) async throws {
        let source = CountingSource(present: nil, answer: .success(try Self.keys()))
        let rejection = try await rejection(IssuerFixture.issuer.token(with: defect), source)
        #expect(rejection?.code == code)
        #expect(source.asked == [])
        #expect(source.looks == 0)
    }

    @Test("An unknown key asks once; a newer set that has it decides, and so does the same set again")
    func unknownKey() async throws {
        let stale = CountingSource(
            present: JSONWebKeySet([], issuer: IssuerFixture.issuer.url), answer: .success(try Self.keys()))
        #expect(try await rejection(IssuerFixture.issuer.token(), stale) == nil)
        #expect(stale.asked == [.unknownKey])
        let keys = try Self.keys()
        let still = CountingSource(present: keys, answer: .success(keys))
        let token = IssuerFixture.issuer.token { $0.header["kid"] = "unknown" }
        #expect(try await rejection(token, still) == .invalid(.jwt(.key(.unknown))))
        #expect(still.asked == [.unknownKey])
    }

    @Test("A newer set without the key, and the first set without it, are followed by one more question")
    func askedAgain() async throws {
        let token = IssuerFixture.issuer.token { $0.header["kid"] = "unknown" }
        let newer = CountingSource(present: try Self.keys(), answer: .success(try Self.keys()))
        #expect(try await rejection(token, newer) == .invalid(.jwt(.key(.unknown))))
        #expect(newer.asked == [.unknownKey, .unknownKey])
        let first = CountingSource(present: nil, answer: .success(try Self.keys()))
        #expect(try await rejection(token, first) == .invalid(.jwt(.key(.unknown))))
        #expect(first.asked == [.noKeys, .unknownKey])
    }

    @Test("POLICY §6: a kid of another algorithm asks for nothing")
    func noRefetch() async throws {
        let source = CountingSource(present: try Self.keys(), answer: .success(try Self.keys()))
        let keyID = IssuerFixture.issuer.jwks["keys"]?.array?.first { $0["alg"] == "RS256" }?["kid"]
        let mismatch = IssuerFixture.issuer.token(algorithm: .es256) { $0.header["kid"] = keyID }
        #expect(try await rejection(mismatch, source) == .invalid(.jwt(.key(.algorithmMismatch))))
        #expect(source.asked == [])
    }

    @Test("POLICY §6: a bad signature asks once; a newer set decides, and without one it stays bad")
    func badSignature() async throws {
        let token = IssuerFixture.issuer.token { $0.signature = .foreignKey }
        let present = try Self.keys()
        let answers: [Result<JSONWebKeySet, KeySourceError>] = [
            .success(present), .success(try Self.keys()), .failure(KeySourceError(retryAfter: 9)),
        ]
        for answer in answers {
            let source = CountingSource(present: present, answer: answer)
            #expect(try await rejection(token, source) == .invalid(.jwt(.badSignature)))
            #expect(source.asked == [.badSignature])
        }
        let first = CountingSource(present: nil, answer: .success(present))
        #expect(try await rejection(token, first) == .invalid(.jwt(.badSignature)))
        #expect(first.asked == [.noKeys, .badSignature])
        // A newer set without the key: whether the issuer still has it is another question.
        let without = CountingSource(
            present: present, answer: .success(JSONWebKeySet([], issuer: IssuerFixture.issuer.url)))
        #expect(try await rejection(token, without) == .invalid(.jwt(.key(.unknown))))
        #expect(without.asked == [.badSignature, .unknownKey])
    }

    @Test("No keys and none to be had: unavailable with the source's wait, never invalid")
    func noKeys() async throws {
        let source = CountingSource(present: nil, answer: .failure(KeySourceError(retryAfter: 9)))
        #expect(try await rejection(IssuerFixture.issuer.token(), source) == .unavailable(.keys, retryAfter: 9))
        #expect(source.asked == [.noKeys])
    }

    @Test("Several issuers: keys and audience belong to the issuer of the token")
    func severalIssuers() async throws {
        let one = IssuerFixture.issuer
        let two = IssuerFixture.stranger
        let verifier = try JWTTokenVerifier(
            [
                .init(try JWTValidation(issuer: one.url, resource: IssuerFixture.resource), keys: one.keySource),
                .init(try JWTValidation(issuer: two.url, resource: "https://two.example"), keys: two.keySource),
            ], clock: WallClock { IssuerFixture.now })
        func code(_ token: String) async -> String? {
            do throws(TokenRejection) {
                _ = try await verifier.verify(PresentedToken(Array(token.utf8)))
                return nil
            } catch {
                return error.code
            }
        }
        #expect(await code(one.token()) == nil)
        #expect(await code(two.token()) == "aud_mismatch")
        #expect(await code(two.token(audience: "https://two.example")) == nil)
        #expect(await code(one.token(audience: "https://two.example")) == "aud_mismatch")
        // The issuer of the token decides which key is used.
        let keyID = try JWTTokenVerifierTests.keys(two).keys.first?.keyID
        #expect(
            await code(
                one.token {
                    $0.header["kid"] = keyID.map { .string($0) }
                    $0.claims["iss"] = .string(two.url); $0.claims["aud"] = "https://two.example"
                }) == "bad_signature")
        #expect(await code(one.token { $0.claims["iss"] = nil }) == "iss_missing")
        #expect(await code(one.token { $0.claims["iss"] = [.string(one.url)] }) == "iss_wrong_type")
    }

    @Test(
        "An issuer that is nearly the configured one is refused, and the operator learns the difference",
        arguments: [
            ("https://issuer.example/", "issuer_differs_by_trailing_slash"),
            ("https://ISSUER.example", "issuer_differs_by_letter_case"),
            ("https://issuer.example:443", "issuer_differs_by_default_port"),
            ("http://issuer.example", "issuer_differs_by_scheme"), ("https://issuer.example.evil", "unknown_issuer"),
            ("https://issuer.example//", "unknown_issuer"), ("issuer.example", "unknown_issuer"),
            ("", "unknown_issuer"),
        ])
    func nearMiss(issuer: String, code: String) async throws {
        let token = IssuerFixture.issuer.token { $0.claims["iss"] = .string(issuer) }
        #expect(try await rejection(token, StaticKeySource(try Self.keys()))?.code == code)
    }

    @Test("RFC 8725 §3.8: a key set of another issuer verifies nothing")
    func foreignKeySet() async throws {
        let foreign = JSONWebKeySet(try Self.keys().keys, issuer: "https://other.example")
        #expect(
            try await rejection(IssuerFixture.issuer.token(), StaticKeySource(foreign))
                == .invalid(.jwt(.key(.foreignIssuer))))
    }

    @Test("A verifier without issuers, or with one twice, cannot be made")
    func configuration() throws {
        let one = try TrustedIssuer(
            JWTValidation(issuer: "https://issuer.example", resource: IssuerFixture.resource),
            keys: StaticKeySource(Self.keys()))
        #expect(throws: ConfigurationError.self) { try JWTTokenVerifier([]) }
        do throws(ConfigurationError) {
            _ = try JWTTokenVerifier([one, one])
            Issue.record("accepted")
        } catch {
            #expect(error.description == "issuers[1] is in the list twice; configure each issuer once")
        }
    }

    @Test("POLICY §1: the algorithm is refused before the issuer is looked at")
    func algorithmFirst() async throws {
        let token = IssuerFixture.issuer.token {
            $0.header["alg"] = "HS256"
            $0.claims["iss"] = "https://other.example"
        }
        #expect(try await rejection(token, StaticKeySource(try Self.keys()))?.code == "alg_not_allowed")
    }

    @Test(
        "POLICY §7: the client is client_id, else azp, else cid, else appid; never sub",
        arguments: [
            (["client_id": "a", "azp": "b", "cid": "c", "appid": "d"], "a"), (["azp": "b", "cid": "c"], "b"),
            (["cid": "c", "appid": "d"], "c"), (["appid": "d"], "d"), ([:], nil), (["azp": 7, "cid": "c"], "c"),
        ] as [(JSONDocument.Object, String?)])
    func clientID(claims: JSONDocument.Object, expected: String?) throws {
        var object = claims
        object["sub"] = "s"
        let document = try JSONDocument(parsing: JSONValue.object(object).encoded())
        #expect(AccessToken(issuer: nil, expiresAt: nil, claims: document).clientID == expected)
    }

    @Test("Static and in-process sources; none yet in process is unavailable")
    func sources() async throws {
        #expect(try await rejection(IssuerFixture.issuer.token(), StaticKeySource(try Self.keys())) == nil)
        #expect(
            try await rejection(IssuerFixture.issuer.token(), InProcessKeySource { nil })
                == .unavailable(.keys, retryAfter: 1))
    }

    @Test("A rotation of an in-process issuer is seen at once")
    func rotation() async throws {
        let issuer = FakeIssuer(
            IssuerFixture.issuer.url, audience: IssuerFixture.resource, algorithms: [.es256],
            clock: WallClock { IssuerFixture.now })
        let old = issuer.token()
        #expect(try await rejection(old, issuer.keySource) == nil)
        issuer.rotateKeys(.keep)
        #expect(try await rejection(old, issuer.keySource) == nil)
        #expect(try await rejection(issuer.token(), issuer.keySource) == nil)
        issuer.rotateKeys(.drop)
        #expect(try await rejection(old, issuer.keySource) == .invalid(.jwt(.key(.unknown))))
    }
}
