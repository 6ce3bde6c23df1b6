internal import CLibcrypto
package import WireFormat

/// A private key, for client assertions of this server and for the test kit. Signing is not public.
package struct SigningKey: Sendable {
    /// The algorithm that the key signs with.
    package let algorithm: SignatureAlgorithm
    /// The public key as a JWK: `kty`, the numbers, `alg`, `use`, and `kid` unless it is nil.
    package let publicJWK: JSONDocument.Object
    private let storage: Storage

    init(_ algorithm: SignatureAlgorithm, publicJWK: JSONDocument.Object, _ storage: Storage) {
        self.algorithm = algorithm
        self.publicJWK = publicJWK
        self.storage = storage
    }

    /// The `kid` of a new key.
    package enum KeyID: Sendable {
        case absent
        case text(String)
        /// The thumbprint of the key (RFC 7638): no other key has it.
        case thumbprint
    }

    /// Generates a key: RSA of 2048 bits, or a key on the algorithm's curve.
    package static func generate(
        _ algorithm: SignatureAlgorithm, keyID: String?
    ) throws(JOSEError) -> SigningKey {
        try generate(algorithm, keyID.map(KeyID.text) ?? .absent)
    }

    /// Generates a key: RSA of 2048 bits, or a key on the algorithm's curve.
    package static func generate(_ algorithm: SignatureAlgorithm, _ keyID: KeyID) throws(JOSEError) -> SigningKey {
        let generated: OpaquePointer? =
            switch algorithm.keyShape {
            case .rsa: unsafe lcrypto_rsa_generate(2048)
            case .ec(let curve): unsafe lcrypto_ec_generate(curve.libcrypto)
            case .ed25519: unsafe lcrypto_ed25519_generate()
            }
        guard let generated = unsafe generated else { throw .cryptographyUnavailable }
        let storage = unsafe Storage(takingOver: generated)
        guard let (first, second) = storage.publicNumbers() else { throw .cryptographyUnavailable }
        let publicKey: PublicKey =
            switch algorithm.keyShape {
            case .rsa: .rsa(modulus: first, exponent: second)
            case .ec(let curve): .ec(curve, x: first, y: second)
            case .ed25519: .ed25519(x: first)
            }
        var jwk = JSONDocument.Object()
        for (name, value) in publicKey.requiredMembers { jwk[name] = .string(value) }
        jwk["alg"] = .string(algorithm.name)
        jwk["use"] = .string("sig")
        switch keyID {
        case .absent: break
        case .text(let keyID): jwk["kid"] = .string(keyID)
        case .thumbprint: jwk["kid"] = .string(publicKey.thumbprint.base64URL)
        }
        return SigningKey(algorithm, publicJWK: jwk, storage)
    }

    /// Returns the JWS signature of the signing input. An ECDSA signature is r followed by s (RFC 7518 §3.4).
    ///
    /// - Parameters:
    ///   - signingInput: The encoded header and payload, with the dot between them.
    ///   - other: Another algorithm of the same kind of key, for a test that confuses algorithms.
    package func sign(
        _ signingInput: [UInt8], as other: SignatureAlgorithm? = nil
    ) throws(JOSEError) -> [UInt8] {
        guard let signature = storage.sign(signingInput, other ?? algorithm) else { throw .cryptographyUnavailable }
        return signature
    }

    /// Owns the C key.
    ///
    /// `@unchecked Sendable`: the pointer is a `let`, and the key does not change after construction
    /// (openssl-threads(7)).
    @safe
    final class Storage: @unchecked Sendable {
        private let key: OpaquePointer

        init(takingOver key: OpaquePointer) {
            unsafe self.key = unsafe key
        }

        /// Reads a PrivateKeyInfo (PKCS #8, RFC 5208 §5). Nil when libcrypto refuses it.
        convenience init?(pkcs8 der: [UInt8]) {
            guard let key = unsafe lcrypto_private_key_read(der, der.count) else { return nil }
            unsafe self.init(takingOver: key)
        }

        deinit {
            unsafe lcrypto_key_free(key)
        }

        /// The shape of the key; nil for a kind that no algorithm of the table signs with.
        var shape: SignatureAlgorithm.KeyShape? { unsafe SignatureAlgorithm.KeyShape(lcrypto_key_kind(key)) }

        func publicNumbers() -> (first: [UInt8], second: [UInt8])? {
            var first = [UInt8](repeating: 0, count: 1_024)
            var second = first
            var firstCount = first.count
            var secondCount = second.count
            let done = unsafe lcrypto_key_public(key, &first, &firstCount, &second, &secondCount)
            guard done == 1 else { return nil }
            return (Array(first.prefix(firstCount)), Array(second.prefix(secondCount)))
        }

        func sign(_ message: [UInt8], _ algorithm: SignatureAlgorithm) -> [UInt8]? {
            var out = [UInt8](repeating: 0, count: 1_024)
            var count = out.count
            let done = unsafe lcrypto_sign(
                key, algorithm.scheme.libcrypto, algorithm.hash.libcrypto, message, message.count, &out, &count)
            guard done == 1 else { return nil }
            return Array(out.prefix(count))
        }
    }
}
