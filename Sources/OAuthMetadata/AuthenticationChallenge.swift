internal import WireFormat

/// A challenge of any scheme (RFC 9110 §11.3).
public struct AuthenticationChallenge: Sendable, Hashable {
    /// The content after the scheme.
    public enum Content: Sendable, Hashable {
        /// No content.
        case none
        /// One `token68`, which some schemes use instead of parameters.
        case token68(String)
        /// At least one parameter, in order.
        case parameters([Parameter])
    }

    /// A parameter. Its value is unquoted and unescaped.
    public struct Parameter: Sendable, Hashable {
        /// The name as received. Names are compared without regard to ASCII case.
        public let name: String
        /// The value.
        public let value: String
    }

    /// The scheme as received. Schemes are compared without regard to ASCII case.
    public let scheme: String
    /// The content after the scheme.
    public let content: Content

    /// Whether the challenge has this scheme, compared without regard to ASCII case.
    public func hasScheme(_ name: String) -> Bool {
        ASCII.equalsIgnoringCase(scheme.utf8, name.utf8)
    }

    /// The value of a parameter, or nil when the challenge has no parameter with this name. Names are compared without
    /// regard to ASCII case.
    public func value(of name: String) -> String? {
        guard case .parameters(let parameters) = content else { return nil }
        return parameters.first { ASCII.equalsIgnoringCase($0.name.utf8, name.utf8) }?.value
    }
}
