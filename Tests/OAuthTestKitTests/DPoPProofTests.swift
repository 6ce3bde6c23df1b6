import HTTPMessages
import JOSE
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("DPoPProof")
struct DPoPProofTests {
    private static let url = "https://mcp.example.com/mcp"
    private static let token = "header.payload.signature"
    private let clock = FakeClock()

    private func rejection(
        of fields: [String], by key: DPoPKey, url: String = Self.url, settings: DPoPVerifier.Settings? = nil
    ) async throws -> DPoPRejection? {
        let verifier = try DPoPVerifier(settings: settings ?? DPoPVerifier.Settings(), clock: clock.wallClock)
        let target = DPoPTarget(try AbsoluteURL(parsing: url))
        do throws(DPoPRejection) {
            try await verifier.verify(
                fields.map { Array($0.utf8) }, method: "POST", target: target, token: PresentedToken(Self.token),
                boundTo: key.thumbprint)
            return nil
        } catch {
            return error
        }
    }

    @Test("RFC 9449 §4.3: a proof of every algorithm is good by default", arguments: SignatureAlgorithm.all)
    func good(algorithm: SignatureAlgorithm) async throws {
        let key = DPoPKey(algorithm, clock: clock.wallClock)
        #expect(try await rejection(of: [key.proof(.post, Self.url, token: Self.token)], by: key) == nil)
    }

    @Test("a query and a fragment of the URL are left out, as RFC 9449 §4.2 asks of htu")
    func leavesOutQuery() async throws {
        let key = DPoPKey(clock: clock.wallClock)
        for suffix in ["?x=1", "#y", "?x#y"] {
            let proof = key.proof(.post, Self.url + suffix, token: Self.token)
            #expect(try await rejection(of: [proof], by: key) == nil)
        }
    }

    @Test("every defect is refused for its own reason", arguments: DPoPProof.Defect.allCases)
    func defects(defect: DPoPProof.Defect) async throws {
        for url in [Self.url, "http://127.0.0.1:8080/mcp", "https://[::1]"] {
            let key = DPoPKey(clock: clock.wallClock)
            let fields = key.proofs(with: defect, .post, url, token: Self.token)
            #expect(try await rejection(of: fields, by: key, url: url) == defect.rejection, "\(url)")
        }
    }

    @Test(
        "every defect has the same reason for the other kinds of keys",
        arguments: [SignatureAlgorithm.ps256, .es512, .edDSA])
    func defectsOfOtherKeys(algorithm: SignatureAlgorithm) async throws {
        let key = DPoPKey(algorithm, clock: clock.wallClock)
        for defect in DPoPProof.Defect.allCases where ![.foreignSignature, .foreignKey].contains(defect) {
            let fields = key.proofs(with: defect, .post, Self.url, token: Self.token)
            #expect(try await rejection(of: fields, by: key) == defect.rejection, "\(defect)")
        }
    }

    @Test("every variation of a good proof is accepted", arguments: DPoPProof.Variation.allCases)
    func variations(variation: DPoPProof.Variation) async throws {
        for url in [Self.url, "http://127.0.0.1:8080/mcp", "https://[::1]/a"] {
            let key = DPoPKey(clock: clock.wallClock)
            let proof = key.proof(.post, url, token: Self.token) { variation.vary(&$0) }
            #expect(try await rejection(of: [proof], by: key, url: url) == nil, "\(url)")
            #expect(proof.utf8.count < DPoPVerifier.maximumBytes)
        }
    }

    @Test("the issue's table is covered: there are at least 45 defects, and every rejection but those of the server")
    func table() {
        #expect(DPoPProof.Defect.allCases.count >= 45)
        let codes = Set(DPoPProof.Defect.allCases.map(\.rejection.code))
        let withoutProof: [DPoPRejection] = [.nonce, .replayed, .store(.full), .cryptographyUnavailable]
        for rejection in [.missing, .several, .keyMissing, .method, .target, .time, .tokenHash, .otherKey]
            + DPoPRejection.Claim.allCases.map({ DPoPRejection.claim($0) })
        {
            #expect(codes.contains(rejection.code))
        }
        #expect(codes.isDisjoint(with: withoutProof.map(\.code)))
    }

    @Test("RFC 9449 §8: the nonce is a claim")
    func nonce() async throws {
        let key = DPoPKey(clock: clock.wallClock)
        let nonces = DPoPNonces()
        var settings = DPoPVerifier.Settings()
        settings.nonces = nonces
        let without = key.proof(.post, Self.url, token: Self.token)
        let with = key.proof(.post, Self.url, token: Self.token, nonce: nonces.make(now: clock.now))
        #expect(try await rejection(of: [without], by: key, settings: settings) == .nonce)
        #expect(try await rejection(of: [with], by: key, settings: settings) == nil)
    }

    @Test("RFC 9449 §5: a token request needs no ath; what is verified is the key, once")
    func tokenRequest() async throws {
        let key = DPoPKey(clock: clock.wallClock)
        let verifier = try DPoPVerifier(clock: clock.wallClock)
        let target = DPoPTarget(try AbsoluteURL(parsing: Self.url))
        let proof = Array(key.proof(.post, Self.url).utf8)
        #expect(try await verifier.verifyTokenRequest([proof], method: "POST", target: target) == key.thumbprint)
        await #expect(throws: DPoPRejection.replayed) {
            try await verifier.verifyTokenRequest([proof], method: "POST", target: target)
        }
        for defect in DPoPProof.Defect.allCases where !defect.needsToken {
            let fields = key.proofs(with: defect, .post, Self.url).map { Array($0.utf8) }
            await #expect(throws: defect.rejection) {
                try await verifier.verifyTokenRequest(fields, method: "POST", target: target)
            }
        }
    }

    @Test("the thumbprint is that of the public key, and no member of the key is private")
    func publicHalf() throws {
        for algorithm in [SignatureAlgorithm.es256, .rs256, .edDSA] {
            let key = DPoPKey(algorithm)
            let document = try JSONDocument(parsing: JSONValue.object(key.publicJWK).encoded())
            #expect(try JSONWebKey(document.root).thumbprint == key.thumbprint)
            for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "kid", "alg", "use"] {
                #expect(key.publicJWK[name] == nil)
            }
            #expect("\(key)" == "DPoPKey(\(key.thumbprint))")
            #expect(Mirror(reflecting: key).children.count == 1)
        }
    }

    @Test("two proofs differ in jti")
    func distinct() throws {
        let key = DPoPKey()
        #expect(key.draft(.get, Self.url).claims["jti"] != key.draft(.get, Self.url).claims["jti"])
    }

    @Test("a defect of the token's binding needs a token: without one, the program stops")
    func needsToken() async {
        await #expect(processExitsWith: .failure) {
            _ = DPoPKey().proofs(with: .foreignTokenHash, .post, "https://mcp.example.com/mcp")
        }
    }
}

@Suite("FakeIssuer: bound tokens")
struct BoundTokenTests {
    private func confirmation(_ edit: (inout FakeIssuer.Draft) -> Void) throws -> JSONValue? {
        var draft = FakeIssuer(algorithms: [.es256]).draft()
        edit(&draft)
        return draft.claims["cnf"]
    }

    @Test("RFC 9449 §6.1, RFC 8705 §3.1: a token is bound to a key, to a certificate, or to both")
    func bound() throws {
        let key = DPoPKey()
        // SHA-256 of nothing.
        let digest = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
        #expect(try confirmation { $0.bind(to: key) } == ["jkt": .string(key.thumbprint)])
        #expect(try confirmation { $0.bind(toCertificate: []) } == ["x5t#S256": .string(digest)])
        let both = try confirmation {
            $0.bind(toCertificate: [])
            $0.bind(to: key)
        }
        #expect(both == ["jkt": .string(key.thumbprint), "x5t#S256": .string(digest)])
    }

    @Test("RFC 7800 §3: every malformed cnf differs from the good one, and is refused without a binding")
    func malformed() throws {
        let key = DPoPKey()
        let good = try confirmation { $0.bind(to: key) }
        var seen: Set<[UInt8]> = []
        for defect in FakeIssuer.ConfirmationDefect.allCases {
            let spoilt = try confirmation {
                $0.bind(to: key)
                $0.spoilConfirmation(with: defect)
            }
            #expect(spoilt != good)
            let isNew = seen.insert(try #require(spoilt).encoded()).inserted
            #expect(isNew)
        }
    }
}
