internal import WireFormat

/// The issuer of tokens as the claim `iss` names it: a StringOrURI (RFC 7519 §2, §4.1.1), kept byte for byte.
///
/// Every ``IssuerIdentifier`` is one. Others are only names: `kubernetes/serviceaccount`, `urn:example:issuer`, or
/// `http://adfs.example.com/adfs/services/trust`. No metadata can be fetched for such a name, so the keys are
/// configured too. Issuers are compared byte for byte.
///
/// - SeeAlso: [RFC 7519 §4.1.1](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.1)
public struct TokenIssuer: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is not the issuer of tokens.
    public enum Fault: String, Error, Sendable, Hashable, CaseIterable {
        /// There is no text.
        case empty
        /// More than ``TokenIssuer/maximumBytes``.
        case tooLong = "too_long"
        /// A byte that is not printable ASCII, or a space at the beginning or end.
        case invalidByte = "invalid_byte"
        /// The text has a colon and is not a URI (RFC 7519 §2).
        case notAURI = "not_a_uri"
    }

    /// The largest issuer in bytes; the same as for a URL.
    public static let maximumBytes = 2_048

    /// The issuer as it was configured.
    public let text: String

    /// Checks the name of an issuer.
    ///
    /// **Checks** that it is printable ASCII of at most ``maximumBytes``, without a space at its ends, and that a text
    /// with a colon is a URI (RFC 3986). RFC 7519 also allows other characters in a text without a colon. They are
    /// refused here, because texts that look alike can have different bytes.
    ///
    /// - Throws: ``Fault`` for the first fault.
    public init(_ text: String) throws(Fault) {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last else { throw .empty }
        guard bytes.count <= Self.maximumBytes else { throw .tooLong }
        guard first != 0x20, last != 0x20, bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw .invalidByte }
        // RFC 7519 §2: "any value containing a ":" character MUST be a URI".
        guard !bytes.contains(UInt8(ascii: ":")) || Self.isURI(text, bytes) else { throw .notAURI }
        self.text = text
    }

    /// The same issuer as the name in tokens.
    public init(_ identifier: IssuerIdentifier) {
        text = identifier.text
    }

    /// The issuer as it was configured.
    public var description: String { text }

    /// RFC 3986 §3: a scheme, a colon, and the characters of a URI with whole escapes. An http or https URL must be
    /// one that ``AbsoluteURL`` accepts.
    private static func isURI(_ text: String, _ bytes: [UInt8]) -> Bool {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), isScheme(bytes[..<colon]) else { return false }
        if ["http", "https"].contains(where: { ASCII.equalsIgnoringCase(bytes[..<colon], $0.utf8) }) {
            return (try? AbsoluteURL(parsing: text)) != nil
        }
        let parts = bytes[(colon + 1)...].split(
            separator: UInt8(ascii: "#"), maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count <= 2 && !parts[0].isEmpty && parts.allSatisfy(URLGrammar.isQueryOrFragment)
    }

    /// RFC 3986 §3.1.
    private static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, ASCII.isLetter(first) else { return false }
        return bytes.allSatisfy { byte in
            ASCII.isLetter(byte) || ASCII.isDigit(byte)
                || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains(byte)
        }
    }
}
