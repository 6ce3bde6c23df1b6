public import WireFormat

/// An authorization server's issuer identifier (RFC 8414 §2), kept byte for byte.
///
/// Compared as bytes: a trailing slash, a default port or another case make another issuer (RFC 8414 §3.3).
public struct IssuerIdentifier: Sendable, Hashable, CustomStringConvertible {
    /// The identifier, parsed.
    public let url: AbsoluteURL

    /// The identifier as the operator spelled it.
    public var text: String { url.text }

    /// An issuer: https (or http where `insecureHTTP` admits it), no query, no fragment, no userinfo.
    public init(_ text: String, insecureHTTP: InsecureHTTP = .never) throws(IdentifierError) {
        url = try AbsoluteURL(identifier: text, insecureHTTP: insecureHTTP)
        guard url.query == nil else { throw .query }
    }

    /// The identifier as spelled.
    public var description: String { text }
}

extension AbsoluteURL {
    /// The rules that issuers and resources share.
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
