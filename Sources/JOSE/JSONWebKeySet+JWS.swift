extension JSONWebKeySet {
    /// Verifies the signature of a compact JWS (RFC 7515 §5.2) with the keys of this set. For signed documents that are
    /// not access tokens, such as signed metadata. Use ``JWTValidation`` for access tokens.
    ///
    /// **Checks**, in this order: size, three parts that are not empty, the header (canonical base64url, strict JSON,
    /// `crit`, `enc`, `zip`, `cty`, `b64`, `alg`, `kid`, and `typ` is a string), that `algorithms` contains the
    /// algorithm, canonical base64url of the other parts, the key selection, the signature.
    /// **Does not check** `typ` (see ``VerifiedJWS/hasType(_:)``), the payload (JSON, claims, times, audience), that
    /// the payload is a document of ``issuer``, or whether the same JWS was seen before.
    ///
    /// Stricter than RFC 7515: an empty payload is ``JOSEError/Malformation/parts``. It is the form of detached content
    /// (appendix F), which is not supported.
    ///
    /// A pure function: any number of tasks may call it at once.
    ///
    /// - Parameters:
    ///   - jws: The compact serialization, without white space around it.
    ///   - algorithms: The algorithms that the caller accepts. An empty list refuses everything.
    ///   - limit: The largest acceptable `jws` in bytes, compared before anything else is read.
    /// - Throws: The first check that fails. ``JOSEError/key(_:)`` with ``JOSEError/KeyMismatch/unknown`` is the only
    ///   error that a newer key set can change. Never ``JOSEError/claim(_:_:)`` and ``JOSEError/notAnAccessToken``.
    /// - SeeAlso: [RFC 7515 §5.2](https://www.rfc-editor.org/rfc/rfc7515#section-5.2)
    public func verify(
        jws: [UInt8], algorithms: [SignatureAlgorithm], limit: Int
    ) throws(JOSEError) -> VerifiedJWS {
        let compact = try CompactJWS(parsing: jws, limit: limit)
        let algorithm = try compact.algorithm(among: algorithms)
        let payload = try compact.payload()
        try verify(compact.signature(), of: compact, algorithm)
        return VerifiedJWS(compact, payload: payload, algorithm: algorithm)
    }

    /// Verifies a signature with the keys that the header selects.
    ///
    /// - Throws: ``JOSEError/badSignature``, ``JOSEError/key(_:)`` or ``JOSEError/cryptographyUnavailable``.
    func verify(
        _ signature: [UInt8], of jws: CompactJWS, _ algorithm: SignatureAlgorithm
    ) throws(JOSEError) {
        guard try verifies(signature, of: jws, algorithm) else { throw .badSignature }
    }
}
