extension JSONWebKeySet {
    /// Verifies a signature with the keys that the header selects.
    ///
    /// - Throws: ``JOSEError/badSignature``, ``JOSEError/key(_:)`` or ``JOSEError/cryptographyUnavailable``.
    func verify(
        _ signature: [UInt8], of jws: CompactJWS, _ algorithm: SignatureAlgorithm
    ) throws(JOSEError) {
        let isGood = try anyKey(for: jws, algorithm) { (key) throws(JOSEError) in
            try key.verifies(signature, over: jws.token, count: jws.signingInputCount, algorithm: algorithm)
        }
        guard isGood else { throw .badSignature }
    }
}
