/// Which requests need a token, by path. Without a rule every path does.
///
/// A rule loosens: what it does not name byte for byte stays as strict as it was. A path in which two readers may see two
/// paths (`//`, a segment `.` or `..`, `;`, an escape of a byte that needs none or that delimits, such as `%2e` and `%2F`)
/// is below no rule. The handler must not decode paths before it tells them apart, and must tell upper from lower case.
public struct RouteRule: Sendable, Hashable {
    /// What a request needs.
    public enum Access: Sendable, Hashable, CaseIterable {
        /// A good token with the required scopes.
        case required
        /// A good token with the required scopes, or no `Authorization` field at all: then the principal is anonymous. A bad
        /// token is still 401, and one without the scopes 403. What a ``RouteScopeRule`` or ``MCPScopeRules`` ask for, nobody
        /// has without a token.
        case optional
        /// Nothing: `Authorization` is not read, the principal is anonymous, and no scope is asked for. For health checks.
        case `public`
    }

    /// How much a rule covers.
    public enum Extent: Sendable, Hashable {
        /// The path alone.
        case exact
        /// The path, and everything below it: what continues it with a `/`.
        case below
    }

    /// The path, as requests spell it: it begins with `/` and has no query.
    public let path: String
    /// How much the rule covers.
    public let extent: Extent
    /// What a request needs.
    public let access: Access

    /// A rule for one path.
    public init(_ path: String, _ access: Access) {
        self.path = path
        extent = .exact
        self.access = access
    }

    /// A rule for a path and everything below it.
    public init(below path: String, _ access: Access) {
        self.path = path
        extent = .below
        self.access = access
    }
}

extension RouteRule.Access {
    /// Whether this needs less than the other, or the same.
    func loosens(_ other: RouteRule.Access) -> Bool {
        switch (self, other) {
        case (.public, _), (_, .required): true
        case (.optional, .optional): true
        default: false
        }
    }
}
