extension JSONWebKey {
    /// The reason for not using a key. The other keys of its set work (RFC 7517 §5).
    public enum Defect: String, Error, Sendable, Hashable {
        /// The entry is not a JSON object, a required member is missing or of a wrong type, or an encoding is
        /// malformed.
        case malformed = "key_malformed"
        /// The library has no algorithm for this `kty`. `oct`, a shared secret, is one of these.
        case unsupportedKeyType = "kty_unsupported"
        /// The library has no algorithm for this `crv`.
        case unsupportedCurve = "crv_unsupported"
        /// `alg` is unknown, or it does not fit the key.
        case unsupportedAlgorithm = "alg_unsupported"
        /// `use` is not `sig`.
        case notForSignatures = "use_not_sig"
        /// `key_ops` does not contain `verify`.
        case notForVerification = "key_ops_without_verify"
        /// The key has a private member. A published private key is compromised (RFC 7517 §9.2).
        case privateMaterial = "private_material"
        /// The RSA modulus has fewer than 2048 bits (RFC 7518 §3.3).
        case modulusTooSmall = "rsa_too_small"
        /// The RSA modulus has more than 8192 bits: its verifications would be a denial of service.
        case modulusTooLarge = "rsa_too_large"
        /// The RSA modulus is even.
        case modulusEven = "rsa_modulus_even"
        /// The RSA exponent is even, below 3, or above 2^32.
        case exponent = "rsa_exponent"
        /// A coordinate has the wrong size, or the point is not on the curve or not usable.
        case point = "ec_point"
        /// libcrypto refused the key.
        case refusedByLibrary = "refused_by_libcrypto"
        /// The entry is beyond ``JSONWebKeySet/maximumKeys``.
        case beyondLimit = "too_many_keys"
    }
}
