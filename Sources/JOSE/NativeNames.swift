internal import CLibcrypto

// What the rows of the algorithm table are called in the C shim.

extension EllipticCurve {
    var native: lcrypto_curve {
        switch self {
        case .p256: LCRYPTO_P256
        case .p384: LCRYPTO_P384
        case .p521: LCRYPTO_P521
        }
    }
}

extension SignatureAlgorithm.Scheme {
    var native: lcrypto_scheme {
        switch self {
        case .rsaPKCS1: LCRYPTO_RSA_PKCS1
        case .rsaPSS: LCRYPTO_RSA_PSS
        case .ecdsa: LCRYPTO_ECDSA
        case .edDSA: LCRYPTO_EDDSA
        }
    }
}

extension SignatureAlgorithm.Hash {
    var native: lcrypto_hash {
        switch self {
        case .sha256: LCRYPTO_SHA256
        case .sha384: LCRYPTO_SHA384
        case .sha512: LCRYPTO_SHA512
        }
    }
}
