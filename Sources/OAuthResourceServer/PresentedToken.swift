internal import JOSE
internal import WireFormat

/// An access token as a caller presented it: bytes that nobody has verified.
///
/// Its descriptions are redacted; events name it by its ``fingerprint``.
public struct PresentedToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The bytes between `Bearer ` and the end of the field: RFC 6750 §2.1 `b64token`, within the size limit.
    public let bytes: [UInt8]
    /// The SHA-256 of the bytes: the key of every cache, computed once.
    let digest: SHA256Digest

    /// A token to verify. For tests and foreign frameworks; the guard makes its own from the `Authorization` field.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        digest = SHA256Digest(of: bytes)
    }

    /// The first 8 bytes of the token's SHA-256 in hexadecimal: enough to correlate events, useless to an attacker.
    public var fingerprint: String {
        let digits = Array("0123456789abcdef".utf8)
        let word = digest.prefix
        return String(
            decoding: (0..<16).map { digits[Int(truncatingIfNeeded: word >> UInt64(60 - 4 * $0)) & 15] }, as: UTF8.self)
    }

    /// Whether the bytes are one RFC 6750 §2.1 `b64token`.
    var isWellFormed: Bool { BearerCredential.isBase64Token(bytes[...]) }

    /// `<access token>`
    public var description: String { "<access token>" }
    /// `<access token>`
    public var debugDescription: String { description }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
