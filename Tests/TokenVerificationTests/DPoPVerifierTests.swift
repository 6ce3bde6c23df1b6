import JOSE
import OAuthTestKit
import TokenVerification
import Testing
import WireFormat

@Suite("DPoPVerifier")
struct DPoPVerifierTests {
    private static let url = "https://mcp.example.com/mcp"
    private static let token = PresentedToken("header.payload.signature")
    private let clock = FakeClock(1_000_000)

    /// A good proof, which a test changes before it is signed.
    private struct Proof {
        var header: JSONDocument.Object
        var claims: JSONDocument.Object
        let key: SigningKey

        init(_ algorithm: SignatureAlgorithm = .es256, key: SigningKey? = nil) throws {
            self.key = try key ?? SigningKey.generate(algorithm, keyID: nil)
            var jwk = self.key.publicJWK
            jwk["use"] = nil
            jwk["alg"] = nil
            header = ["typ": "dpop+jwt", "alg": .string(self.key.algorithm.name), "jwk": .object(jwk)]
            claims = [
                "jti": "j1", "htm": "POST", "htu": .string(DPoPVerifierTests.url), "iat": 1_000_000,
                "ath": .string(Base64URL.encode(Digest.sha256(DPoPVerifierTests.token.bytes))),
            ]
        }

        func signed() throws -> [UInt8] {
            let input = [header, claims].map { Base64URL.encode(JSONValue.object($0).encoded()) }
                .joined(separator: ".")
            return Array((input + "." + Base64URL.encode(try key.sign(Array(input.utf8)))).utf8)
        }

        var thumbprint: String {
            get throws {
                let document = try JSONDocument(parsing: JSONValue.object(key.publicJWK).encoded())
                return try JSONWebKey(document.root).thumbprint
            }
        }
    }

    private func rejection(
        _ fields: [[UInt8]], _ proof: Proof, method: String = "POST", url: String = Self.url,
        boundTo thumbprint: String? = nil, by verifier: DPoPVerifier? = nil
    ) async throws -> DPoPRejection? {
        let verifier = try verifier ?? DPoPVerifier(clock: clock.wallClock)
        let target = DPoPTarget(try AbsoluteURL(parsing: url))
        let bound = try thumbprint ?? proof.thumbprint
        do throws(DPoPRejection) {
            try await verifier.verify(fields, method: method, target: target, token: Self.token, boundTo: bound)
            return nil
        } catch {
            return error
        }
    }

    private func rejection(_ proof: Proof, by verifier: DPoPVerifier? = nil) async throws -> DPoPRejection? {
        try await rejection([proof.signed()], proof, by: verifier)
    }

    @Test("a good proof of every algorithm is accepted", arguments: SignatureAlgorithm.all)
    func good(algorithm: SignatureAlgorithm) async throws {
        #expect(try await rejection(Proof(algorithm)) == nil)
    }

    @Test(
        "what may differ: white space around the field, spellings of htu, an iat within the window, kid and alg members"
    )
    func alsoGood() async throws {
        let proof = try Proof()
        #expect(try await rejection([[0x20] + proof.signed() + [0x20]], proof) == nil)
        for (name, value) in [
            ("htu", "HTTPS://MCP.example.com:443/mcp/"), ("htu", "https://mcp.example.com/%6Dcp"),
            ("htu", "https://mcp.example.com/x/../mcp"),
        ] as [(String, JSONValue)] {
            var other = try Proof()
            other.claims[name] = value
            #expect(try await rejection(other) == nil, "\(value)")
        }
        for time in [999_700, 1_000_300] as [JSONValue] {
            var other = try Proof()
            other.claims["iat"] = time
            #expect(try await rejection(other) == nil)
        }
        var named = try Proof()
        named.header["kid"] = "other"
        #expect(try await rejection(named) == nil)
    }

    @Test("RFC 9449 §4.3: each broken rule has its own rejection")
    func rules() async throws {
        func changed(_ change: (inout Proof) throws -> Void) async throws -> DPoPRejection? {
            var proof = try Proof()
            try change(&proof)
            return try await rejection(proof)
        }
        let good = try Proof()
        let bytes = try good.signed()
        // 1, 2
        #expect(try await rejection([], good) == .missing)
        #expect(try await rejection([[]], good) == .missing)
        #expect(try await rejection([bytes, bytes], good) == .several)
        #expect(try await rejection([bytes + Array(", ".utf8) + bytes], good) == .several)
        #expect(try await rejection([Array("a.b".utf8)], good) == .jwt(.malformed(.parts)))
        #expect(try await rejection([bytes + [0x3D]], good) == .jwt(.malformed(.base64url)))
        let large = [UInt8](repeating: 0x61, count: 8_193)
        #expect(try await rejection([large], good) == .jwt(.malformed(.tooLarge)))
        // 3
        for claim in DPoPRejection.Claim.allCases {
            #expect(try await changed { $0.claims[claim.rawValue] = nil } == .claim(claim))
            #expect(try await changed { $0.claims[claim.rawValue] = [:] } == .claim(claim))
            #expect(try await changed { $0.claims[claim.rawValue] = .null } == .claim(claim))
        }
        #expect(try await changed { $0.claims["jti"] = "" } == .claim(.jti))
        #expect(try await changed { $0.claims["jti"] = .string(String(repeating: "j", count: 257)) } == .claim(.jti))
        #expect(try await changed { $0.claims["iat"] = "1000000" } == .claim(.iat))
        // 4
        for type in ["JWT", "at+jwt", "dpop", ""] as [JSONValue] {
            #expect(try await changed { $0.header["typ"] = type } == .jwt(.header(.type)))
        }
        #expect(try await changed { $0.header["typ"] = nil } == .jwt(.header(.type)))
        // 5
        #expect(try await changed { $0.header["alg"] = "HS256" } == .jwt(.header(.algorithmNotAllowed)))
        #expect(try await changed { $0.header["alg"] = "none" } == .jwt(.header(.algorithmNotAllowed)))
        #expect(try await changed { $0.header["alg"] = nil } == .jwt(.header(.algorithmMissing)))
        #expect(try await changed { $0.header["crit"] = ["exp"] } == .jwt(.header(.critical)))
        // 6
        let other = try Proof()
        #expect(
            try await rejection([changedKey(of: good, to: other)], good, boundTo: other.thumbprint)
                == .jwt(.badSignature))
        var spoilt = bytes
        spoilt[spoilt.count - 20] = spoilt[spoilt.count - 20] == 0x41 ? 0x42 : 0x41
        #expect(try await rejection([spoilt], good) == .jwt(.badSignature))
        #expect(try await changed { $0.header["alg"] = "ES384" } == .key(.unsupportedAlgorithm))
        #expect(try await changed { $0.header["alg"] = "RS256" } == .key(.unsupportedAlgorithm))
        // 7
        #expect(try await changed { $0.header["jwk"] = nil } == .keyMissing)
        #expect(try await changed { $0.header["jwk"] = "x" } == .keyMissing)
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            let rejected = try await changed { proof in
                var jwk = proof.header["jwk"]?.object ?? [:]
                jwk[member] = "AA"
                proof.header["jwk"] = .object(jwk)
            }
            #expect(rejected == .key(.privateMaterial))
        }
        #expect(try await changed { $0.header["jwk"] = ["kty": "oct", "k": "AA"] } == .key(.unsupportedKeyType))
        // 8
        #expect(try await rejection([bytes], good, method: "GET") == .method)
        #expect(try await changed { $0.claims["htm"] = "post" } == .method)
        // 9
        for htu in [
            "https://mcp.example.com/other", "http://mcp.example.com/mcp", "https://mcp.example.com:8443/mcp",
            "https://mcp.example.com/mcp?x", "https://mcp.example.com/mcp?", "https://mcp.example.com/mcp#",
            "https://evil.example/mcp", "/mcp", "", "https://u@mcp.example.com/mcp", "https://mcp.example.com/MCP",
        ] {
            #expect(try await changed { $0.claims["htu"] = .string(htu) } == .target, "\(htu)")
        }
        // 11
        for time in [999_699, 1_000_301, 0, 4_000_000_000] as [JSONValue] {
            #expect(try await changed { $0.claims["iat"] = time } == .time)
        }
        // 12
        #expect(try await changed { $0.claims["ath"] = "x" } == .tokenHash)
        #expect(
            try await changed { $0.claims["ath"] = .string(Base64URL.encode(Digest.sha256([1]))) } == .tokenHash)
        #expect(try await rejection([bytes], good, boundTo: other.thumbprint) == .otherKey)
        #expect(try await rejection([bytes], good, boundTo: "") == .otherKey)
    }

    /// A proof with the key of another one in its header.
    private func changedKey(of proof: Proof, to other: Proof) throws -> [UInt8] {
        var proof = proof
        proof.header["jwk"] = other.header["jwk"]
        return try proof.signed()
    }

    @Test("a proof is used once; a refused one uses nothing up; another key has its own identifiers")
    func replay() async throws {
        let verifier = try DPoPVerifier(clock: clock.wallClock)
        let proof = try Proof()
        let bytes = try proof.signed()
        #expect(try await rejection([bytes], proof, method: "GET", by: verifier) == .method)
        #expect(try await rejection([bytes], proof, by: verifier) == nil)
        #expect(try await rejection([bytes], proof, by: verifier) == .replayed)
        // The same identifier under another signature of the same key.
        #expect(try await rejection(proof, by: verifier) == .replayed)
        #expect(try await rejection(Proof(), by: verifier) == nil)
    }

    @Test(
        "a proof that is good for longer at an instance whose clock is slower, or was set back, is not accepted again",
        arguments: [-300, -1, 0, 1, 300], [0.0, 1, 10, 59])
    func clocks(age: Int, difference: Double) async throws {
        let slowClock = FakeClock(1_000_000 - difference)
        let store = InMemoryReplayStore(clock: slowClock.monotonicClock)
        let fast = try DPoPVerifier(replayStore: store, clock: clock.wallClock)
        let slow = try DPoPVerifier(replayStore: store, clock: slowClock.wallClock)
        var proof = try Proof()
        proof.claims["iat"] = .number(JSONDocument.Number(Int64(1_000_000 - age)))
        let bytes = try proof.signed()
        #expect(try await rejection([bytes], proof, by: fast) == nil)
        for _ in 0..<70 {
            slowClock.advance(by: .seconds(10))
            let found = try await rejection([bytes], proof, by: slow)
            #expect(found == .replayed || found == .time)
        }
    }

    @Test("a full or unreachable store refuses, and says that it cannot decide")
    func store() async throws {
        struct Full: ReplayStore {
            func record(
                _ identifier: ReplayIdentifier, for lifetime: Duration
            ) async throws(ReplayStoreError) -> ReplayVerdict { throw .full }
        }
        let verifier = try DPoPVerifier(replayStore: Full(), clock: clock.wallClock)
        #expect(try await rejection(Proof(), by: verifier) == .store(.full))
    }

    @Test("RFC 9449 §8: a nonce is good for five minutes, with the current and the previous key, on every instance")
    func nonces() async throws {
        let (first, second) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32))
        let old = try DPoPNonces(current: first)
        let rotated = try DPoPNonces(current: second, previous: first)
        var settings = DPoPVerifier.Settings()
        settings.nonces = rotated
        let verifier = try DPoPVerifier(settings: settings, clock: clock.wallClock)
        func answer(_ nonce: JSONValue?) async throws -> DPoPRejection? {
            var proof = try Proof()
            proof.claims["nonce"] = nonce
            return try await rejection(proof, by: verifier)
        }
        for good in [rotated.make(now: clock.now), old.make(now: clock.now), rotated.make(now: clock.now - 300)] {
            #expect(try await answer(.string(good)) == nil)
        }
        var spoilt = Array(rotated.make(now: clock.now).utf8)
        spoilt[3] ^= 1
        let foreign = DPoPNonces().make(now: clock.now)
        for bad in [
            nil, "", 1, .string(foreign), .string(rotated.make(now: clock.now - 301)),
            .string(rotated.make(now: clock.now + 301)), .string(String(decoding: spoilt, as: UTF8.self)),
        ] as [JSONValue?] {
            #expect(try await answer(bad) == .nonce)
        }
        #expect(throws: ConfigurationError.self) { try DPoPNonces(current: [1]) }
        #expect(throws: ConfigurationError.self) { try DPoPNonces(current: first, previous: []) }
        #expect(throws: ConfigurationError.self) { try DPoPNonces(current: first, previous: first) }
        #expect("\(rotated)" == "<DPoP nonces>" && Mirror(reflecting: rotated).children.isEmpty)
    }

    @Test("settings out of range are named", arguments: [4, 301, -1])
    func settings(age: Int) {
        #expect {
            var settings = DPoPVerifier.Settings()
            settings.maximumAge = age
            settings.algorithms = []
            _ = try DPoPVerifier(settings: settings)
        } throws: { error in
            (error as? ConfigurationError)?.faults.count == 2
        }
    }

    @Test("no code repeats another's, and none holds text of a proof")
    func codes() {
        let all: [DPoPRejection] =
            [.missing, .several, .keyMissing, .method, .target, .time, .nonce, .tokenHash, .otherKey, .replayed]
            + [
                .store(.full), .store(.unavailable), .cryptographyUnavailable, .jwt(.badSignature),
                .key(.privateMaterial),
            ]
            + DPoPRejection.Claim.allCases.map { .claim($0) }
        #expect(Set(all.map(\.code)).count == all.count)
        #expect(all.allSatisfy { $0.code.utf8.starts(with: "dpop_".utf8) })
    }
}

@Suite("DPoPTarget")
struct DPoPTargetTests {
    @Test(
        "RFC 3986 §6.2.2, §6.2.3: what is equal",
        arguments: [
            ("https://a.example/x", "https://a.example/x"), ("https://A.Example/x", "https://a.example/x"),
            ("HTTPS://a.example:443/x", "https://a.example/x"), ("http://a.example:80/", "http://a.example"),
            ("https://a.example/x/", "https://a.example/x"), ("https://a.example/%7Ex", "https://a.example/~x"),
            ("https://a.example/%c3%a4", "https://a.example/%C3%A4"),
            ("https://a.example/x/./y", "https://a.example/x/y"),
            ("https://a.example/x/../y", "https://a.example/y"), ("https://a.example/../y", "https://a.example/y"),
            ("https://a.example/x?q", "https://a.example/x"), ("https://a.example/x#f", "https://a.example/x"),
            ("https://[::1]:443/x", "https://[::1]/x"), ("https://a.example/%2e%2E/y", "https://a.example/y"),
            ("https://a.example/x/.", "https://a.example/x"), ("https://a.example/x/y/..", "https://a.example/x"),
            ("https://a.example/x//.", "https://a.example/x//"), ("https://a.example/..", "https://a.example"),
            ("https://a.example/x//y/%2e.", "https://a.example/x//"), ("https://a.example/.", "https://a.example/"),
        ])
    func equal(left: String, right: String) throws {
        #expect(try DPoPTarget(AbsoluteURL(parsing: left)) == DPoPTarget(AbsoluteURL(parsing: right)))
    }

    @Test(
        "what is not equal",
        arguments: [
            ("https://a.example/x", "https://a.example/X"), ("https://a.example/x", "http://a.example/x"),
            ("https://a.example/x", "https://a.example:444/x"), ("https://a.example/x", "https://b.example/x"),
            ("https://a.example/x", "https://a.example/x//"), ("https://a.example/x", "https://a.example//x"),
            ("https://a.example/x", "https://a.example/x%2F"), ("https://a.example/x", "https://a.example/x/y"),
            ("https://a.example/x//.", "https://a.example/x/"), ("https://a.example/x//y/..", "https://a.example/x"),
            ("https://a.example/%2F", "https://a.example//"), ("https://a.example/a+b", "https://a.example/a%20b"),
        ])
    func different(left: String, right: String) throws {
        #expect(try DPoPTarget(AbsoluteURL(parsing: left)) != DPoPTarget(AbsoluteURL(parsing: right)))
    }

    @Test("the target of a request is the public URL with the path of the request")
    func request() throws {
        let server = try AbsoluteURL(parsing: "https://MCP.example.com/base?x")
        #expect(DPoPTarget(server: server, path: "/mcp/")?.description == "https://mcp.example.com/mcp")
        #expect(DPoPTarget(server: server, path: "/mcp?x") == nil)
        #expect(DPoPTarget(server: server, path: "@evil.example/") == nil)
        #expect(DPoPTarget(server: server, path: ".evil.example/") == nil)
    }
}
