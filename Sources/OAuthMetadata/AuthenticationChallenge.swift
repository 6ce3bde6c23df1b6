internal import WireFormat

/// One challenge of any scheme (RFC 9110 §11.3).
public struct AuthenticationChallenge: Sendable, Hashable {
    /// What follows the scheme.
    public enum Content: Sendable, Hashable {
        /// Nothing.
        case none
        /// One `token68`, as some schemes have it.
        case token68(String)
        /// At least one parameter.
        case parameters([Parameter])
    }

    /// A name and its value, unquoted and unescaped.
    public struct Parameter: Sendable, Hashable {
        /// The name as it was spelled; compared without regard to ASCII case.
        public let name: String
        /// The value.
        public let value: String
    }

    /// The scheme as it was spelled; compared without regard to ASCII case.
    public let scheme: String
    /// What follows it.
    public let content: Content

    /// Whether the challenge is of this scheme.
    public func hasScheme(_ name: String) -> Bool {
        ASCII.equalsIgnoringCase(scheme.utf8, name.utf8)
    }

    /// The value of a parameter; nil when there is none of this name.
    public func value(of name: String) -> String? {
        guard case .parameters(let parameters) = content else { return nil }
        return parameters.first { ASCII.equalsIgnoringCase($0.name.utf8, name.utf8) }?.value
    }
}
