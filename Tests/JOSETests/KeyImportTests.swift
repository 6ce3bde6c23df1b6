import CLibcrypto
import Testing
import WireFormat

@testable import JOSE

/// Keys in DER that no common tool produces. They test the checks that remain after the earlier ones.
@Suite("Hostile keys in DER", .serialized)
struct KeyImportTests {
    /// Tag, length and content (X.690 §8.1).
    private static func der(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            length.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        let head = content.count < 0x80 ? [UInt8(content.count)] : [0x80 | UInt8(length.count)] + length
        return [tag] + head + content
    }

    /// RFC 3279 §2.3.1: an RSA key whose modulus is this many bytes of ones.
    private static func rsa(modulusBytes: Int) -> [UInt8] {
        let modulus = der(0x02, [0] + [UInt8](repeating: 0xFF, count: modulusBytes))
        let key = der(0x30, modulus + der(0x02, [1, 0, 1]))
        let name = der(0x30, [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00])
        return der(0x30, name + der(0x03, [0] + key))
    }

    @Test(
        "POLICY §6: a text of more than 64 KiB is refused unread, a modulus of more than 8192 bits for its size",
        arguments: [
            (1_024, nil), (1_025, JSONWebKey.Defect.modulusTooLarge), (8_192, .modulusTooLarge),
            (8_193, .modulusTooLarge),
            (65_000, .modulusTooLarge), (65_536, .malformed), (200_000, .malformed),
        ])
    func largeModulus(bytes: Int, reason: JSONWebKey.Defect?) {
        var refusal: JSONWebKey.Defect?
        do throws(JSONWebKey.Defect) {
            _ = try JSONWebKey(der: Self.rsa(modulusBytes: bytes), .subjectPublicKeyInfo)
        } catch {
            refusal = error
        }
        #expect(refusal == reason)
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("RFC 8032 §5.1.3: an Ed25519 key of small order is refused in DER too")
    func smallOrder() {
        // RFC 8410 §4
        let prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
        for first: UInt8 in [0, 1] {
            let der = prefix + [first] + [UInt8](repeating: 0, count: 31)
            #expect(throws: JSONWebKey.Defect.point) { try JSONWebKey(der: der, .subjectPublicKeyInfo) }
        }
    }

    @Test("RFC 7518 §6.2.1.2: a coordinate that begins with zero keeps its full size on the way out of DER")
    func leadingZeroOfCoordinate() throws {
        // RFC 7520 §3.1: the first byte of x is zero.
        let x = try #require(
            Base64URL.decode("AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt")
        )
        let y = try #require(
            Base64URL.decode("AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1")
        )
        #expect(x.first == 0)
        // RFC 5480 §2: id-ecPublicKey, secp521r1
        let name = Self.der(
            0x30, [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23])
        let key = try JSONWebKey(der: Self.der(0x30, name + Self.der(0x03, [0, 4] + x + y)), .subjectPublicKeyInfo)
        #expect(key.publicKey == .ec(.p521, x: x, y: y))
    }

    @Test("A key that none of its algorithms fits verifies nothing, so it is refused")
    func nothingToVerify() throws {
        let ones = [UInt8](repeating: 0xFF, count: 256)
        let rsa = PublicKey.rsa(modulus: ones, exponent: [1, 0, 1])
        let x = try #require(Base64URL.decode(TokenMint.es256.key.publicJWK["x"]?.string ?? ""))
        let y = try #require(Base64URL.decode(TokenMint.es256.key.publicJWK["y"]?.string ?? ""))
        let point = try #require(Base64URL.decode(TokenMint.edDSA.key.publicJWK["x"]?.string ?? ""))
        let pairs: [(PublicKey, [SignatureAlgorithm])] = [
            (rsa, []), (rsa, [.es256]), (rsa, [.edDSA]), (.ec(.p256, x: x, y: y), [.rs256, .ps256]),
            (.ec(.p256, x: x, y: y), [.edDSA]), (.ed25519(x: point), [.rs256]), (.ed25519(x: point), [.es256]),
        ]
        for (key, algorithms) in pairs {
            #expect(throws: JSONWebKey.Defect.refusedByLibrary) { try VerificationKey(key, algorithms: algorithms) }
            #expect(lcrypto_error_queue_length() == 0)
        }
    }

    @Test(
        "The C import takes coordinates of exactly the curve's size and Ed25519 keys of 32 bytes",
        arguments: [0, 1, 31, 33, 48, 66, 67, 4_096])
    func coordinateLength(count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        #expect(unsafe lcrypto_ec_import(LCRYPTO_P256, bytes, bytes, count) == nil)
        #expect(unsafe lcrypto_ed25519_import(bytes, count) == nil)
        #expect(lcrypto_error_queue_length() == 0)
    }

    @Test("OpenSSL's error queue is empty right after every refused import, no matter who asks next")
    func errorQueue() {
        // RFC 7518 §6.2.1: the size is correct, but the point is on no curve.
        for (curve, size) in [(LCRYPTO_P256, 32), (LCRYPTO_P384, 48), (LCRYPTO_P521, 66)] {
            let ones = [UInt8](repeating: 1, count: size)
            #expect(unsafe lcrypto_ec_import(curve, ones, ones, size) == nil)
            #expect(lcrypto_error_queue_length() == 0)
        }
        for der in [[0x30], [0x30, 0x00], [0x30, 0x03, 0x02, 0x01, 0x05], [UInt8](repeating: 0xFF, count: 64)]
            as [[UInt8]]
        {
            #expect(unsafe lcrypto_spki_read(der, der.count) == nil)
            #expect(lcrypto_error_queue_length() == 0)
            #expect(unsafe lcrypto_certificate_read(der, der.count) == nil)
            #expect(lcrypto_error_queue_length() == 0)
        }
    }
}
