import JOSE
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@testable import TokenVerification

@Suite("JWTTokenVerifier: remembered verdicts (POLICY §9)", .serialized)
struct JWTVerifierCacheTests {
    private static let resource = "https://mcp.example/mcp"

    /// A verifier for one issuer, with clocks that the test advances.
    private struct Fixture {
        let wall = FakeClock(1_800_000_000)
        let monotonic = FakeClock()
        let issuer: FakeIssuer
        let verifier: JWTTokenVerifier

        init(
            caching: TokenCaching = .standard, keys: (any KeySource)? = nil,
            policy edit: (inout JWTPolicy) -> Void = { _ in }
        ) throws {
            issuer = FakeIssuer(audience: resource, algorithms: [.es256], clock: wall.wallClock)
            var policy = JWTPolicy(issuer: issuer.url, resource: resource)
            edit(&policy)
            verifier = try JWTTokenVerifier(
                [.init(JWTValidation(policy), keys: keys ?? issuer.keySource)], caching: caching,
                clock: wall.wallClock, monotonicClock: monotonic.monotonicClock)
        }

        func code(_ token: PresentedToken) async -> String? {
            do throws(TokenRejection) {
                _ = try await verifier.verify(token)
                return nil
            } catch {
                return error.code
            }
        }

        func remembers(_ token: PresentedToken) -> Bool { verifier.rememberedToken(token) != nil }

        func token(_ edit: (inout FakeIssuer.Draft) -> Void = { _ in }) -> PresentedToken {
            presented(issuer.token(edit))
        }
    }

    private static func presented(_ token: String) -> PresentedToken { PresentedToken(Array(token.utf8)) }

    @Test("A good verdict is remembered with all that the token says")
    func remembered() async throws {
        let fixture = try Fixture()
        let token = fixture.token { $0.claims["sub"] = "alice" }
        #expect(!fixture.remembers(token))
        let verified = try await fixture.verifier.verify(token)
        let known = try #require(fixture.verifier.rememberedToken(token))
        #expect(known.subject == "alice" && known.issuer == fixture.issuer.url)
        #expect(known.expiresAt == verified.expiresAt && known.scopes == verified.scopes)
        #expect(known.claims.bytes == verified.claims.bytes)
        #expect(!fixture.remembers(fixture.token { $0.claims["sub"] = "bob" }))
    }

    @Test(
        "A bad verdict is never remembered",
        arguments: [
            (TokenDefect.expired, "exp_expired"), (.foreignAudience, "aud_mismatch"),
            (.algorithmNone, "alg_not_allowed"),
            (.foreignIssuer, "unknown_issuer"),
        ])
    func refused(defect: TokenDefect, code: String) async throws {
        let fixture = try Fixture()
        let token = presented(fixture.issuer.token(with: defect))
        #expect(await fixture.code(token) == code)
        #expect(!fixture.remembers(token))
    }

    @Test("A token with another signature is another token")
    func otherSignature() async throws {
        let fixture = try Fixture()
        let good = fixture.issuer.token()
        #expect(await fixture.code(presented(good)) == nil)
        let forged = PresentedToken(Array(good.utf8.dropLast(4)) + Array("AAAA".utf8))
        #expect(!fixture.remembers(forged))
        #expect(await fixture.code(forged) == "bad_signature")
    }

    @Test("It is remembered for 60 s of the monotonic clock, however often it is used")
    func oneMinute() async throws {
        let fixture = try Fixture()
        let token = fixture.token()
        #expect(await fixture.code(token) == nil)
        fixture.monotonic.advance(by: .milliseconds(59_999))
        #expect(fixture.remembers(token))
        fixture.monotonic.advance(by: .milliseconds(1))
        #expect(!fixture.remembers(token))
        #expect(await fixture.code(token) == nil)
        #expect(fixture.remembers(token))
    }

    @Test("It is remembered for 60 s of the wall clock too: the other clock may stop while the machine sleeps")
    func minuteOfTheWallClock() async throws {
        let fixture = try Fixture()
        let token = fixture.token()
        _ = try await fixture.verifier.verify(token)
        fixture.wall.advance(by: .seconds(59))
        #expect(fixture.remembers(token))
        fixture.wall.advance(by: .seconds(1))
        #expect(!fixture.remembers(token))
    }

    @Test("It is not remembered beyond exp, without any skew; the verification itself goes on to allow the skew")
    func endOfToken() async throws {
        let fixture = try Fixture()
        let token = fixture.token { $0.expiresAt = fixture.wall.now + 30 }
        #expect(await fixture.code(token) == nil)
        fixture.wall.advance(by: .seconds(29.5))
        #expect(fixture.remembers(token))
        fixture.wall.advance(by: .seconds(0.5))
        #expect(!fixture.remembers(token))
        #expect(await fixture.code(token) == nil)
        #expect(!fixture.remembers(token))
        fixture.wall.advance(by: .seconds(60))
        #expect(await fixture.code(token) == "exp_expired")
    }

    @Test("A wall clock that jumps forward ends it; one that is set back ends it too, because nbf may lie ahead again")
    func clockMoves() async throws {
        let fixture = try Fixture()
        let token = fixture.token { $0.claims["nbf"] = $0.claims["iat"] }
        #expect(await fixture.code(token) == nil)
        fixture.wall.setBack(by: .seconds(1))
        #expect(!fixture.remembers(token))
        fixture.wall.setBack(by: .seconds(61))
        #expect(await fixture.code(token) == "nbf_not_yet_valid")
        fixture.wall.advance(by: .seconds(62))
        #expect(await fixture.code(token) == nil)
        fixture.wall.advance(by: .seconds(FakeIssuer.tokenLifetime + 60))
        #expect(await fixture.code(token) == "exp_expired")
    }

    @Test("A policy that limits the age ends it at that age")
    func maximumAge() async throws {
        let fixture = try Fixture { $0.maximumAge = 20 }
        let token = fixture.token()
        #expect(await fixture.code(token) == nil)
        fixture.wall.advance(by: .seconds(19.5))
        #expect(fixture.remembers(token))
        fixture.wall.advance(by: .seconds(0.5))
        #expect(!fixture.remembers(token))
        fixture.wall.advance(by: .seconds(61))
        #expect(await fixture.code(token) == "iat_too_old")
    }

    @Test("POLICY §8: removing a key ends its tokens, remembered verdicts included")
    func rotation() async throws {
        let fixture = try Fixture()
        let token = fixture.token()
        #expect(await fixture.code(token) == nil)
        fixture.issuer.rotateKeys(.keep)
        #expect(!fixture.remembers(token))
        #expect(await fixture.code(token) == nil)
        #expect(fixture.remembers(token))
        fixture.issuer.rotateKeys(.drop)
        #expect(!fixture.remembers(token))
        #expect(await fixture.code(token) == "key_unknown")
    }

    @Test("POLICY §8: without usable keys nothing is remembered: the answer is unavailable")
    func noKeys() async throws {
        let issuer = FakeIssuer(
            audience: Self.resource, algorithms: [.es256], clock: FakeClock(1_800_000_000).wallClock)
        let keys = try JSONWebKeySet(parsing: JSONValue.object(issuer.jwks).encoded(), issuer: issuer.url)
        let isUsable = Mutex(true)
        let box = KeyBox(isUsable: { isUsable.withLock { $0 } }, keys: keys)
        let fixture = try Fixture(keys: InProcessKeySource { box.present })
        let token = Self.presented(issuer.token())
        #expect(await fixture.code(token) == nil)
        #expect(fixture.remembers(token))
        isUsable.withLock { $0 = false }
        #expect(!fixture.remembers(token))
        #expect(await fixture.code(token) == "keys_unavailable")
        isUsable.withLock { $0 = true }
        #expect(fixture.remembers(token))
    }

    private struct KeyBox: Sendable {
        let isUsable: @Sendable () -> Bool
        let keys: JSONWebKeySet
        var present: JSONWebKeySet? { isUsable() ? keys : nil }
    }

    @Test("A verdict is bound to the keys of its own issuer")
    func issuers() async throws {
        let clock = FakeClock(1_800_000_000)
        let one = FakeIssuer(
            "https://one.example", audience: Self.resource, algorithms: [.es256], clock: clock.wallClock)
        let two = FakeIssuer(
            "https://two.example", audience: Self.resource, algorithms: [.es256], clock: clock.wallClock)
        let verifier = try JWTTokenVerifier(
            [one, two].map { .init(try JWTValidation(issuer: $0.url, resource: Self.resource), keys: $0.keySource) },
            clock: clock.wallClock)
        let tokens = [one, two].map { Self.presented($0.token()) }
        for token in tokens { _ = try await verifier.verify(token) }
        #expect(verifier.rememberedToken(tokens[0])?.issuer == one.url)
        #expect(verifier.rememberedToken(tokens[1])?.issuer == two.url)
        two.rotateKeys(.drop)
        #expect(verifier.rememberedToken(tokens[0])?.issuer == one.url)
        #expect(verifier.rememberedToken(tokens[1]) == nil)
    }

    @Test("Off means off")
    func off() async throws {
        let fixture = try Fixture(caching: .off)
        let token = fixture.token()
        #expect(await fixture.code(token) == nil)
        #expect(!fixture.remembers(token))
        #expect(await fixture.code(token) == nil)
    }

    @Test("The number of verdicts is bounded, and settable from 1 to 1,000,000")
    func capacity() async throws {
        let fixture = try Fixture(caching: .upTo(entries: 2))
        let tokens = (0..<3).map { _ in fixture.token() }
        for token in tokens { #expect(await fixture.code(token) == nil) }
        #expect(tokens.map(fixture.remembers) == [true, true, false])
        #expect(TokenCaching.standard.capacity == 10_000)
        #expect(TokenCaching.entries == 1...1_000_000)
        for entries in [Int.min, -1, 0, 1_000_001, .max] {
            do throws(ConfigurationError) {
                _ = try JWTTokenVerifier([], caching: .upTo(entries: entries))
                Issue.record("accepted")
            } catch {
                #expect(error.settings == ["issuers", "caching"])
            }
        }
    }

    @Test(
        "An expired token and one with enormous claims are not kept; a bound one is, since its proof is never part of it"
    )
    func notKept() throws {
        let clock = WallClock { 1_000 }
        let cache = try #require(
            VerifiedTokenCache<Void>(.standard, clock: clock, monotonicClock: FakeClock().monotonicClock))
        func isKept(_ claims: JSONDocument.Object, end: Double = 2_000) throws -> Bool {
            let document = try JSONDocument(parsing: JSONValue.object(claims).encoded())
            let digest = SHA256Digest(of: document.bytes)
            let token = AccessToken(issuer: nil, expiresAt: nil, claims: document)
            cache.keep(token, basis: (), on: digest, verifiedAt: 1_000, end: end)
            return cache.verdict(on: digest) != nil
        }
        let frame = #"{"x":""}"#.utf8.count
        #expect(try isKept([:]))
        #expect(try isKept(["cnf": ["jkt": "x"]]))
        #expect(try !isKept(["a": 1], end: 1_000))
        #expect(try isKept(["x": .string(String(repeating: "x", count: 16_384 - frame))]))
        #expect(try !isKept(["x": .string(String(repeating: "x", count: 16_385 - frame))]))
        #expect(cache.count == 3)
    }

    @Test("Each of many issuers has its own keys, and a stranger has none", arguments: [1, 2, 100])
    func manyIssuers(count: Int) async throws {
        let clock = FakeClock(1_800_000_000)
        let issuers = (0..<count).map { number in
            FakeIssuer(
                "https://issuer-\(number).example", audience: Self.resource, algorithms: [.es256],
                clock: clock.wallClock)
        }
        let verifier = try JWTTokenVerifier(
            issuers.map { .init(try JWTValidation(issuer: $0.url, resource: Self.resource), keys: $0.keySource) },
            clock: clock.wallClock)
        for issuer in issuers {
            let token = try await verifier.verify(Self.presented(issuer.token()))
            #expect(token.issuer == issuer.url)
        }
        let stranger = FakeIssuer(
            "https://issuer-\(count).example", audience: Self.resource, algorithms: [.es256], clock: clock.wallClock)
        await #expect(throws: TokenRejection.invalid(.unknownIssuer(.other))) {
            try await verifier.verify(Self.presented(stranger.token()))
        }
    }

    @Test("An algorithm of one issuer is not allowed for another")
    func algorithmsBelongToIssuers() async throws {
        let clock = FakeClock(1_800_000_000)
        let names = ["https://one.example", "https://two.example"]
        let issuers = names.map {
            FakeIssuer($0, audience: Self.resource, algorithms: [.es256, .edDSA], clock: clock.wallClock)
        }
        var policies = names.map { JWTPolicy(issuer: $0, resource: Self.resource) }
        policies[0].algorithms = [.es256]
        policies[1].algorithms = [.edDSA]
        let verifier = try JWTTokenVerifier(
            try zip(issuers, policies).map { .init(try JWTValidation($1), keys: $0.keySource) },
            clock: clock.wallClock)
        _ = try await verifier.verify(Self.presented(issuers[0].token(algorithm: .es256)))
        _ = try await verifier.verify(Self.presented(issuers[1].token(algorithm: .edDSA)))
        for (issuer, algorithm) in [(issuers[0], SignatureAlgorithm.edDSA), (issuers[1], .es256)] {
            await #expect(throws: TokenRejection.invalid(.jwt(.header(.algorithmNotAllowed)))) {
                try await verifier.verify(Self.presented(issuer.token(algorithm: algorithm)))
            }
        }
    }

    @Test("Many callers, while keys rotate and entries go: every verdict is right")
    func concurrency() async throws {
        let fixture = try Fixture(caching: .upTo(entries: 3))
        let good = (0..<6).map { _ in fixture.token() }
        let bad = presented(fixture.issuer.token(with: .foreignAudience))
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for turn in 0..<200 {
                        #expect(await fixture.code(good[(worker + turn) % 6]) == nil)
                        if turn % 20 == 0 { #expect(await fixture.code(bad) == "aud_mismatch") }
                    }
                }
            }
            group.addTask {
                for _ in 0..<5 {
                    fixture.issuer.rotateKeys(.keep)
                    await Task.yield()
                }
            }
        }
    }

    private func presented(_ token: String) -> PresentedToken { Self.presented(token) }
}
