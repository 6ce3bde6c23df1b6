internal import WireFormat

/// The checked numbers of a public key.
///
/// **Checks** sizes and values, because libcrypto imports unsafe keys too: an even modulus, exponent 1, 512 bits.
/// **Does not check** that a point is on its curve: libcrypto checks it when ``VerificationKey`` imports the numbers.
enum PublicKey: Sendable, Hashable {
    /// Big-endian numbers without leading zeros.
    case rsa(modulus: [UInt8], exponent: [UInt8])
    /// Coordinates of exactly the curve's size.
    case ec(EllipticCurve, x: [UInt8], y: [UInt8])
    /// 32 bytes.
    case ed25519(x: [UInt8])

    /// An RSA key within the bounds of RFC 7518 §3.3 and RFC 8017 §3.1.
    static func checkedRSA(modulus: [UInt8], exponent: [UInt8]) throws(JSONWebKey.Defect) -> PublicKey {
        let modulus = Array(modulus.drop { $0 == 0 })
        let exponent = Array(exponent.drop { $0 == 0 })
        guard let low = modulus.last, let exponentLow = exponent.last else { throw .malformed }
        let bits = bitCount(of: modulus)
        // RFC 7518 §3.3: at least 2048 bits. With more than 8192 bits, a verification costs more than a request may
        // cost.
        guard bits >= 2_048 else { throw .modulusTooSmall }
        guard bits <= 8_192 else { throw .modulusTooLarge }
        guard low & 1 == 1 else { throw .modulusEven }
        // RFC 8017 §3.1: odd and at least 3. At most 2^32, which is 4 bytes for an odd number: a long exponent costs 75
        // times as much.
        guard exponent.count <= 4, exponentLow & 1 == 1, exponent.count > 1 || exponentLow >= 3 else { throw .exponent }
        return .rsa(modulus: modulus, exponent: exponent)
    }

    /// RFC 7518 §6.2.1.2: a coordinate has exactly the size of the curve.
    static func checkedEC(_ curve: EllipticCurve, x: [UInt8], y: [UInt8]) throws(JSONWebKey.Defect) -> PublicKey {
        guard x.count == curve.coordinateBytes, y.count == curve.coordinateBytes else { throw .point }
        return .ec(curve, x: x, y: y)
    }

    /// RFC 8037 §2, RFC 8032 §5.1.3: 32 bytes, the canonical encoding of a point that is not of small order.
    static func checkedEd25519(x: [UInt8]) throws(JSONWebKey.Defect) -> PublicKey {
        guard x.count == 32, !Ed25519Points.isUnusable(x) else { throw .point }
        return .ed25519(x: x)
    }

    /// The shape that an algorithm requires of its key.
    var shape: SignatureAlgorithm.KeyShape {
        switch self {
        case .rsa: .rsa
        case .ec(let curve, _, _): .ec(curve)
        case .ed25519: .ed25519
        }
    }

    /// The size of the modulus, or of the field of the curve, in bits.
    var bits: Int {
        switch self {
        case .rsa(let modulus, _): Self.bitCount(of: modulus)
        case .ec(.p256, _, _): 256
        case .ec(.p384, _, _): 384
        case .ec(.p521, _, _): 521
        case .ed25519: 255
        }
    }

    /// The members that a JWK of this key requires, in lexicographic order (RFC 7638 §3.2).
    var requiredMembers: [(name: String, value: String)] {
        switch self {
        case .rsa(let modulus, let exponent):
            [("e", Base64URL.encode(exponent)), ("kty", "RSA"), ("n", Base64URL.encode(modulus))]
        case .ec(let curve, let x, let y):
            [("crv", curve.rawValue), ("kty", "EC"), ("x", Base64URL.encode(x)), ("y", Base64URL.encode(y))]
        case .ed25519(let x):
            [("crv", "Ed25519"), ("kty", "OKP"), ("x", Base64URL.encode(x))]
        }
    }

    /// The SHA-256 thumbprint (RFC 7638 §3).
    var thumbprint: SHA256Digest {
        var members = JSONDocument.Object()
        for (name, value) in requiredMembers { members[name] = .string(value) }
        // RFC 7638 §3.3: members in lexicographic order, without white space. The writer keeps their order.
        return SHA256Digest(of: JSONValue.object(members).encoded())
    }

    private static func bitCount(of number: [UInt8]) -> Int {
        number.count * 8 - (number.first?.leadingZeroBitCount ?? 0)
    }
}

/// Ed25519 public keys with which signatures can be forged, and keys with a second encoding.
private enum Ed25519Points {
    /// The y coordinates (little-endian) of the points of order 1, 2, 4 and 8: the eight-torsion of edwards25519 (RFC
    /// 8032 §5.1). With such a key, some signatures are good for every message.
    private static let smallOrder: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
    ]

    static func isUnusable(_ encoding: [UInt8]) -> Bool {
        var y = encoding
        // The top bit is the sign of x. It is not part of y.
        y[31] &= 0x7F
        // RFC 8032 §5.1.3: y below p = 2^255 − 19.
        let notBelowP = y[31] == 0x7F && y[1..<31].allSatisfy { $0 == 0xFF } && y[0] >= 0xED
        return notBelowP || smallOrder.contains(y)
    }
}
