import CLibcrypto
import JOSE
import Testing
import WireFormat

@Suite("Signatures", .serialized)
struct SignatureTests {
    /// The order n of P-256 (SEC 2 §2.4.2).
    private static let order: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ]

    private func withSignature(_ mint: TokenMint, _ edit: ([UInt8]) -> [UInt8]) -> JOSEError? {
        let token = mint.token()
        guard let dot = token.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let signature = Base64URL.decode(String(decoding: token[(dot + 1)...], as: UTF8.self)) ?? []
        let edited = Array(token[...dot]) + Array(Base64URL.encode(edit(signature)).utf8)
        return TokenMint.refusal(of: edited, keys: mint.keySet)
    }

    @Test("RFC 7518 §3.3, §3.4: a signature of any other length is refused", arguments: TokenMint.all)
    func length(mint: TokenMint) {
        #expect(withSignature(mint) { $0 } == nil)
        for edit: ([UInt8]) -> [UInt8] in [
            { Array($0.dropLast()) }, { Array($0.dropFirst()) }, { $0 + [0] }, { [0] + $0 }, { _ in [0] },
            { $0 + $0 }, { _ in [UInt8](repeating: 0, count: 5_000) },
        ] {
            #expect(withSignature(mint, edit) == .badSignature)
            #expect(lcrypto_error_queue_length() == 0)
        }
    }

    @Test("RFC 7518 §3.4: DER is refused")
    func der() {
        #expect(
            withSignature(.es256) { raw in
                func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
                    let pad: [UInt8] = (bytes.first ?? 0) & 0x80 != 0 ? [0] : []
                    return [0x02, UInt8(bytes.count + pad.count)] + pad + bytes
                }
                let body = integer(raw[..<32]) + integer(raw[32...])
                return [0x30, UInt8(body.count)] + body
            } == .badSignature)
    }

    @Test("CVE-2022-21449: r and s outside [1, n−1] are refused")
    func psychicSignatures() {
        let zero = [UInt8](repeating: 0, count: 32)
        let one = [UInt8](repeating: 0, count: 31) + [1]
        let ones = [UInt8](repeating: 0xFF, count: 32)
        for r in [zero, one, Self.order, ones] {
            for s in [zero, one, Self.order, ones] {
                #expect(withSignature(.es256) { _ in r + s } == .badSignature)
            }
        }
        #expect(withSignature(.es256) { zero + Array($0[32...]) } == .badSignature)
        #expect(withSignature(.es256) { Array($0[..<32]) + Self.order } == .badSignature)
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("An RSA signature of zero, one and the modulus is refused")
    func rsaNumbers() {
        let modulus = Base64URL.decode(TokenMint.rs256.key.publicJWK["n"]?.string ?? "") ?? []
        #expect(modulus.count == 256)
        for signature in [[UInt8](repeating: 0, count: 256), [UInt8](repeating: 0, count: 255) + [1], modulus] {
            #expect(withSignature(.rs256) { _ in signature } == .badSignature)
        }
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("Many signatures, with leading zeros and high bits of r and s as they come, verify")
    func manySignatures() {
        let mint = TokenMint.es256
        let keys = mint.keySet
        // In one signature of 256, r has a leading zero byte; the same holds for s. 1,000 signatures include several of
        // both.
        var leadingZeros = 0
        for _ in 0..<1_000 {
            let token = mint.token()
            guard let dot = token.lastIndex(of: UInt8(ascii: ".")) else { continue }
            let signature = Base64URL.decode(String(decoding: token[(dot + 1)...], as: UTF8.self)) ?? []
            if signature.first == 0 || signature.dropFirst(32).first == 0 { leadingZeros += 1 }
            #expect(TokenMint.refusal(of: token, keys: keys) == nil)
        }
        #expect(leadingZeros > 0)
    }

    // RFC 7515 Appendix A. The examples have no audience. A refusal because of the audience shows that signature,
    // issuer and time were accepted.

    static let payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

    static let examples: [(String, String, String, String)] = [
        (
            "A.2",
            """
            {"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4\
            d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB\
            dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2et\
            hFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}
            """,
            "eyJhbGciOiJSUzI1NiJ9",
            """
            cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU\
            Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d\
            O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig\
            cN_IoypGlUPQGe77Rw
            """
        ),
        (
            "A.3",
            #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
            "eyJhbGciOiJFUzI1NiJ9",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
    ]

    @Test("RFC 7515 Appendix A.2 and A.3", arguments: examples)
    func rfc7515(name: String, key: String, header: String, signature: String) throws {
        let keys = try JSONWebKeySet(parsing: Array(#"{"keys":[\#(key)]}"#.utf8), issuer: "joe")
        let validation = try JWTValidation(issuer: "joe", resource: "https://mcp.example")
        func refusal(_ token: String) -> JOSEError? {
            TokenMint.refusal(
                of: Array(token.utf8), keys: keys, validation: validation, now: 1_300_819_379)
        }
        #expect(refusal("\(header).\(Self.payload).\(signature)") == .claim(.aud, .missing))
        let forged = Self.payload.replacing("leGFt", by: "leGFu")
        #expect(refusal("\(header).\(forged).\(signature)") == .badSignature)
    }

    @Test("RFC 7517 Appendix A.1: the RSA key is usable, the EC key for encryption is not")
    func rfc7517() throws {
        let text = """
            {"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",\
            "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"},\
            {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_\
            BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAta\
            Sqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBn\
            iIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}]}
            """
        let set = try JSONWebKeySet(parsing: Array(text.utf8), issuer: "i")
        #expect(set.keys.map(\.keyID) == ["2011-04-29"])
        #expect(set.keys.map(\.algorithms) == [[.rs256]])
        #expect(set.skipped == [JSONWebKeySet.Skipped(index: 0, reason: .notForSignatures)])
    }

    @Test("SHA-256 of FIPS 180-4's examples; comparison in constant time compares")
    func primitives() {
        #expect(Base64URL.encode(Digest.sha256(Array("abc".utf8))) == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0")
        #expect(Base64URL.encode(Digest.sha256([])) == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
        #expect(ConstantTime.equals([], []))
        #expect(ConstantTime.equals([1, 2], [1, 2]))
        #expect(!ConstantTime.equals([1, 2], [1, 3]))
        #expect(!ConstantTime.equals([1, 2], [1, 2, 3]))
        #expect(RandomBytes.make(32) != RandomBytes.make(32))
        #expect(RandomBytes.make(0).isEmpty)
    }
}
