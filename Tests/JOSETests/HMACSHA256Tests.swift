import CLibcrypto
import Testing

@testable import JOSE

@Suite("HMAC-SHA-256 (RFC 2104)")
struct HMACSHA256Tests {
    /// RFC 4231 §4: the test cases whose keys are shorter than, and longer than, a block of the digest.
    private static let vectors: [(key: [UInt8], message: [UInt8], code: String)] = [
        (
            .init(repeating: 0x0B, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            .init(repeating: 0xAA, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ]

    @Test("RFC 4231: the codes of the examples; an empty key and message have one too", arguments: vectors)
    func examples(key: [UInt8], message: [UInt8], code: String) {
        let digits = HMACSHA256.code(of: message, key: key).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        #expect(digits.joined() == code)
        #expect(lcrypto_error_queue_length() == 0)
    }
}
