internal import CLibcrypto

// The constants of the C shim for the values of the algorithm table.

extension EllipticCurve {
    /// The curve in the C shim.
    var libcrypto: lcrypto_curve {
        switch self {
        case .p256: LCRYPTO_P256
        case .p384: LCRYPTO_P384
        case .p521: LCRYPTO_P521
        }
    }
}

extension SignatureAlgorithm.Scheme {
    /// The scheme in the C shim.
    var libcrypto: lcrypto_scheme {
        switch self {
        case .rsaPKCS1: LCRYPTO_RSA_PKCS1
        case .rsaPSS: LCRYPTO_RSA_PSS
        case .ecdsa: LCRYPTO_ECDSA
        case .edDSA: LCRYPTO_EDDSA
        }
    }
}

extension SignatureAlgorithm.Hash {
    /// The hash function in the C shim.
    var libcrypto: lcrypto_hash {
        switch self {
        case .sha256: LCRYPTO_SHA256
        case .sha384: LCRYPTO_SHA384
        case .sha512: LCRYPTO_SHA512
        }
    }
}

extension SignatureAlgorithm.KeyShape {
    /// The shape of a key that the C shim has read; nil for a kind that no algorithm of the table verifies with. A C
    /// enum is open: every value that is not listed here is nil.
    init?(_ kind: lcrypto_kind) {
        switch kind {
        case LCRYPTO_KIND_RSA: self = .rsa
        case LCRYPTO_KIND_P256: self = .ec(.p256)
        case LCRYPTO_KIND_P384: self = .ec(.p384)
        case LCRYPTO_KIND_P521: self = .ec(.p521)
        case LCRYPTO_KIND_ED25519: self = .ed25519
        default: return nil
        }
    }
}
