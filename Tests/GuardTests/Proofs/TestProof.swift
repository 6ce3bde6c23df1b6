import JOSE
import OAuthTestKit
import TokenVerification
import WireFormat

/// A DPoP proof (RFC 9449 §4.2), which a test changes before it is signed.
struct TestProof {
    var header: JSONDocument.Object
    var claims: JSONDocument.Object
    private let key: SigningKey

    /// The key of a client.
    struct Key: Sendable {
        let signing: SigningKey
        let thumbprint: String

        init(_ algorithm: SignatureAlgorithm = .es256) {
            do {
                signing = try SigningKey.generate(algorithm, keyID: nil)
                let document = try JSONDocument(parsing: JSONValue.object(signing.publicJWK).encoded())
                thumbprint = try JSONWebKey(document.root).thumbprint
            } catch {
                preconditionFailure("the key could not be made")
            }
        }

        static let client = Key()
        static let stranger = Key()

        /// The members of the public key, without `use`, `alg` and `kid`.
        var jwk: JSONDocument.Object {
            var jwk = signing.publicJWK
            for name in ["use", "alg", "kid"] { jwk[name] = nil }
            return jwk
        }
    }

    /// A good proof for a POST to the resource of ``GuardUnderTest``.
    init(for token: String, by key: Key = .client, now: Double = GuardUnderTest.now) {
        self.key = key.signing
        header = ["typ": "dpop+jwt", "alg": .string(key.signing.algorithm.name), "jwk": .object(key.jwk)]
        claims = [
            "jti": .string(Base64URL.encode(RandomBytes.make(12))), "htm": "POST",
            "htu": .string(GuardUnderTest.resource), "iat": .number(JSONDocument.Number(Int64(now))),
            "ath": .string(Base64URL.encode(Digest.sha256(Array(token.utf8)))),
        ]
    }

    var text: String { text() }

    /// The proof, whose JSON is changed as a text before it is signed: for what no JSON value can hold.
    func text(
        header changeHeader: (String) -> String = { $0 }, claims changeClaims: (String) -> String = { $0 }
    ) -> String {
        let header = changeHeader(String(decoding: JSONValue.object(header).encoded(), as: UTF8.self))
        let claims = changeClaims(String(decoding: JSONValue.object(claims).encoded(), as: UTF8.self))
        let input = [header, claims].map { Base64URL.encode(Array($0.utf8)) }.joined(separator: ".")
        do {
            return input + "." + Base64URL.encode(try key.sign(Array(input.utf8)))
        } catch {
            preconditionFailure("the proof could not be signed")
        }
    }
}
