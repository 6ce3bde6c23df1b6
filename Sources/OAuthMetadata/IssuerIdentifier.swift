public import WireFormat

/// The issuer identifier of an authorization server (RFC 8414 §2), kept byte for byte.
///
/// Identifiers are compared byte for byte: with a trailing slash, a default port or another case, it is another issuer
/// (RFC 8414 §3.3).
public struct IssuerIdentifier: Sendable, Hashable, CustomStringConvertible {
    /// The parsed identifier.
    public let url: AbsoluteURL

    /// The identifier as it was configured.
    public var text: String { url.text }

    /// Parses an issuer identifier.
    ///
    /// **Checks** that it is an https URL, or an http URL that `insecureHTTP` allows, without query, fragment, userinfo
    /// and dot segments.
    ///
    /// - Throws: ``IdentifierError`` for the first fault.
    public init(_ text: String, insecureHTTP: InsecureHTTP = .never) throws(IdentifierError) {
        url = try AbsoluteURL(identifier: text, insecureHTTP: insecureHTTP)
        guard url.query == nil else { throw .query }
    }

    /// The identifier as it was configured.
    public var description: String { text }
}

extension AbsoluteURL {
    /// Checks the rules that apply to issuers and to resources.
    init(identifier text: String, insecureHTTP: InsecureHTTP) throws(IdentifierError) {
        do throws(AbsoluteURL.ParseError) {
            try self.init(parsing: text)
        } catch {
            throw .url(error)
        }
        guard fragment == nil else { throw .fragment }
        guard insecureHTTP.admits(self) else { throw .insecure }
        guard !hasDotSegments else { throw .dotSegments }
    }
}
