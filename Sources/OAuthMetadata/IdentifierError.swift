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

    /// What is wrong and what to do, for the operator.
    public var explanation: String {
        switch self {
        case .url(let why): "is not an absolute URL (\(why.rawValue)); write it like https://mcp.example.com/mcp"
        case .insecure: "uses http, which is acceptable for loopback hosts only; use https"
        case .fragment: "has a fragment (#…), which RFC 9728 and RFC 8414 forbid; remove it"
        case .dotSegments: "has a path segment . or .., which clients remove before they ask; write the path without"
        case .query: "has a query (?…), which RFC 8414 forbids in an issuer; remove it"
        }
    }
}
