public import WireFormat

/// The reason why a text is not an issuer or resource identifier.
public enum IdentifierError: Error, Sendable, Hashable {
    /// The text is not an absolute http or https URL.
    case url(AbsoluteURL.ParseError)
    /// The URL uses `http`, which is not allowed for this host.
    case insecure
    /// The URL has a fragment.
    case fragment
    /// The URL of an issuer has a query.
    case query
    /// The URL has a path segment `.` or `..`, which clients remove before they send a request.
    case dotSegments
}
