internal import CLibcrypto

extension JSONWebKey {
    /// The structures that DER can hold.
    public enum Encoding: Sendable, Hashable {
        /// A SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): `PUBLIC KEY` in PEM.
        case subjectPublicKeyInfo
        /// An RSAPublicKey (RFC 8017 A.1.1, PKCS #1): `RSA PUBLIC KEY` in PEM.
        case rsaPublicKey
        /// An X.509 certificate (RFC 5280 §4.1): `CERTIFICATE` in PEM.
        case certificate
    }

    /// The largest acceptable DER in bytes. PEM may be twice as large.
    public static let maximumEncodedBytes = 65_536

    /// Imports a public key from DER.
    ///
    /// **Checks** the same bounds as for a JWK, and that no byte follows the key.
    /// **Does not check** the signature, validity or names of a certificate: the operator vouches for it.
    /// - Parameters:
    ///   - der: The bytes, at most ``maximumEncodedBytes``.
    ///   - encoding: The structure that they hold.
    ///   - keyID: The `kid` that tokens name; nil for none.
    ///   - algorithm: The only algorithm that the key may verify; nil for all that fit the key.
    /// - Throws: ``JSONWebKey/Defect/unsupportedKeyType`` for a kind of key that no algorithm of the table verifies
    ///   with; ``JSONWebKey/Defect/unsupportedAlgorithm`` when `algorithm` does not fit the key.
    public init(
        der: [UInt8], _ encoding: Encoding, keyID: String? = nil, algorithm: SignatureAlgorithm? = nil
    ) throws(JSONWebKey.Defect) {
        guard der.count <= Self.maximumEncodedBytes, !der.isEmpty else { throw .malformed }
        let read: OpaquePointer?
        switch encoding {
        case .subjectPublicKeyInfo: unsafe read = lcrypto_spki_read(der, der.count)
        case .rsaPublicKey: unsafe read = lcrypto_rsa_public_key_read(der, der.count)
        case .certificate: unsafe read = lcrypto_certificate_read(der, der.count)
        }
        guard let read = unsafe read else { throw .malformed }
        defer { unsafe lcrypto_key_free(read) }

        let publicKey = unsafe try Self.publicKey(of: read)
        let fitting = SignatureAlgorithm.all.filter { $0.keyShape == publicKey.shape }
        guard let algorithm else {
            try self.init(keyID: keyID, publicKey, algorithms: fitting)
            return
        }
        guard fitting.contains(algorithm) else { throw .unsupportedAlgorithm }
        try self.init(keyID: keyID, publicKey, algorithms: [algorithm])
    }

    /// Imports the only public key of a PEM text (RFC 7468 §2): a `PUBLIC KEY`, `RSA PUBLIC KEY` or `CERTIFICATE`. See
    /// ``JSONWebKeySet/init(pem:issuer:keyID:)`` for a text with several keys.
    ///
    /// Text around the block, and white space at the ends of its lines and between them, are ignored.
    /// - Throws: What the import from DER throws; ``JSONWebKey/Defect/privateMaterial`` for a private key;
    ///   ``JSONWebKey/Defect/malformed`` for a text without a block or with several blocks, and for a block of another
    ///   kind, with an end line that does not match, with headers (RFC 1421), without content, or that is not base64.
    public init(pem: String, keyID: String? = nil, algorithm: SignatureAlgorithm? = nil) throws(JSONWebKey.Defect) {
        guard pem.utf8.count <= 2 * Self.maximumEncodedBytes else { throw .malformed }
        let blocks = PEMText(pem).blocks
        guard blocks.count <= 1 else {
            throw blocks.contains(.failure(.privateMaterial)) ? .privateMaterial : .malformed
        }
        guard let block = try blocks.first?.get() else { throw .malformed }
        try self.init(der: block.der, block.encoding, keyID: keyID, algorithm: algorithm)
    }

    /// Takes the numbers out of the C key, so that they pass the same checks as the numbers of a JWK.
    private static func publicKey(of key: OpaquePointer) throws(JSONWebKey.Defect) -> PublicKey {
        // An unknown kind ends here: its numbers could be taken for those of another kind.
        guard let shape = unsafe SignatureAlgorithm.KeyShape(lcrypto_key_kind(key)) else { throw .unsupportedKeyType }
        var first = [UInt8](repeating: 0, count: 8_192)
        var second = first
        var firstCount = first.count
        var secondCount = second.count
        let done = unsafe lcrypto_key_public(key, &first, &firstCount, &second, &secondCount)
        // The numbers are longer than the buffers, or absent: the point at infinity has none.
        guard done == 1 else { throw shape == .rsa ? .modulusTooLarge : .point }
        first.removeSubrange(firstCount...)
        second.removeSubrange(secondCount...)
        switch shape {
        case .rsa: return try .checkedRSA(modulus: first, exponent: second)
        case .ec(let curve): return try .checkedEC(curve, x: first, y: second)
        case .ed25519: return try .checkedEd25519(x: first)
        }
    }
}
