import JOSE
import Testing
import WireFormat

@Suite("JSONWebKey: null", .serialized)
struct JSONWebKeyTests {
    private static let rsa = TokenMint.rs256.key.publicJWK
    private static let ec = TokenMint.es256.key.publicJWK
    private static let edDSA = TokenMint.edDSA.key.publicJWK

    private static func edited(_ key: JSONDocument.Object, _ edits: [(String, JSONValue)]) -> JSONDocument.Object {
        var key = key
        for (name, value) in edits { key[name] = value }
        return key
    }

    @Test(
        "POLICY §6: an optional member that is null counts as absent",
        arguments: [
            [("alg", .null)], [("use", .null)], [("key_ops", .null)], [("d", .null)],
            [("p", .null), ("q", .null), ("dp", .null), ("dq", .null), ("qi", .null), ("oth", .null), ("k", .null)],
            [("x5c", .null), ("x5t", .null), ("x5t#S256", .null), ("x5u", .null)],
            [("alg", .null), ("use", .null), ("key_ops", .null), ("d", .null), ("ext", .null), ("exp", .null)],
            [("use", "sig"), ("alg", .null), ("key_ops", ["verify"])],
        ] as [[(String, JSONValue)]])
    func optional(edits: [(String, JSONValue)]) {
        for key in [Self.rsa, Self.ec, Self.edDSA] {
            let set = TokenMint.keySet([Self.edited(key, edits)])
            #expect(set.skipped.isEmpty)
            #expect(set.keys.first?.keyID == "key-1")
        }
        // The members of other key types are unknown members.
        #expect(
            TokenMint.keySet([Self.edited(Self.rsa, [("crv", .null), ("x", .null), ("y", .null)])]).keys.count == 1)
        #expect(TokenMint.keySet([Self.edited(Self.edDSA, [("y", .null), ("n", .null)])]).keys.count == 1)
    }

    @Test("A null alg allows what an absent one allows; a null kid is no kid")
    func meaning() {
        let key = Self.edited(Self.rsa, [("alg", .null), ("kid", .null)])
        let set = TokenMint.keySet([key])
        #expect(set.keys.first?.algorithms.count == 6)
        #expect(set.keys.first?.keyID == nil)
        #expect(TokenMint.refusal(of: TokenMint.rs256.token(), keys: set) == .key(.unknown))
        #expect(TokenMint.refusal(of: TokenMint.rs256.token(header: #"{"alg":"RS256"}"#), keys: set) == nil)
    }

    @Test(
        "The refused neighbours: null where the key type needs a value, and empty or other values",
        arguments: [
            (rsa, "kty", .null, .malformed), (rsa, "n", .null, .malformed), (rsa, "e", .null, .malformed),
            (ec, "crv", .null, .malformed), (ec, "x", .null, .malformed), (ec, "y", .null, .malformed),
            (edDSA, "crv", .null, .malformed), (edDSA, "x", .null, .malformed),
            (rsa, "d", "", .privateMaterial), (rsa, "d", false, .privateMaterial), (ec, "d", [], .privateMaterial),
            (edDSA, "d", "null", .privateMaterial), (rsa, "oth", [], .privateMaterial),
            (rsa, "alg", 1, .malformed), (rsa, "alg", "", .unsupportedAlgorithm),
            (rsa, "alg", "null", .unsupportedAlgorithm), (rsa, "alg", [], .malformed),
            (rsa, "use", "enc", .notForSignatures), (rsa, "use", "", .notForSignatures),
            (rsa, "use", false, .malformed),
            (rsa, "key_ops", [], .notForVerification), (rsa, "key_ops", [.null], .malformed),
            (rsa, "key_ops", ["verify", .null], .malformed), (rsa, "key_ops", "", .malformed),
            (rsa, "kid", 1, .malformed), (rsa, "kid", [], .malformed), (rsa, "kid", false, .malformed),
        ] as [(JSONDocument.Object, String, JSONValue, JSONWebKey.Defect)])
    func refused(key: JSONDocument.Object, name: String, value: JSONValue, reason: JSONWebKey.Defect) {
        #expect(TokenMint.keySet([Self.edited(key, [(name, value)])]).skipped.map(\.reason) == [reason])
    }

    @Test("A shared secret stays one when its secret is null")
    func octets() {
        #expect(TokenMint.keySet([["kty": "oct", "k": .null]]).skipped.map(\.reason) == [.unsupportedKeyType])
    }
}
