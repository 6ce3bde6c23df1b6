public import WireFormat

/// Why a text cannot be an issuer or a resource identifier.
public enum IdentifierError: Error, Sendable, Hashable {
    /// Not an absolute http or https URL.
    case url(AbsoluteURL.ParseError)
    /// `http` where it is not acceptable.
    case insecure
    /// A fragment.
    case fragment
    /// A query, in an issuer.
    case query
    /// A path segment `.` or `..`, which clients remove before they ask.
    case dotSegments
}
