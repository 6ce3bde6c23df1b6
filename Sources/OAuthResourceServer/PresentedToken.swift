internal import JOSE

/// An access token as a caller presented it: bytes that nobody has verified.
///
/// Its descriptions are redacted; events name it by its ``fingerprint``.
public struct PresentedToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The bytes between `Bearer ` and the end of the field: RFC 6750 §2.1 `b64token`, within the size limit.
    public let bytes: [UInt8]

    /// A token to verify. For tests and foreign frameworks; the guard makes its own from the `Authorization` field.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The first 8 bytes of the token's SHA-256 in hexadecimal: enough to correlate events, useless to an attacker.
    public var fingerprint: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: Digest.sha256(bytes).prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }

    /// `<access token>`
    public var description: String { "<access token>" }
    /// `<access token>`
    public var debugDescription: String { description }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
