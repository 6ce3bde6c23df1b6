internal import CLibcrypto
internal import WireFormat

extension JSONWebKey {
    /// The structures that DER can hold.
    public enum Encoding: Sendable, Hashable {
        /// A SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): `PUBLIC KEY` in PEM.
        case subjectPublicKeyInfo
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

    /// Imports a public key from PEM (RFC 7468): exactly one block, `PUBLIC KEY` or `CERTIFICATE`.
    ///
    /// Checks and throws as the import from DER does. A private key is ``JSONWebKey/Defect/privateMaterial``.
    public init(pem: String, keyID: String? = nil, algorithm: SignatureAlgorithm? = nil) throws(JSONWebKey.Defect) {
        let (encoding, der) = try Self.decodePEM(Array(pem.utf8))
        try self.init(der: der, encoding, keyID: keyID, algorithm: algorithm)
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

    /// RFC 7468 §3, strictly: one block, lines of the standard alphabet, padding only at the end, only line breaks
    /// around the block.
    private static func decodePEM(_ text: [UInt8]) throws(JSONWebKey.Defect) -> (Encoding, [UInt8]) {
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
        // A private key, several blocks, or a text that is not PEM.
        let isPrivate = lines.contains { $0.starts(with: "-----BEGIN ".utf8) && $0.hasSuffix("PRIVATE KEY-----") }
        throw isPrivate ? .privateMaterial : .malformed
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ suffix: String) -> Bool {
        self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }
}
