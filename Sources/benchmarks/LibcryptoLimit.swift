import CBenchmarkLimit
import WireFormat

/// A signed message and its key, in the form that libcrypto takes. Verifying it needs no parsing.
///
/// `@unchecked Sendable`: all stored properties are `let`. ``LIMIT_KEPT`` changes the key and is used by one task at a
/// time. The other ways do not change the key, or change it only through atomics.
@safe
final class LibcryptoLimit: @unchecked Sendable {
    private let key: OpaquePointer
    private let message: [UInt8]
    private let signature: [UInt8]

    /// Takes the public JWK and a token that the key signed. Nil unless both are well formed.
    init?(jwk: JSONDocument.Object, token: [UInt8]) {
        let parts = token.split(separator: UInt8(ascii: "."))
        func number(_ name: String) -> [UInt8] { jwk[name]?.string.flatMap { Base64URL.decode($0) } ?? [] }
        guard parts.count == 3, let signature = Base64URL.decode(Array(parts[2]).span) else { return nil }
        message = Array(token.prefix(parts[0].count + 1 + parts[1].count))
        let made: OpaquePointer?
        if jwk["kty"]?.string == "RSA" {
            let (modulus, exponent) = (number("n"), number("e"))
            unsafe made = unsafe limit_key_rsa(modulus, modulus.count, exponent, exponent.count)
            self.signature = signature
        } else {
            let (x, y) = (number("x"), number("y"))
            guard x.count == 32, y.count == 32, signature.count == 64 else { return nil }
            unsafe made = unsafe limit_key_p256(x, y)
            var der = [UInt8](repeating: 0, count: 72)
            let count = unsafe limit_der(signature, &der)
            self.signature = Array(der.prefix(count))
        }
        guard let made = unsafe made else { return nil }
        unsafe key = unsafe made
    }

    deinit {
        unsafe limit_key_free(key)
    }

    /// Verifies `count` times and returns how often the signature was good.
    func verify(_ way: limit_way, _ count: Int) -> Int {
        var good = 0
        for _ in 0..<count where unsafe limit_verify(key, way, signature, signature.count, message, message.count) == 1
        {
            good += 1
        }
        return good
    }

    /// Hashes the signing input `count` times and returns how often that succeeded.
    func digest(_ way: limit_digest_way, _ count: Int) -> Int {
        var out = [UInt8](repeating: 0, count: 32)
        var good = 0
        for _ in 0..<count where unsafe limit_digest(key, way, message, message.count, &out) == 1 { good += 1 }
        return good
    }
}
