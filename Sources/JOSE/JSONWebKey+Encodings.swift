internal import CLibcrypto
internal import WireFormat

extension JSONWebKey {
    /// What a DER text holds.
    public enum Encoding: Sendable, Hashable {
        /// A SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): `PUBLIC KEY` in PEM.
        case subjectPublicKeyInfo
        /// An X.509 certificate (RFC 5280 §4.1): `CERTIFICATE` in PEM.
        case certificate
    }

    /// The longest acceptable text in bytes.
    public static let maximumEncodedBytes = 65_536

    /// Imports a public key from DER.
    ///
    /// **Checks** the same bounds as for a JWK, and that nothing follows the key.
    /// **Does not check** a certificate's signature, validity or names: the operator vouches for it.
    /// - Parameters:
    ///   - der: The bytes, at most ``maximumEncodedBytes``.
    ///   - encoding: What they hold.
    ///   - keyID: The `kid` that tokens will name; nil for none.
    ///   - algorithm: The only algorithm that the key may verify; nil for all that fit.
    public init(
        der: [UInt8], _ encoding: Encoding, keyID: String? = nil, algorithm: SignatureAlgorithm? = nil
    ) throws(KeyDefect) {
        guard der.count <= Self.maximumEncodedBytes, !der.isEmpty else { throw .malformed }
        let read: OpaquePointer?
        switch encoding {
        case .subjectPublicKeyInfo: unsafe read = lcrypto_spki_read(der, der.count)
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

    /// Imports a public key from PEM (RFC 7468): exactly one `PUBLIC KEY` or `CERTIFICATE`.
    public init(pem: String, keyID: String? = nil, algorithm: SignatureAlgorithm? = nil) throws(KeyDefect) {
        let (encoding, der) = try Self.decodePEM(Array(pem.utf8))
        try self.init(der: der, encoding, keyID: keyID, algorithm: algorithm)
    }

    /// Takes the numbers out, so that they go through the same checks as those of a JWK.
    private static func publicKey(of key: OpaquePointer) throws(KeyDefect) -> PublicKey {
        var first = [UInt8](repeating: 0, count: 8_192)
        var second = first
        var firstCount = first.count
        var secondCount = second.count
        let kind = unsafe lcrypto_key_kind(key)
        guard kind != LCRYPTO_OTHER else { throw .unsupportedKeyType }
        let done = unsafe lcrypto_key_public(key, &first, &firstCount, &second, &secondCount)
        // Too long for the buffers, or without numbers: the point at infinity has none.
        guard done == 1 else { throw kind == LCRYPTO_KIND_RSA ? .modulusTooLarge : .point }
        first.removeSubrange(firstCount...)
        second.removeSubrange(secondCount...)
        switch kind {
        case LCRYPTO_KIND_RSA: return try .checkedRSA(modulus: first, exponent: second)
        case LCRYPTO_KIND_P256: return try .checkedEC(.p256, x: first, y: second)
        case LCRYPTO_KIND_P384: return try .checkedEC(.p384, x: first, y: second)
        case LCRYPTO_KIND_P521: return try .checkedEC(.p521, x: first, y: second)
        default: return try .checkedEd25519(x: first)
        }
    }

    /// RFC 7468 §3, strictly: one block, lines of the standard alphabet, padding only at the end, nothing around it but
    /// white space.
    private static func decodePEM(_ text: [UInt8]) throws(KeyDefect) -> (Encoding, [UInt8]) {
        guard text.count <= 2 * maximumEncodedBytes else { throw .malformed }
        let lines = text.split { $0 == 0x0A || $0 == 0x0D }
        for (encoding, label) in [(Encoding.subjectPublicKeyInfo, "PUBLIC KEY"), (.certificate, "CERTIFICATE")] {
            guard let first = lines.first, first.elementsEqual("-----BEGIN \(label)-----".utf8) else { continue }
            guard lines.count > 2, let last = lines.last, last.elementsEqual("-----END \(label)-----".utf8) else {
                throw .malformed
            }
            let text = lines.dropFirst().dropLast().flatMap { $0 }
            guard let der = Base64.decode(text.span) else { throw .malformed }
            return (encoding, der)
        }
        // A private key, several blocks, or no PEM at all.
        let isPrivate = lines.contains { $0.starts(with: "-----BEGIN ".utf8) && $0.hasSuffix("PRIVATE KEY-----") }
        throw isPrivate ? .privateMaterial : .malformed
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ suffix: String) -> Bool {
        self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }
}
