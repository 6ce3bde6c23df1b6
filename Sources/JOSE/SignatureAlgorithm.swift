internal import WireFormat

/// A JWS signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1): a row of the algorithm table. No other code compares names
/// of algorithms.
///
/// HMAC and `none` have no row, so that no key set, metadata document or token can select them.
public struct SignatureAlgorithm: Sendable, Hashable, CustomStringConvertible {
    /// The type and the curve of a key.
    package enum KeyShape: Sendable, Hashable {
        case rsa
        case ec(EllipticCurve)
        case ed25519
    }

    /// The signature scheme.
    package enum Scheme: Sendable, Hashable {
        case rsaPKCS1
        /// The salt is as long as the hash, and MGF1 uses the same hash (RFC 7518 §3.5).
        case rsaPSS
        case ecdsa
        /// The scheme hashes the message itself.
        case edDSA
    }

    /// The hash function of the signing input.
    package enum Hash: Sendable, Hashable {
        case sha256, sha384, sha512
    }

    package let keyShape: KeyShape
    package let scheme: Scheme
    package let hash: Hash
    private let shortName: ShortText
    /// RFC 9864 names the algorithm Ed25519 that RFC 8037 names EdDSA.
    private let otherShortName: ShortText?

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    public static let rs256 = SignatureAlgorithm("RS256", .rsa, .rsaPKCS1, .sha256)
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    public static let rs384 = SignatureAlgorithm("RS384", .rsa, .rsaPKCS1, .sha384)
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    public static let rs512 = SignatureAlgorithm("RS512", .rsa, .rsaPKCS1, .sha512)
    /// RSASSA-PSS with SHA-256 (RFC 7518 §3.5).
    public static let ps256 = SignatureAlgorithm("PS256", .rsa, .rsaPSS, .sha256)
    /// RSASSA-PSS with SHA-384.
    public static let ps384 = SignatureAlgorithm("PS384", .rsa, .rsaPSS, .sha384)
    /// RSASSA-PSS with SHA-512.
    public static let ps512 = SignatureAlgorithm("PS512", .rsa, .rsaPSS, .sha512)
    /// ECDSA with P-256 and SHA-256 (RFC 7518 §3.4).
    public static let es256 = SignatureAlgorithm("ES256", .ec(.p256), .ecdsa, .sha256)
    /// ECDSA with P-384 and SHA-384.
    public static let es384 = SignatureAlgorithm("ES384", .ec(.p384), .ecdsa, .sha384)
    /// ECDSA with P-521 and SHA-512.
    public static let es512 = SignatureAlgorithm("ES512", .ec(.p521), .ecdsa, .sha512)
    /// EdDSA with Ed25519 (RFC 8037 §3.1). A header may also name it `Ed25519` (RFC 9864 §2.2).
    public static let edDSA = SignatureAlgorithm("EdDSA", or: "Ed25519", .ed25519, .edDSA, .sha512)

    /// All rows of the table.
    public static let all: [SignatureAlgorithm] = [
        .rs256, .rs384, .rs512, .ps256, .ps384, .ps512, .es256, .es384, .es512, .edDSA,
    ]

    /// The algorithms of a default policy. A key set or a metadata document never extends them (RFC 8725 §3.1).
    public static let allowedByDefault: [SignatureAlgorithm] = [.rs256, .es256]

    /// Finds the row with this name; nil for a name that is not in the table.
    public init?(name: String) {
        guard let name = ShortText(name), let row = Self.all.first(where: { $0.isNamed(name) }) else { return nil }
        self = row
    }

    private init(
        _ name: ShortText, or otherName: ShortText? = nil, _ keyShape: KeyShape, _ scheme: Scheme, _ hash: Hash
    ) {
        shortName = name
        otherShortName = otherName
        self.keyShape = keyShape
        self.scheme = scheme
        self.hash = hash
    }

    /// Whether this is a name of the row, compared byte for byte.
    func isNamed(_ name: ShortText) -> Bool {
        name == shortName || name == otherShortName
    }

    /// Whether both rows have the same name.
    public static func == (left: SignatureAlgorithm, right: SignatureAlgorithm) -> Bool {
        left.shortName == right.shortName
    }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(shortName)
    }

    /// The name in `alg`.
    public var name: String { shortName.text }

    /// The name.
    public var description: String { name }
}

/// An elliptic curve of RFC 7518 §6.2.1.1.
package enum EllipticCurve: String, Sendable, Hashable, CaseIterable {
    case p256 = "P-256"
    case p384 = "P-384"
    case p521 = "P-521"

    /// The exact size in bytes of a coordinate, of r and of s.
    package var coordinateBytes: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }
}
