internal import WireFormat

extension SigningKey {
    /// The reason for not using the text of a private key. No case holds text of the key.
    package enum ImportDefect: Error, Sendable, Hashable {
        /// The text has no PEM block.
        case noPEMBlock
        /// The text has more than one block.
        case severalBlocks
        /// The private key is encrypted.
        case encrypted
        /// The block holds a public key or a certificate.
        case publicKey
        /// The block holds a private key in another format than PKCS #8, or something else.
        case otherFormat
        /// The block is not PEM, or its content is not a private key.
        case malformed
        /// The public half is not acceptable, for the same reasons as a public key.
        case key(JSONWebKey.Defect)
        /// The algorithm does not fit the key.
        case algorithm
        /// The public half does not belong to the private half.
        case halvesDiffer
        /// libcrypto failed.
        case cryptographyUnavailable
    }

    /// Imports the only private key of a PEM text (RFC 7468 §10): `PRIVATE KEY`, not encrypted.
    ///
    /// **Checks** that the text has one block, the bounds that public keys have (RSA of 2048 to 8192 bits, P-256,
    /// P-384, P-521 or Ed25519), and with a signature that both halves of the key belong together.
    /// - Parameters:
    ///   - pem: The text.
    ///   - keyID: The `kid`; nil for the thumbprint of the key (RFC 7638).
    ///   - algorithm: The algorithm to sign with; nil for the first of the table that fits the key. The JWK names it
    ///     only if it is given.
    package init(pem: String, keyID: String?, algorithm: SignatureAlgorithm?) throws(ImportDefect) {
        let storage = try Self.storage(pem)
        guard let shape = storage.shape else { throw .key(.unsupportedKeyType) }
        guard let (first, second) = storage.publicNumbers() else {
            throw .key(shape == .rsa ? .modulusTooLarge : .point)
        }
        let fitting = SignatureAlgorithm.all.filter { $0.keyShape == shape }
        guard let used = algorithm ?? fitting.first, fitting.contains(used) else { throw .algorithm }
        let publicKey: PublicKey
        let imported: VerificationKey
        do throws(JSONWebKey.Defect) {
            publicKey =
                switch shape {
                case .rsa: try .checkedRSA(modulus: first, exponent: second)
                case .ec(let curve): try .checkedEC(curve, x: first, y: second)
                case .ed25519: try .checkedEd25519(x: first)
                }
            imported = try VerificationKey(publicKey, algorithms: [used])
        } catch {
            throw .key(error)
        }
        var jwk = JSONDocument.Object()
        for (name, value) in publicKey.requiredMembers { jwk[name] = .string(value) }
        if let algorithm { jwk["alg"] = .string(algorithm.name) }
        jwk["use"] = "sig"
        jwk["kid"] = .string(keyID ?? publicKey.thumbprint.base64URL)
        self.init(used, publicJWK: jwk, storage)
        try checkHalves(imported)
    }

    private static func storage(_ pem: String) throws(ImportDefect) -> Storage {
        let sections = PEMText(pem).sections
        guard let section = sections.first else { throw .noPEMBlock }
        if sections.contains(where: { $0.isLabelled("ENCRYPTED PRIVATE KEY") }) { throw .encrypted }
        // `openssl ecparam -genkey` writes the parameters in front of such a key.
        if sections.contains(where: { $0.isPrivate && !$0.isLabelled("PRIVATE KEY") }) { throw .otherFormat }
        guard sections.count == 1 else { throw .severalBlocks }
        guard section.isLabelled("PRIVATE KEY") else {
            let labels = ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"]
            throw labels.contains { section.isLabelled($0) } ? .publicKey : .otherFormat
        }
        guard let der = section.der, let storage = Storage(pkcs8: der) else { throw .malformed }
        return storage
    }

    /// OpenSSL reads the halves of a key without comparing them. With other halves, no server would accept a signature.
    private func checkHalves(_ publicKey: VerificationKey) throws(ImportDefect) {
        let message = Array("key check".utf8)
        let isGood: Bool
        do throws(JOSEError) {
            let signature = try sign(message)
            isGood = try publicKey.verifies(signature, over: message, count: message.count, algorithm: algorithm)
        } catch {
            throw .cryptographyUnavailable
        }
        guard isGood else { throw .halvesDiffer }
    }
}
