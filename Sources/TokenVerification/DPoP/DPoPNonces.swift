internal import JOSE
internal import WireFormat

/// Nonces for DPoP proofs that need no memory: a time and its MAC (RFC 9449 §8).
///
/// A nonce is good for ``lifetime`` after it was made, by any instance that has the same key. Immutable; any number of
/// tasks may use it.
public struct DPoPNonces: Sendable, CustomStringConvertible, CustomReflectable {
    /// How long a nonce is good, in seconds.
    public static let lifetime = 300
    /// The length of a key in bytes.
    public static let keyBytes = 32

    private static let domain = Array("dpop-nonce\0".utf8)
    private static let macBytes = 16
    private let keys: [[UInt8]]

    /// Makes nonces with a random key of this process.
    public init() {
        keys = [RandomBytes.make(Self.keyBytes)]
    }

    /// Makes nonces with keys that several instances share. Nil unless each key has ``keyBytes`` bytes.
    ///
    /// - Parameters:
    ///   - current: The key of new nonces.
    ///   - previous: A key whose nonces are still good, for a rotation.
    public init?(current: [UInt8], previous: [UInt8]? = nil) {
        keys = [current] + (previous.map { [$0] } ?? [])
        guard keys.allSatisfy({ $0.count == Self.keyBytes }) else { return nil }
    }

    /// A new nonce: 32 characters of base64url.
    ///
    /// - Parameter now: Seconds since 1970.
    public func make(now: Double) -> String {
        let time = Self.bytes(of: now)
        return Base64URL.encode(time + Self.mac(of: time, keys[0]))
    }

    /// Whether a nonce was made with one of the keys, at most ``lifetime`` ago. Nonces of the future are refused beyond
    /// the same time, because the clocks of instances differ.
    public func admits(_ nonce: String, now: Double) -> Bool {
        guard nonce.utf8.count == 32, let bytes = Base64URL.decode(nonce), bytes.count == 8 + Self.macBytes else {
            return false
        }
        let time = Array(bytes.prefix(8))
        let mac = Array(bytes.suffix(Self.macBytes))
        guard keys.contains(where: { ConstantTime.equals(Self.mac(of: time, $0), mac) }) else { return false }
        let made = time.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return abs(now - Double(made)) <= Double(Self.lifetime)
    }

    /// Shows no key.
    public var description: String { "<DPoP nonces>" }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }

    private static func bytes(of now: Double) -> [UInt8] {
        let seconds = UInt64(max(0, now))
        return stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: seconds >> UInt64($0)) }
    }

    private static func mac(of time: [UInt8], _ key: [UInt8]) -> [UInt8] {
        Array(HMACSHA256.code(of: domain + time, key: key).prefix(macBytes))
    }
}
