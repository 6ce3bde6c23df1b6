import JOSE
import OAuthResourceServer
import TokenVerification
import Testing
import WireFormat

@testable import OAuthTestKit

@Suite("FakeIssuer", .serialized)
struct FakeIssuerTests {
    private let clock = FakeClock()
    private let audience = "https://resource.example/mcp"

    private func issuer(_ algorithms: [SignatureAlgorithm] = [.es256]) -> FakeIssuer {
        FakeIssuer(audience: audience, algorithms: algorithms, clock: clock.wallClock)
    }

    private func verify(
        _ token: String, of issuer: FakeIssuer, audience: String? = nil, profile: JWTPolicy.Profile = .rfc9068
    ) throws -> JSONDocument.Object {
        let keys = try JSONWebKeySet(parsing: JSONValue.object(issuer.jwks).encoded(), issuer: issuer.url)
        var policy = JWTPolicy(issuer: issuer.url, resource: audience ?? issuer.audience)
        policy.profile = profile
        let validation = try JWTValidation(policy)
        let jwt = try UnverifiedJWT(parsing: Array(token.utf8), limit: 16_384)
        return try #require(validation.verify(jwt, keys: keys, now: clock.now).claims.root.value.object)
    }

    @Test(
        "RFC 9068 §2: a token is good by default, with every claim",
        arguments: [SignatureAlgorithm.rs256, .es256])
    func goodByDefault(algorithm: SignatureAlgorithm) throws {
        let issuer = issuer([.rs256, .es256])
        let claims = try verify(issuer.token(algorithm: algorithm), of: issuer)
        #expect(claims["iss"] == "https://issuer.example")
        #expect(claims["aud"] == .string(audience))
        #expect(claims["iat"] == 1_700_000_000)
        #expect(claims["exp"] == 1_700_003_600)
        for name in ["sub", "client_id", "scope", "jti"] { #expect(claims[name]?.string?.isEmpty == false) }
        #expect(claims["nbf"] == nil)
    }

    @Test("two tokens differ in jti")
    func distinctTokens() throws {
        let issuer = issuer()
        #expect(issuer.draft().claims["jti"] != issuer.draft().claims["jti"])
    }

    @Test("another audience can be asked for")
    func otherAudience() throws {
        let issuer = issuer()
        let claims = try verify(
            issuer.token(audience: "https://other.example"), of: issuer, audience: "https://other.example")
        #expect(claims["aud"] == "https://other.example")
    }

    @Test("any claim is set or removed")
    func editsClaims() throws {
        let issuer = issuer()
        let token = issuer.token {
            $0.claims["sub"] = "alice"
            $0.claims["jti"] = nil
            $0.claims["roles"] = ["a", "b"]
        }
        let claims = try verify(token, of: issuer, profile: .default)
        #expect(claims["sub"] == "alice")
        #expect(claims["jti"] == nil)
        #expect(claims.members.contains { $0.name == "jti" } == false)
        #expect(claims["roles"] == ["a", "b"])
    }

    @Test("any header parameter is set or removed")
    func editsHeader() throws {
        let issuer = issuer()
        let token = issuer.token {
            $0.header["kid"] = nil
            $0.header["typ"] = "JWT"
            $0.header["x"] = 1
        }
        #expect(try header(of: token) == ["alg": "ES256", "typ": "JWT", "x": 1])
        _ = try verify(token, of: issuer, profile: .default)
    }

    @Test("bytes of any kind are signed as they are")
    func signsBytes() throws {
        let issuer = issuer()
        let token = issuer.token { $0.payloadBytes = Array(#"{"iss":"a","iss":"b"}"#.utf8) }
        #expect(try part(1, of: token) == Array(#"{"iss":"a","iss":"b"}"#.utf8))
        #expect(throws: JOSEError.malformed(.payloadJSON)) { try verify(token, of: issuer) }
    }

    @Test("an unsecured token has alg none and an empty third part")
    func unsecured() throws {
        let token = issuer().token { $0.makeUnsecured() }
        #expect(try header(of: token)["alg"] == "none")
        #expect(token.utf8.last == UInt8(ascii: "."))
    }

    @Test("tampering keeps the signature of what was signed")
    func tampered() throws {
        let issuer = issuer()
        let token = issuer.token { $0.tamper { $0["sub"] = "mallory" } }
        #expect(try JSONValue(parsing: part(1, of: token))["sub"] == "mallory")
        #expect(throws: JOSEError.badSignature) { try verify(token, of: issuer) }
    }

    @Test("rotation: old tokens stay good with the old keys kept")
    func rotationKeeps() throws {
        let issuer = issuer()
        let before = issuer.token()
        issuer.rotateKeys(.keep)
        _ = try verify(before, of: issuer)
        let after = issuer.token()
        _ = try verify(after, of: issuer)
        #expect(
            issuer.jwks["keys"]?.array?.map { $0["kid"] } == [
                try header(of: after)["kid"], try header(of: before)["kid"],
            ])
        #expect(try header(of: before)["kid"] != header(of: after)["kid"])
    }

    @Test("rotation: old tokens are of an unknown key with the old keys dropped")
    func rotationDrops() throws {
        let issuer = issuer()
        let before = issuer.token()
        issuer.rotateKeys(.drop)
        #expect(throws: JOSEError.key(.unknown)) { try verify(before, of: issuer) }
        _ = try verify(issuer.token(), of: issuer)
        #expect(issuer.jwks["keys"]?.array?.count == 1)
    }

    @Test("the key source has the present keys, without waiting, at every moment")
    func keySource() async throws {
        let issuer = issuer()
        let source = issuer.keySource
        let first = try #require(source.presentKeys()?.keys.map(\.keyID))
        #expect(first.count == 1)
        issuer.rotateKeys(.keep)
        let both = try #require(source.presentKeys()?.keys.map(\.keyID))
        #expect(both.count == 2 && both.last == first.last && both.first != first.first)
        issuer.rotateKeys(.drop)
        let third = try await source.keys(for: .unknownKey).keys.map(\.keyID)
        #expect(third.count == 1 && !both.contains(third[0]))
    }

    @Test("RFC 7638: the kid of each key is its thumbprint, so no two issuers share one")
    func thumbprints() throws {
        let keys = try #require(issuer([.rs256, .es256]).keySource.presentKeys()?.keys)
        #expect(keys.count == 2)
        #expect(keys.allSatisfy { $0.keyID == $0.thumbprint })
    }

    @Test("the key set has public halves only")
    func publicHalves() throws {
        for key in issuer([.rs256, .es256]).jwks["keys"]?.array ?? [] {
            for secret in ["d", "p", "q", "dp", "dq", "qi", "k"] { #expect(key[secret] == nil) }
            #expect(key["use"] == "sig")
        }
    }

    @Test("RFC 8414 §2: the metadata name issuer and keys")
    func metadata() throws {
        let metadata = issuer().metadata
        #expect(metadata["issuer"] == "https://issuer.example")
        #expect(metadata["jwks_uri"] == "https://issuer.example/jwks")
        #expect(metadata["response_types_supported"] == ["code"])
    }

    @Test(
        "an issuer that is no issuer identifier is refused",
        arguments: ["", "issuer", "ftp://a.example", "http://a.example", "https://a.example?x", "https://a.example#f"])
    func refusesIssuer(url: String) {
        #expect(throws: TestKitError.issuerNotAcceptable) {
            try FakeIssuer(checking: url, algorithms: [.es256], .system)
        }
    }

    @Test("an issuer without algorithm is refused")
    func refusesNoAlgorithm() {
        #expect(throws: TestKitError.noAlgorithm) {
            try FakeIssuer(checking: FakeIssuer.defaultURL, algorithms: [], .system)
        }
    }

    @Test("in a test, such an issuer is a mistake of the test, and stops it")
    func stops() async {
        await #expect(processExitsWith: .failure) { _ = FakeIssuer("ftp://a.example") }
        await #expect(processExitsWith: .failure) { _ = FakeIssuer(algorithms: []) }
        await #expect(processExitsWith: .failure) { _ = FakeIssuer("", clock: FakeClock()) }
    }

    @Test("a token says what the test asks for, and without scope it has no such claim")
    func arguments() throws {
        let issuer = issuer()
        let key = DPoPKey()
        let claims = try UnverifiedJWT(
            parsing: Array(issuer.token(scope: "a b", subject: "alice", boundTo: key).utf8), limit: 16_384
        ).payload.root.value
        #expect(claims["scope"] == "a b" && claims["sub"] == "alice")
        #expect(claims["cnf"] == ["jkt": .string(key.thumbprint)])
        let bare = try UnverifiedJWT(parsing: Array(issuer.token(scope: "").utf8), limit: 16_384)
        #expect(bare.payload.root["scope"] == nil)
    }

    @Test("asking for an algorithm that the issuer has no key of stops the program")
    func foreignAlgorithm() async {
        await #expect(processExitsWith: .failure) {
            _ = FakeIssuer(algorithms: [.es256]).token(algorithm: .rs256)
        }
    }

    @Test("every defect is refused for its own reason", arguments: TokenDefect.allCases)
    func defects(defect: TokenDefect) throws {
        let issuer = issuer()
        let token = issuer.token(with: defect)
        let error = #expect(throws: JOSEError.self) { try verify(token, of: issuer, profile: .default) }
        #expect(error == defect.fault)
    }

    @Test(
        "every defect is refused for its own reason (RS256)",
        arguments: [TokenDefect.foreignKey, .alteredSignature])
    func defectsRS256(defect: TokenDefect) throws {
        let issuer = issuer([.rs256])
        #expect(throws: JOSEError.badSignature) { try verify(issuer.token(with: defect), of: issuer) }
    }

    private func part(_ index: Int, of token: String) throws -> [UInt8] {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return try #require(Base64URL.decode(String(decoding: parts[index], as: UTF8.self)))
    }

    private func header(of token: String) throws -> JSONDocument.Object {
        try #require(JSONValue(parsing: part(0, of: token)).object)
    }
}
