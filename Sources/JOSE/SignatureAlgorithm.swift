internal import CLibcrypto
internal import WireFormat

/// A JWS signature algorithm (RFC 7518 §3.1): a row of the one table. Nothing else switches on algorithm names.
///
/// HMAC and `none` are not representable, so that no key set, no metadata document and no token can select them.
public struct SignatureAlgorithm: Sendable, Hashable, CustomStringConvertible {
    /// The kind of key that an algorithm verifies with.
    package enum KeyShape: Sendable, Hashable {
        case rsa
        case ec(EllipticCurve)
    }

    /// How the signature is made of the hash.
    package enum Scheme: Sendable, Hashable {
        case rsaPKCS1
        case ecdsa
    }

    /// The hash function.
    package enum Hash: Sendable, Hashable {
        case sha256
    }

    /// The name in the `alg` header parameter, compared byte for byte.
    public let name: String
    package let keyShape: KeyShape
    package let scheme: Scheme
    package let hash: Hash

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    public static let rs256 = SignatureAlgorithm(name: "RS256", keyShape: .rsa, scheme: .rsaPKCS1, hash: .sha256)
    /// ECDSA with P-256 and SHA-256 (RFC 7518 §3.4).
    public static let es256 = SignatureAlgorithm(name: "ES256", keyShape: .ec(.p256), scheme: .ecdsa, hash: .sha256)

    /// The table.
    public static let all: [SignatureAlgorithm] = [.rs256, .es256]

    /// What a policy allows unless it says otherwise. Never widened by a key set or by metadata (RFC 8725 §3.1).
    public static let allowedByDefault: [SignatureAlgorithm] = [.rs256, .es256]

    /// The row of this name, or nil for a name that this library does not verify.
    public init?(name: String) {
        guard let row = Self.all.first(where: { $0.name.hasSameBytes(as: name) }) else { return nil }
        self = row
    }

    private init(name: String, keyShape: KeyShape, scheme: Scheme, hash: Hash) {
        self.name = name
        self.keyShape = keyShape
        self.scheme = scheme
        self.hash = hash
    }

    /// The name.
    public var description: String { name }
}

/// An elliptic curve of RFC 7518 §6.2.1.1.
package enum EllipticCurve: String, Sendable, Hashable, CaseIterable {
    case p256 = "P-256"

    /// The exact number of bytes of a coordinate, and of r and of s.
    package var coordinateBytes: Int {
        switch self {
        case .p256: 32
        }
    }

    var native: lcrypto_curve {
        switch self {
        case .p256: LCRYPTO_P256
        }
    }
}

extension SignatureAlgorithm.Scheme {
    var native: lcrypto_scheme {
        switch self {
        case .rsaPKCS1: LCRYPTO_RSA_PKCS1
        case .ecdsa: LCRYPTO_ECDSA
        }
    }
}

extension SignatureAlgorithm.Hash {
    var native: lcrypto_hash {
        switch self {
        case .sha256: LCRYPTO_SHA256
        }
    }
}
