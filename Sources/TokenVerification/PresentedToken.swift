package import JOSE
internal import WireFormat

/// An access token as the caller presented it. Its bytes are not verified.
///
/// Its descriptions do not contain the token. Events identify a token by its ``fingerprint``.
public struct PresentedToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The bytes behind `Bearer ` or `DPoP `, to the end of the field.
    public let bytes: [UInt8]
    private let keptDigest: SHA256Digest?

    /// Wraps the bytes of a token. Nothing is checked. The guard does this with the content of the `Authorization`
    /// field.
    public init(_ bytes: [UInt8]) {
        self.init(bytes, digest: nil)
    }

    private init(_ bytes: [UInt8], digest: SHA256Digest?) {
        self.bytes = bytes
        keptDigest = digest
    }

    /// The SHA-256 of the bytes. Every cache uses it as its key. It is computed at each call, except for a token from
    /// ``withDigest()``: a verifier that caches nothing needs none.
    package var digest: SHA256Digest { keptDigest ?? SHA256Digest(of: bytes) }

    /// The same token with its digest, for code that needs the digest more than once.
    package func withDigest() -> PresentedToken {
        keptDigest == nil ? PresentedToken(bytes, digest: SHA256Digest(of: bytes)) : self
    }

    /// Wraps the UTF-8 bytes of a token. Nothing is checked.
    public init(_ text: String) {
        self.init(Array(text.utf8))
    }

    /// The first 8 bytes of the token's SHA-256, in hexadecimal. Use it to find all events of the same token in a log.
    /// The token cannot be computed from it.
    public var fingerprint: String {
        let digits = Array("0123456789abcdef".utf8)
        let word = digest.prefix
        return String(
            decoding: (0..<16).map { digits[Int(truncatingIfNeeded: word >> UInt64(60 - 4 * $0)) & 15] }, as: UTF8.self)
    }

    /// Whether the bytes form one `b64token` (RFC 6750 §2.1).
    package var isWellFormed: Bool { Base64Token.matches(bytes.span) }

    /// A fixed text, `<access token>`.
    public var description: String { "<access token>" }
    /// A fixed text, `<access token>`.
    public var debugDescription: String { description }
    /// A mirror without members, so that a dump does not show the token.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
