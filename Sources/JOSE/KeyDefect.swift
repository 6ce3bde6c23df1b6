/// Why one entry of a key set is not used. The rest of the set works (RFC 7517 §5).
public enum KeyDefect: String, Error, Sendable, Hashable {
    /// Not a JSON object, or a member of the wrong type or spelling.
    case malformed = "key_malformed"
    /// A `kty` that this library does not verify with; `oct` (a shared secret) included.
    case unsupportedKeyType = "kty_unsupported"
    /// A `crv` that this library does not verify with.
    case unsupportedCurve = "crv_unsupported"
    /// An `alg` that is unknown, or does not fit the key.
    case unsupportedAlgorithm = "alg_unsupported"
    /// `use` is not `sig`.
    case notForSignatures = "use_not_sig"
    /// `key_ops` does not hold `verify`.
    case notForVerification = "key_ops_without_verify"
    /// A private member: whoever publishes it has lost the key (RFC 7517 §9.2).
    case privateMaterial = "private_material"
    /// An RSA modulus below 2048 bits (RFC 7518 §3.3).
    case modulusTooSmall = "rsa_too_small"
    /// An RSA modulus above 8192 bits: a denial of service.
    case modulusTooLarge = "rsa_too_large"
    /// An even RSA modulus.
    case modulusEven = "rsa_modulus_even"
    /// An RSA exponent that is even, below 3 or above 2^32.
    case exponent = "rsa_exponent"
    /// Coordinates of the wrong size, or a point that is not on the curve.
    case point = "ec_point"
    /// libcrypto refused the key.
    case refusedByLibrary = "refused_by_libcrypto"
    /// Beyond the number of keys that one set may hold.
    case beyondLimit = "too_many_keys"
}
