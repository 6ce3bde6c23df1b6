import JOSE
import Testing
import WireFormat

/// Rules that a token with one defect cannot test: the issuer of the keys, the order of the checks, and the checks
/// before a key is selected.
@Suite("JWTValidation, whose keys and in which order", .serialized)
struct JWTChecksTests {
    @Test(
        "RFC 8725 §3.8: keys bound to another issuer are refused, although they verify the signature",
        arguments: ["https://other.example", "https://issuer.example/", "HTTPS://issuer.example", ""])
    func foreignKeySet(issuer: String) {
        for mint in TokenMint.all {
            let keys = JSONWebKeySet(mint.keySet.keys, issuer: issuer)
            #expect(TokenMint.refusal(of: mint.token(), keys: keys) == .key(.foreignIssuer))
        }
    }

    @Test("RFC 8725 §3.1: a name outside the policy is not admitted, though the library verifies it")
    func algorithmOutsideThePolicy() throws {
        let validation = TokenMint.validation { $0.algorithms = [.es256] }
        func precheck(_ name: String) throws -> PrecheckedJWT {
            let token = TokenMint.es256.token(header: #"{"alg":"\#(name)"}"#)
            return try validation.precheck(try UnverifiedJWT(parsing: token, limit: 16_384))
        }
        #expect(try precheck("ES256").algorithm == .es256)
        for name in ["RS256", "ES384", "EdDSA", "none", "HS256", "es256", "ES256ES256"] {
            #expect(throws: JOSEError.header(.algorithmNotAllowed), "\(name)") { try precheck(name) }
        }
    }

    @Test("A name of the same length is another claim or header parameter")
    func namesOfTheSameLength() {
        let mint = TokenMint.es256
        let token = mint.token(
            header: mint.header.replacing("at+jwt", by: "JWT").replacing("{", by: #"{"jwks":[],"cri2":1,"x":2,"#),
            payload: TokenMint.payload.replacing(
                "{", by: #"{"groups":["a"],"tenant":"t","at_time":1,"profile":"p","client_no":7,"cnd":{},"#))
        #expect(TokenMint.refusal(of: token, keys: mint.keySet) == nil)
    }
}
