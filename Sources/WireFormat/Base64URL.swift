/// Base64url without padding (RFC 4648 §5, RFC 7515 §2).
public enum Base64URL {
    /// The one spelling of these bytes.
    public static func encode(_ bytes: [UInt8]) -> String {
        fatalError("pending")
    }

    /// The bytes of a text, or nil unless it is their one spelling: strict alphabet, no padding, no white space, length
    /// not 1 mod 4, unused bits zero.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        fatalError("pending")
    }

    /// The bytes of a text, or nil unless it is their one spelling.
    public static func decode(_ text: String) -> [UInt8]? {
        decode(text.utf8.span)
    }
}
