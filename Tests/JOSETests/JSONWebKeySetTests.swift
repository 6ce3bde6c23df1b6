import CLibcrypto
import JOSE
import Testing
import WireFormat

@Suite("JSONWebKeySet", .serialized)
struct JSONWebKeySetTests {
    private static func key(_ text: String) -> JSONDocument.Object {
        (try? JSONValue(parsing: Array(text.utf8)))?.object ?? [:]
    }

    private static var rsa: JSONDocument.Object { TokenMint.rs256.key.publicJWK }
    private static var ec: JSONDocument.Object { TokenMint.es256.key.publicJWK }

    private static func edited(_ key: JSONDocument.Object, _ name: String, _ value: JSONValue?) -> JSONDocument.Object {
        var key = key
        key[name] = value
        return key
    }

    private static func number(_ hex: [UInt8]) -> JSONValue { .string(Base64URL.encode(hex)) }

    private static func decoded(_ key: JSONDocument.Object, _ name: String) -> [UInt8] {
        Base64URL.decode(key[name]?.string ?? "") ?? []
    }

    /// An odd modulus of this many bits, all of which are ones.
    private static func modulus(bits: Int, low: UInt8 = 0xFF) -> JSONValue {
        var bytes = [UInt8](repeating: 0xFF, count: (bits + 7) / 8)
        if bits % 8 != 0 { bytes[0] = UInt8(truncatingIfNeeded: (1 << (bits % 8)) - 1) }
        bytes[bytes.count - 1] = low
        return number(bytes)
    }

    static let unusable: [(String, JSONDocument.Object, JSONWebKey.Defect)] = [
        ("kty absent", edited(rsa, "kty", nil), .malformed),
        ("kty a number", edited(rsa, "kty", .number(JSONDocument.Number(1))), .malformed),
        ("kty unknown", edited(rsa, "kty", .string("AKP")), .unsupportedKeyType),
        ("kty in lower case", edited(rsa, "kty", .string("rsa")), .unsupportedKeyType),
        ("kty oct", key(#"{"kty":"oct","k":"AAAA","alg":"HS256"}"#), .unsupportedKeyType),
        ("crv unknown", edited(ec, "crv", .string("secp256k1")), .unsupportedCurve),
        ("crv absent", edited(ec, "crv", nil), .malformed),
        ("alg unknown", edited(rsa, "alg", .string("RS1")), .unsupportedAlgorithm),
        ("alg of another key type", edited(rsa, "alg", .string("ES256")), .unsupportedAlgorithm),
        ("alg HS256 on an RSA key", edited(rsa, "alg", .string("HS256")), .unsupportedAlgorithm),
        ("alg a number", edited(rsa, "alg", .number(JSONDocument.Number(1))), .malformed),
        ("use enc", edited(rsa, "use", .string("enc")), .notForSignatures),
        ("use SIG", edited(rsa, "use", .string("SIG")), .notForSignatures),
        ("use a number", edited(rsa, "use", .number(JSONDocument.Number(1))), .malformed),
        ("key_ops without verify", edited(rsa, "key_ops", .array([.string("sign")])), .notForVerification),
        ("key_ops empty", edited(rsa, "key_ops", .array([])), .notForVerification),
        ("key_ops a string", edited(rsa, "key_ops", .string("verify")), .malformed),
        ("key_ops with a number", edited(rsa, "key_ops", .array([.string("verify"), 1])), .malformed),
        ("kid a number", edited(rsa, "kid", .number(JSONDocument.Number(1))), .malformed),
        ("RSA private exponent", edited(rsa, "d", .string("AQAB")), .privateMaterial),
        ("RSA prime", edited(rsa, "p", .string("AQAB")), .privateMaterial),
        ("EC private key", edited(ec, "d", .string("AQAB")), .privateMaterial),
        ("n absent", edited(rsa, "n", nil), .malformed),
        ("n empty", edited(rsa, "n", .string("")), .malformed),
        ("n padded", edited(rsa, "n", .string("AQAB==")), .malformed),
        ("n zero", edited(rsa, "n", number([0, 0])), .malformed),
        ("n of 2047 bits", edited(rsa, "n", modulus(bits: 2_047)), .modulusTooSmall),
        ("n of 1024 bits", edited(rsa, "n", modulus(bits: 1_024)), .modulusTooSmall),
        ("n of 8193 bits", edited(rsa, "n", modulus(bits: 8_193)), .modulusTooLarge),
        ("n of 1 MiB bits", edited(rsa, "n", modulus(bits: 131_072)), .modulusTooLarge),
        (
            "n too long, and no base64url: the size is asked first",
            edited(rsa, "n", .string(String(repeating: "=", count: 16_384))), .modulusTooLarge
        ),
        ("n even", edited(rsa, "n", modulus(bits: 2_048, low: 0xFE)), .modulusEven),
        ("e absent", edited(rsa, "e", nil), .malformed),
        ("e 1", edited(rsa, "e", number([1])), .exponent),
        ("e 1 behind a zero byte", edited(rsa, "e", number([0, 1])), .exponent),
        ("e 2", edited(rsa, "e", number([2])), .exponent),
        ("e even", edited(rsa, "e", number([1, 0, 0])), .exponent),
        ("e 2^32 + 1", edited(rsa, "e", number([1, 0, 0, 0, 1])), .exponent),
        ("e as long as n", edited(rsa, "e", modulus(bits: 2_048)), .exponent),
        ("x short", edited(ec, "x", number([UInt8](repeating: 1, count: 31))), .point),
        ("x long", edited(ec, "x", number([UInt8](repeating: 1, count: 33))), .point),
        ("x very long", edited(ec, "x", number([UInt8](repeating: 1, count: 4_096))), .point),
        ("x empty", edited(ec, "x", .string("")), .malformed),
        ("y empty", edited(ec, "y", .string("")), .malformed),
        ("y short", edited(ec, "y", number([UInt8](repeating: 1, count: 31))), .point),
        ("y with one byte more", edited(ec, "y", number(decoded(ec, "y") + [0])), .point),
        ("x with one byte more", edited(ec, "x", number(decoded(ec, "x") + [0])), .point),
        ("y absent", edited(ec, "y", nil), .malformed),
        ("point not on the curve", edited(ec, "y", number([UInt8](repeating: 1, count: 32))), .point),
        (
            "point zero",
            edited(
                edited(ec, "x", number([UInt8](repeating: 0, count: 32))), "y", number([UInt8](repeating: 0, count: 32))
            ), .point
        ),
        ("x not below p", edited(ec, "x", number([UInt8](repeating: 0xFF, count: 32))), .point),
    ]

    @Test("POLICY §6: an unusable key is skipped with its reason, the rest of the set works", arguments: unusable)
    func skipped(name: String, key: JSONDocument.Object, reason: JSONWebKey.Defect) {
        let set = TokenMint.keySet([key, Self.ec])
        #expect(set.skipped == [JSONWebKeySet.Skipped(index: 0, reason: reason)])
        #expect(set.keys.count == 1)
        #expect(TokenMint.refusal(of: TokenMint.es256.token(), keys: set) == nil)
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test(
        "RFC 7517 §9.2: a key with any secret member is skipped, whatever its type",
        arguments: ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
    func secretMembers(name: String) {
        for key in [Self.rsa, Self.ec, TokenMint.edDSA.key.publicJWK] {
            let set = TokenMint.keySet([Self.edited(key, name, .string("AQAB"))])
            #expect(set.skipped.map(\.reason) == [.privateMaterial])
        }
    }

    @Test("An entry that is no object is skipped")
    func noObject() throws {
        let set = try JSONWebKeySet(parsing: Array(#"{"keys":[1,null,"x",[]]}"#.utf8), issuer: "i")
        #expect(set.skipped.map(\.reason) == [.malformed, .malformed, .malformed, .malformed])
    }

    @Test(
        "A document that is no key set is refused whole",
        arguments: [
            ("", JSONWebKeySet.ParseError.json(.unexpectedEnd)), ("[]", .notAKeySet), ("{}", .notAKeySet),
            (#"{"keys":{}}"#, .notAKeySet), (#"{"keys":null}"#, .notAKeySet),
            (#"{"keys":[],"keys":[]}"#, .json(.duplicateMember)), (#"{"keys":[]} x"#, .json(.trailingBytes)),
        ])
    func refused(text: String, reason: JSONWebKeySet.ParseError) {
        #expect(throws: reason) { try JSONWebKeySet(parsing: Array(text.utf8), issuer: "i") }
    }

    @Test("A set of other types than expected leaves no key: RFC 7517 §5")
    func empty() throws {
        #expect(try JSONWebKeySet(parsing: Array(#"{"keys":[]}"#.utf8), issuer: "i").keys.isEmpty)
    }

    @Test("RSA exponents 3 and 65537, and 2048 and 8192 bits, are usable; leading zero bytes are tolerated")
    func bounds() {
        let keys = [
            Self.edited(Self.rsa, "e", Self.number([3])),
            Self.edited(Self.rsa, "e", Self.number([0xFF, 0xFF, 0xFF, 0xFF])),
            Self.edited(Self.rsa, "e", Self.number([0, 0, 1, 0, 1])),
            Self.edited(Self.rsa, "n", Self.modulus(bits: 8_192)),
            Self.edited(Self.rsa, "n", Self.number([0] + (Base64URL.decode(Self.rsa["n"]?.string ?? "") ?? []))),
        ]
        let set = TokenMint.keySet(keys)
        #expect(set.skipped.isEmpty)
        #expect(set.keys.count == keys.count)
        // RFC 7518 §2: leading zeros are not part of the number, so the thumbprint is the same.
        #expect(set.keys[2].thumbprint == TokenMint.keySet([Self.rsa]).keys.first?.thumbprint)
    }

    @Test("use absent or sig, key_ops absent or with verify, alg absent or fitting")
    func usable() {
        var plain = Self.es256Plain
        #expect(TokenMint.keySet([plain]).keys.first?.algorithms == [.es256])
        plain["use"] = "sig"
        plain["key_ops"] = .array(["sign", "verify"])
        plain["alg"] = "ES256"
        #expect(TokenMint.keySet([plain]).keys.count == 1)
    }

    private static var es256Plain: JSONDocument.Object {
        var key = ec
        for name in ["alg", "use", "kid"] { key[name] = nil }
        return key
    }

    @Test("At most 1000 keys are looked at; one entry reports the rest")
    func limit() {
        let set = TokenMint.keySet([JSONDocument.Object](repeating: ["kty": "AKP"], count: 1_000) + [Self.ec, Self.ec])
        #expect(set.keys.isEmpty)
        #expect(set.skipped.count == 1_001)
        #expect(set.skipped.last == JSONWebKeySet.Skipped(index: 1_000, reason: .beyondLimit))
    }

    // Selection of keys, tested through the validation.

    private func header(kid: String?) -> String {
        kid.map { #"{"alg":"ES256","kid":"\#($0)"}"# } ?? #"{"alg":"ES256"}"#
    }

    @Test("Without kid: accepted iff exactly one key fits")
    func noKeyID() {
        let mint = TokenMint.es256
        let token = mint.token(header: header(kid: nil))
        #expect(TokenMint.refusal(of: token, keys: TokenMint.keySet([Self.ec])) == nil)
        #expect(TokenMint.refusal(of: token, keys: TokenMint.keySet([Self.rsa, Self.ec])) == nil)
        #expect(TokenMint.refusal(of: token, keys: TokenMint.keySet([Self.ec, Self.ec])) == .key(.ambiguous))
        #expect(TokenMint.refusal(of: token, keys: TokenMint.keySet([Self.rsa])) == .key(.unknown))
    }

    @Test("A key without kid is not found by a token with one")
    func keyWithoutKeyID() {
        let set = TokenMint.keySet([Self.es256Plain])
        #expect(TokenMint.refusal(of: TokenMint.es256.token(), keys: set) == .key(.unknown))
    }

    @Test("The kid matches, the alg does not: refused, no other key is tried")
    func algorithmMismatch() {
        var rsa = Self.rsa
        rsa["kid"] = "key-1"
        var other = Self.ec
        other["kid"] = "key-2"
        let set = TokenMint.keySet([rsa, other])
        #expect(TokenMint.refusal(of: TokenMint.es256.token(), keys: set) == .key(.algorithmMismatch))
    }

    @Test("RFC 7517 §4.5: one kid for keys of two types selects by type")
    func sharedKeyID() {
        var rsa = Self.rsa
        rsa["kid"] = "key-1"
        let set = TokenMint.keySet([rsa, Self.ec])
        #expect(TokenMint.refusal(of: TokenMint.es256.token(), keys: set) == nil)
        #expect(TokenMint.refusal(of: TokenMint.rs256.token(), keys: set) == nil)
    }

    @Test("The same kid several times: at most 4 are tried")
    func duplicateKeyID() {
        let strangers = (0..<4).map { _ in TokenMint(.es256).key.publicJWK }
        let token = TokenMint.es256.token()
        #expect(TokenMint.refusal(of: token, keys: TokenMint.keySet(Array(strangers.prefix(3)) + [Self.ec])) == nil)
        #expect(TokenMint.refusal(of: token, keys: TokenMint.keySet(strangers + [Self.ec])) == .badSignature)
    }

    @Test("POLICY §6: the same selection in a set of more keys than are looked through", arguments: [7, 8, 9, 40])
    func largeSet(others: Int) {
        let unnamed = Self.es256Plain
        let strangers = (0..<others).map { Self.edited(Self.ec, "kid", .string("other-\($0)")) }
        let token = TokenMint.es256.token()
        func refusal(_ keys: [JSONDocument.Object], _ token: [UInt8]) -> JOSEError? {
            TokenMint.refusal(of: token, keys: TokenMint.keySet(keys))
        }
        #expect(refusal(strangers + [Self.ec], token) == nil)
        #expect(refusal([Self.ec] + strangers, token) == nil)
        #expect(refusal(strangers + [unnamed], token) == .key(.unknown))
        #expect(refusal([Self.edited(Self.rsa, "kid", "key-1")] + strangers + [Self.ec], token) == nil)
        #expect(refusal([Self.edited(Self.rsa, "kid", "key-1")] + strangers, token) == .key(.algorithmMismatch))
        let escaped = TokenMint.es256.token(header: #"{"alg":"ES256","kid":"\u006bey-1"}"#)
        #expect(refusal(strangers + [Self.ec], escaped) == nil)
        #expect(refusal(strangers, TokenMint.es256.token(header: header(kid: nil))) == .key(.ambiguous))
        let empty = TokenMint.es256.token(header: header(kid: ""))
        #expect(refusal(strangers + [unnamed], empty) == .key(.unknown))
    }

    @Test("A stranger's key under the right kid does not verify")
    func foreignKey() {
        for mint in TokenMint.all {
            let stranger = TokenMint(mint.key.algorithm)
            #expect(TokenMint.refusal(of: mint.token(), keys: stranger.keySet) == .badSignature)
            #expect(lcrypto_error_queue_length() == 0)
        }
    }

    @Test("Copies of a set are the same set; the same document parsed again is another one")
    func identity() {
        let set = TokenMint.keySet([Self.ec])
        let copy = set
        #expect(copy.identity == set.identity)
        #expect(TokenMint.keySet([Self.ec]).identity != set.identity)
        #expect(JSONWebKeySet(set.keys, issuer: set.issuer).identity != set.identity)
    }

    @Test("Keys behind a set are selected by their kid alone, and never make a token without kid ambiguous")
    func backed() {
        let stranger = TokenMint.keySet([TokenMint(.es256).key.publicJWK])
        let set = TokenMint.keySet([Self.edited(Self.ec, "kid", "new")])
        let old = TokenMint.keySet([Self.ec, Self.es256Plain])
        let both = set.backed(by: old.keys)
        #expect(both.keys.map(\.keyID) == ["new", "key-1"])
        #expect(both.identity != set.identity)
        #expect(TokenMint.refusal(of: TokenMint.es256.token(), keys: set) == .key(.unknown))
        #expect(TokenMint.refusal(of: TokenMint.es256.token(), keys: both) == nil)
        #expect(TokenMint.refusal(of: TokenMint.es256.token(header: header(kid: nil)), keys: both) == nil)
        // The set has priority for every kid that it contains.
        #expect(stranger.backed(by: old.keys).identity == stranger.identity)
        #expect(set.backed(by: []).identity == set.identity)
    }
}
