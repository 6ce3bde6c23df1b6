import JOSE
import OAuthClientMetadata
import OAuthMetadata
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("ClientAssertionVerifier")
struct ClientAssertionTests {
    private static let clientID = "https://app.example/client.json"
    private static let issuerURL = "https://as.example"
    private static let tokenEndpoint = "https://as.example/token"
    private let clock = FakeClock(1_000_000)

    /// The client's keys: a fake issuer signs with any algorithm and makes every defect.
    private func client(_ algorithms: [SignatureAlgorithm] = [.es256]) throws -> FakeIssuer {
        FakeIssuer(Self.clientID, algorithms: algorithms, clock: clock.wallClock)
    }

    private func verifier(
        _ store: any ReplayStore = InMemoryReplayStore(),
        _ change: (inout ClientAssertionVerifier.Settings) -> Void = { _ in }
    ) throws -> ClientAssertionVerifier {
        var settings = ClientAssertionVerifier.Settings()
        change(&settings)
        return try ClientAssertionVerifier(
            issuer: IssuerIdentifier(Self.issuerURL), tokenEndpoint: AbsoluteURL(parsing: Self.tokenEndpoint),
            replayStore: store, settings: settings, clock: clock.wallClock)
    }

    /// A good assertion with changed claims; a nil removes one.
    private func assertion(
        of client: FakeIssuer, algorithm: SignatureAlgorithm = .es256, type: String? = nil,
        _ changes: [(String, JSONValue?)] = []
    ) throws -> String {
        var draft = client.draft(algorithm: algorithm)
        draft.claims = JSONDocument.Object()
        draft.claims["iss"] = .string(Self.clientID)
        draft.claims["sub"] = .string(Self.clientID)
        draft.claims["aud"] = .string(Self.issuerURL)
        draft.claims["jti"] = "j1"
        draft.issuedAt = clock.now
        draft.expiresAt = clock.now + 60
        draft.header["typ"] = type.map(JSONValue.string)
        for (name, value) in changes { draft.claims[name] = value }
        return try client.sign(draft)
    }

    private func error(
        _ text: String, type: String = ClientAssertion.type, clientID: String? = nil,
        _ verifier: ClientAssertionVerifier? = nil, keys: (any KeySource)?
    ) async throws -> ClientAssertionError? {
        let verifier = try verifier ?? self.verifier()
        do throws(ClientAssertionError) {
            let parsed = try ClientAssertion(text, type: type, clientID: clientID)
            try await verifier.verify(parsed, by: keys)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "RFC 7523 §3: what is good is accepted",
        arguments: [
            [], [("aud", .string(Self.tokenEndpoint))], [("aud", [.string(Self.issuerURL)])], [("iat", nil)],
            [("iat", .null)], [("nbf", 1_000_060)], [("exp", 1_000_360)], [("exp", 999_941)], [("iat", 1_000_060)],
            [("jti", .string(String(repeating: "j", count: 256)))], [("extra", ["a": 1])],
            [("exp", .number(.init(1_000_060.5)!))],
        ] as [[(String, JSONValue?)]])
    func good(changes: [(String, JSONValue?)]) async throws {
        let client = try client()
        #expect(try await error(assertion(of: client, changes), keys: client.keySource) == nil)
    }

    @Test(
        "every algorithm of the table is accepted, and types of an assertion",
        arguments: SignatureAlgorithm.all, [nil, "JWT", "jwt", "client-authentication+jwt", "application/JWT"])
    func algorithms(algorithm: SignatureAlgorithm, type: String?) async throws {
        guard algorithm.keyShape != .rsa || type == nil else { return }
        let client = try client([algorithm])
        let text = try assertion(of: client, algorithm: algorithm, type: type)
        #expect(try await error(text, keys: client.keySource) == nil)
    }

    private static let refused: [([(String, JSONValue?)], JOSEError)] = [
        ([("iss", nil)], .claim(.iss, .missing)), ([("iss", 1)], .claim(.iss, .wrongType)),
        ([("iss", .null)], .claim(.iss, .wrongType)), ([("iss", "")], .claim(.iss, .wrongType)),
        ([("sub", nil)], .claim(.sub, .missing)), ([("sub", "other")], .claim(.sub, .mismatch)),
        ([("sub", .null)], .claim(.sub, .wrongType)),
        ([("sub", "https://app.example/client.json/")], .claim(.sub, .mismatch)),
        ([("exp", nil)], .claim(.exp, .missing)), ([("exp", .null)], .claim(.exp, .wrongType)),
        ([("exp", "1000060")], .claim(.exp, .wrongType)), ([("exp", 999_940)], .claim(.exp, .expired)),
        ([("exp", 0)], .claim(.exp, .expired)), ([("exp", 1_000_361)], .claim(.exp, .lifetimeTooLong)),
        ([("exp", 4_000_000_000)], .claim(.exp, .lifetimeTooLong)),
        ([("nbf", 1_000_061)], .claim(.nbf, .notYetValid)), ([("nbf", "x")], .claim(.nbf, .wrongType)),
        ([("iat", 1_000_061)], .claim(.iat, .issuedInFuture)), ([("iat", true)], .claim(.iat, .wrongType)),
        ([("aud", nil)], .claim(.aud, .missing)), ([("aud", .null)], .claim(.aud, .wrongType)),
        ([("aud", 1)], .claim(.aud, .wrongType)), ([("aud", [])], .claim(.aud, .wrongType)),
        ([("aud", [1])], .claim(.aud, .wrongType)), ([("aud", "https://other.example")], .claim(.aud, .mismatch)),
        ([("aud", "https://as.example/")], .claim(.aud, .mismatch)),
        ([("aud", "https://as.example/token/")], .claim(.aud, .mismatch)),
        ([("aud", "https://AS.example")], .claim(.aud, .mismatch)), ([("aud", "")], .claim(.aud, .mismatch)),
        ([("jti", nil)], .claim(.jti, .missing)), ([("jti", 1)], .claim(.jti, .wrongType)),
        ([("jti", .null)], .claim(.jti, .wrongType)),
    ]

    @Test("RFC 7523 §3: each missing or wrong claim has its reason, and the client learns invalid_client alone")
    func claims() async throws {
        #expect(Self.refused.count >= 30)
        let client = try client()
        for (changes, reason) in Self.refused {
            let error = try await error(assertion(of: client, changes), keys: client.keySource)
            #expect(error == .invalid(.jwt(reason)), "\(changes)")
            #expect(error?.oauthError == "invalid_client")
        }
    }

    @Test("form, type, header, key and signature have reasons of their own")
    func otherDefects() async throws {
        let client = try client()
        let keys = client.keySource
        let good = try assertion(of: client)
        let errors: [(ClientAssertionError?, ClientAssertionError.Reason)] = [
            (
                try await error(good, type: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer", keys: keys),
                .assertionType
            ),
            (try await error(good, type: "", keys: keys), .assertionType),
            (try await error(good, clientID: "other", keys: keys), .otherClient),
            (try await error("", keys: keys), .jwt(.malformed(.parts))),
            (try await error("a.b", keys: keys), .jwt(.malformed(.parts))),
            (try await error(good + "=", keys: keys), .jwt(.malformed(.base64url))),
            (try await error(good + ".x.y", keys: keys), .jwt(.malformed(.encrypted))),
            (try await error(String(repeating: "a", count: 16_385), keys: keys), .jwt(.malformed(.tooLarge))),
            (try await error(assertion(of: client, type: "at+jwt"), keys: keys), .jwt(.header(.type))),
            (try await error(assertion(of: client, type: "dpop+jwt"), keys: keys), .jwt(.header(.type))),
            (
                try await error(
                    assertion(of: client, [("aud", [.string(Self.issuerURL), "https://x.example"])]), keys: keys),
                .severalAudiences
            ),
            (try await error(assertion(of: client, [("jti", "")]), keys: keys), .tokenID),
            (
                try await error(
                    assertion(of: client, [("jti", .string(String(repeating: "j", count: 257)))]), keys: keys),
                .tokenID
            ),
            (try await error(good, keys: nil), .noKeys),
        ]
        for (error, reason) in errors { #expect(error == .invalid(reason)) }

        var draft = client.draft()
        draft.header = ["alg": "ES256", "kid": draft.header["kid"] ?? "x"]
        draft.claims = [
            "iss": .string(Self.clientID), "sub": .string(Self.clientID), "aud": .string(Self.issuerURL), "jti": "j",
            "exp": 1_000_060,
        ]
        var unsecured = draft
        unsecured.makeUnsecured()
        var hmac = draft
        hmac.header["alg"] = "HS256"
        var critical = draft
        critical.header["crit"] = ["exp"]
        var foreign = draft
        foreign.signature = .foreignKey
        var altered = draft
        altered.signature = .altered
        var unknown = draft
        unknown.header["kid"] = "other"
        let spoilt: [(FakeIssuer.Draft, JOSEError)] = [
            (unsecured, .malformed(.parts)), (hmac, .header(.algorithmNotAllowed)), (critical, .header(.critical)),
            (foreign, .badSignature), (altered, .badSignature), (unknown, .key(.unknown)),
        ]
        for (draft, reason) in spoilt {
            #expect(try await error(client.sign(draft), keys: keys) == .invalid(.jwt(reason)))
        }
        // The keys of another client never count, even when they verify.
        let other = FakeIssuer("https://other.example/c", algorithms: [.es256], clock: clock.wallClock)
        #expect(try await error(good, keys: other.keySource) == .invalid(.jwt(.key(.foreignIssuer))))
    }

    @Test("several keys without kid stay several: a token without kid is ambiguous, one with kid is not")
    func keysWithoutKid() async throws {
        let first = try client()
        let second = try client()
        let keys = try [first, second].map { try #require($0.jwks["keys"]?.array?.first?.object) }
        func set(_ keys: [JSONDocument.Object]) throws -> StaticKeySource {
            let document = JSONValue.object(["keys": .array(keys.map { .object($0) })]).encoded()
            return StaticKeySource(try JSONWebKeySet(parsing: document, issuer: Self.clientID))
        }
        func nameless(_ key: JSONDocument.Object) -> JSONDocument.Object {
            var key = key
            key["kid"] = nil
            return key
        }
        var draft = first.draft()
        draft.claims = [
            "iss": .string(Self.clientID), "sub": .string(Self.clientID), "aud": .string(Self.issuerURL), "jti": "j",
            "exp": 1_000_060,
        ]
        draft.header["typ"] = nil
        let named = try first.sign(draft)
        draft.header["kid"] = nil
        let anonymous = try first.sign(draft)
        let two = try set(keys.map(nameless))
        #expect(two.presentKeys()?.keys.count == 2)
        #expect(try await error(anonymous, keys: two) == .invalid(.jwt(.key(.ambiguous))))
        #expect(try await error(named, keys: two) == .invalid(.jwt(.key(.unknown))))
        #expect(try await error(named, keys: set([keys[0], nameless(keys[1])])) == nil)
        #expect(try await error(anonymous, keys: set([nameless(keys[0])])) == nil)
    }

    @Test("an assertion is used once; each client has its own identifiers; a bad assertion uses nothing up")
    func replay() async throws {
        let client = try client()
        let keys = client.keySource
        let verifier = try verifier()
        let bad = try assertion(of: client, [("aud", "https://x.example")])
        #expect(try await error(bad, verifier, keys: keys) == .invalid(.jwt(.claim(.aud, .mismatch))))
        let text = try assertion(of: client)
        #expect(try await error(text, verifier, keys: keys) == nil)
        #expect(try await error(text, verifier, keys: keys) == .invalid(.replayed))
        // Another signature over the same identifier is the same assertion (ECDSA signatures can be made again).
        #expect(try await error(assertion(of: client), verifier, keys: keys) == .invalid(.replayed))
        #expect(try await error(assertion(of: client, [("jti", "j2")]), verifier, keys: keys) == nil)
        let other = FakeIssuer("https://other.example/c", algorithms: [.es256], clock: clock.wallClock)
        let others = try assertion(of: other, [("iss", "https://other.example/c"), ("sub", "https://other.example/c")])
        #expect(try await error(others, verifier, keys: other.keySource) == nil)
    }

    @Test("two verifiers that share a store accept an assertion once, however many requests come at the same time")
    func sharedStore() async throws {
        let client = try client()
        let store = InMemoryReplayStore()
        let verifiers = [try verifier(store), try verifier(store)]
        let text = try assertion(of: client)
        let keys = client.keySource
        let accepted = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    guard let parsed = try? ClientAssertion(text, type: ClientAssertion.type, clientID: nil) else {
                        return false
                    }
                    return (try? await verifiers[number % 2].verify(parsed, by: keys)) != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(accepted == 1)
    }

    @Test("a store or keys that cannot decide make the client wait, and are never an acceptance")
    func outages() async throws {
        struct Down: ReplayStore {
            let reason: ReplayStoreError
            func record(
                _ identifier: ReplayIdentifier, for lifetime: Duration
            ) async throws(ReplayStoreError) -> ReplayVerdict { throw reason }
        }
        let client = try client()
        let text = try assertion(of: client)
        for reason in [ReplayStoreError.full, .unavailable] {
            let error = try await error(text, verifier(Down(reason: reason)), keys: client.keySource)
            #expect(error == .unavailable(.replayStore, retryAfter: 1))
            #expect(error?.oauthError == "temporarily_unavailable")
        }
        let none = InProcessKeySource { nil }
        #expect(try await error(text, keys: none) == .unavailable(.keys, retryAfter: 1))
    }

    @Test("a new key of a client is found without waiting for its set to age")
    func rotation() async throws {
        let client = try client()
        let fetcher = ScriptedFetcher()
        fetcher.set("https://keys.example/k", json: client.jwks)
        let keys = try RemoteKeySet(
            of: TokenIssuer(Self.clientID), at: AbsoluteURL(parsing: "https://keys.example/k"), fetcher: fetcher)
        let verifier = try verifier()
        #expect(try await error(assertion(of: client), verifier, keys: keys) == nil)
        client.rotateKeys()
        fetcher.set("https://keys.example/k", json: client.jwks)
        #expect(try await error(assertion(of: client, [("jti", "j2")]), verifier, keys: keys) == nil)
        #expect(fetcher.requests.count == 2)
    }

    @Test("an operator may insist on one audience, one algorithm, another skew; settings out of range are named")
    func settings() async throws {
        let client = try client()
        let issuerOnly = try verifier { $0.audience = .issuer }
        let endpoint = try assertion(of: client, [("aud", .string(Self.tokenEndpoint))])
        #expect(
            try await error(endpoint, issuerOnly, keys: client.keySource) == .invalid(.jwt(.claim(.aud, .mismatch))))
        let rs256 = try verifier { $0.algorithms = [.rs256] }
        #expect(
            try await error(assertion(of: client), rs256, keys: client.keySource)
                == .invalid(.jwt(.header(.algorithmNotAllowed))))
        #expect {
            try verifier { settings in
                settings.clockSkew = 301
                settings.algorithms = []
            }
        } throws: { error in
            (error as? ConfigurationError)?.faults.count == 2
        }
    }

    @Test("no description shows an assertion")
    func redaction() throws {
        let text = try assertion(of: client())
        let parsed = try ClientAssertion(text, type: ClientAssertion.type, clientID: nil)
        #expect("\(parsed)" == "<client assertion>" && Mirror(reflecting: parsed).children.isEmpty)
    }
}
