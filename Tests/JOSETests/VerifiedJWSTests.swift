import CLibcrypto
import Testing
import WireFormat

@testable import JOSE

@Suite("VerifiedJWS", .serialized)
struct VerifiedJWSTests {
    private static let limit = 65_536

    /// The error of a verification; nil if the JWS is accepted.
    private static func refusal(
        of jws: [UInt8], keys: JSONWebKeySet, algorithms: [SignatureAlgorithm] = SignatureAlgorithm.all,
        limit: Int = limit
    ) -> JOSEError? {
        do throws(JOSEError) {
            _ = try keys.verify(jws: jws, algorithms: algorithms, limit: limit)
            return nil
        } catch {
            return error
        }
    }

    private static func refusal(of text: String, keys: JSONWebKeySet = TokenMint.es256.keySet) -> JOSEError? {
        refusal(of: Array(text.utf8), keys: keys)
    }

    private static func keySet(_ jwk: String) throws -> JSONWebKeySet {
        try JSONWebKeySet(parsing: Array(#"{"keys":[\#(jwk)]}"#.utf8), issuer: TokenMint.issuer)
    }

    @Test("RFC 7515 A.4, RFC 7520 §4.1…4.3, RFC 8037 A.4: the examples verify", arguments: VectorTests.vectors)
    func vectors(vector: VectorTests.Vector) throws {
        let keys = try Self.keySet(vector.key)
        func part(_ text: String) -> String { Base64URL.encode(Array(text.utf8)) }
        let text = "\(part(vector.header)).\(part(vector.payload)).\(vector.signature)"
        let jws = try keys.verify(jws: Array(text.utf8), algorithms: [vector.algorithm], limit: Self.limit)
        #expect(jws.payload == Array(vector.payload.utf8))
        #expect(jws.algorithm == vector.algorithm)
        #expect(jws.header.bytes == Array(vector.header.utf8))
        #expect(jws.keyID == keys.keys[0].keyID)
        #expect(jws.type == nil)
        #expect(!jws.hasType("JWT"))
        let forged = "\(part(vector.header)).\(part(vector.payload + "x")).\(vector.signature)"
        #expect(Self.refusal(of: forged, keys: keys) == .badSignature)
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("RFC 7515 A.2 (RS256) and A.3 (ES256): the examples verify", arguments: SignatureTests.examples)
    func appendixA(name: String, key: String, header: String, signature: String) throws {
        let keys = try Self.keySet(key)
        let jws = try keys.verify(
            jws: Array("\(header).\(SignatureTests.payload).\(signature)".utf8), algorithms: [.rs256, .es256],
            limit: Self.limit)
        #expect(jws.algorithm == (name == "A.2" ? .rs256 : .es256))
        #expect(
            String(decoding: jws.payload, as: UTF8.self)
                == "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}")
        let other = signature.replacing(name == "A.2" ? "cC4h" : "DtEh", by: "AAAA")
        #expect(Self.refusal(of: "\(header).\(SignatureTests.payload).\(other)", keys: keys) == .badSignature)
    }

    @Test("Every algorithm of the table verifies, and its payload may be any bytes", arguments: TokenMint.all)
    func algorithms(mint: TokenMint) throws {
        for payload: [UInt8] in [[0], [0xFF, 0xFE, 0x00], Array("not JSON".utf8), Array("{}".utf8)] {
            let token = mint.token(headerBytes: Array(mint.header.utf8), payloadBytes: payload)
            let jws = try mint.keySet.verify(jws: token, algorithms: [mint.key.algorithm], limit: Self.limit)
            #expect(jws.payload == payload)
            #expect(jws.algorithm == mint.key.algorithm)
            #expect(jws.keyID == mint.keyID)
            #expect(jws.type == "at+jwt")
        }
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("Every defect of a header has the same reason as in a JWT; typ is the caller's", arguments: Defect.headers)
    func headerDefects(defect: Defect) {
        for mint in [TokenMint.es256, .rs256, .edDSA] {
            let refusal = Self.refusal(of: defect.token(mint), keys: mint.keySet)
            let isOtherType = defect.expected == .header(.type) && !["typ a number", "typ null"].contains(defect.name)
            #expect(refusal == (isOtherType ? nil : defect.expected))
        }
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("Claims are not checked: an expired token of another issuer and audience verifies as a JWS")
    func claimsAreNotChecked() {
        let mint = TokenMint.es256
        for defect in Defect.payloads + Defect.times + Defect.audiences {
            #expect(Self.refusal(of: defect.token(mint), keys: mint.keySet) == nil, "\(defect.name)")
        }
    }

    private static let parts = String(decoding: TokenMint.es256.token(), as: UTF8.self).split(separator: ".").map(
        String.init)

    @Test(
        "RFC 7515 §7.1: three parts, none empty",
        arguments: [
            ("", JOSEError.malformed(.parts)), ("..", .malformed(.parts)), ("a.b", .malformed(.parts)),
            ("a.b.c.d", .malformed(.parts)), ("a.b.c.d.e", .malformed(.encrypted)),
            ("a.b.c.d.e.f", .malformed(.parts)), (".b.c", .malformed(.parts)), ("a.b.", .malformed(.parts)),
            ("{\"payload\":\"a\"}", .malformed(.parts)),
        ])
    func partCount(text: String, expected: JOSEError) {
        #expect(Self.refusal(of: text) == expected)
    }

    @Test("RFC 7515 appendix F: an empty payload, the form of detached content, is refused although it is signed")
    func emptyPayload() {
        for mint in TokenMint.all {
            let token = mint.sign(Base64URL.encode(Array(mint.header.utf8)) + ".")
            #expect(Self.refusal(of: token, keys: mint.keySet) == .malformed(.parts))
        }
    }

    @Test("RFC 7515 §2: each part is canonical base64url", arguments: [0, 1, 2], ["=", "+", " ", "\n", "\u{301}"])
    func base64(part: Int, extra: String) {
        var parts = Self.parts
        parts[part] += extra
        #expect(Self.refusal(of: parts.joined(separator: ".")) == .malformed(.base64url))
    }

    @Test("The limit is exact, and compared before anything is read")
    func limit() {
        let token = TokenMint.es256.token()
        let keys = TokenMint.es256.keySet
        #expect(Self.refusal(of: token, keys: keys, limit: token.count) == nil)
        #expect(Self.refusal(of: token, keys: keys, limit: token.count - 1) == .malformed(.tooLarge))
        #expect(Self.refusal(of: [0, 0], keys: keys, limit: 1) == .malformed(.tooLarge))
        #expect(Self.refusal(of: [], keys: keys, limit: -1) == .malformed(.tooLarge))
    }

    @Test("RFC 8725 §3.1: only an algorithm of the caller's list verifies; an empty list refuses everything")
    func allowedAlgorithms() {
        for mint in TokenMint.all {
            let others = SignatureAlgorithm.all.filter { $0 != mint.key.algorithm }
            for algorithms in [others, []] {
                #expect(
                    Self.refusal(of: mint.token(), keys: mint.keySet, algorithms: algorithms)
                        == .header(.algorithmNotAllowed))
            }
        }
        // The algorithm is refused before the payload and the signature are decoded.
        let text = "\(Self.parts[0]).=.="
        #expect(
            Self.refusal(of: Array(text.utf8), keys: TokenMint.es256.keySet, algorithms: [.rs256])
                == .header(.algorithmNotAllowed))
    }

    @Test("POLICY §6: keys are selected as for a JWT")
    func keySelection() {
        let mint = TokenMint.es256
        let anonymous = mint.token(header: #"{"alg":"ES256"}"#)
        #expect(Self.refusal(of: anonymous, keys: mint.keySet) == nil)
        let two = TokenMint.keySet([mint.key.publicJWK, TokenMint(.es256).key.publicJWK])
        #expect(Self.refusal(of: anonymous, keys: two) == .key(.ambiguous))
        #expect(Self.refusal(of: anonymous, keys: TokenMint.rs256.keySet) == .key(.unknown))
        #expect(Self.refusal(of: mint.token(), keys: TokenMint.keySet([])) == .key(.unknown))
        #expect(Self.refusal(of: mint.token(), keys: TokenMint.rs256.keySet) == .key(.algorithmMismatch))
        #expect(Self.refusal(of: mint.token(), keys: TokenMint(.es256).keySet) == .badSignature)
        // The issuer of the set has no effect here. The caller must compare it.
        let renamed = JSONWebKeySet(mint.keySet.keys, issuer: "https://other.example")
        #expect(Self.refusal(of: mint.token(), keys: renamed) == nil)
    }

    @Test("Every flipped bit of a good JWS is refused, and nothing traps")
    func mutations() {
        let mint = TokenMint.es256
        let keys = mint.keySet
        let token = mint.token(headerBytes: Array(mint.header.utf8), payloadBytes: Array("content".utf8))
        for index in token.indices {
            for bit in 0..<8 {
                var mutated = token
                mutated[index] ^= 1 << bit
                #expect(Self.refusal(of: mutated, keys: keys) != nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test(
        "RFC 7515 §4.1.9: typ is compared without case and without application/",
        arguments: [
            ("signed-metadata+jwt", "signed-metadata+jwt", true), ("Signed-Metadata+JWT", "signed-metadata+jwt", true),
            ("application/signed-metadata+jwt", "signed-metadata+jwt", true),
            ("signed-metadata+jwt", "APPLICATION/signed-metadata+jwt", true),
            ("application/application/jwt", "JWT", false), ("application/text/plain", "text/plain", false),
            ("text/plain", "text/plain", true), ("application/", "", false), ("JWT", "at+jwt", false),
            ("\u{212A}", "k", false), ("", "JWT", false),
        ])
    func mediaType(type: String, wanted: String, isSame: Bool) throws {
        let mint = TokenMint.es256
        let token = mint.token(header: mint.header.replacing("at+jwt", by: type))
        let jws = try mint.keySet.verify(jws: token, algorithms: [.es256], limit: Self.limit)
        #expect(jws.type == type)
        #expect(jws.hasType(wanted) == isSame)
    }

    @Test("THREATS B12: no description and no mirror shows the content")
    func redacted() throws {
        let jws = try TokenMint.es256.keySet.verify(
            jws: TokenMint.es256.token(), algorithms: [.es256], limit: Self.limit)
        #expect("\(jws) \(String(reflecting: jws))" == "<verified JWS> <verified JWS>")
        #expect(Mirror(reflecting: jws).children.isEmpty)
    }
}
