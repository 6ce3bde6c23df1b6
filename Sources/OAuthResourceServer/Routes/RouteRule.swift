/// Which requests need a token, by path. Without a rule every request needs one.
///
/// A rule makes paths less strict, and only those that it names byte for byte. No rule applies to a path that two
/// readers may interpret differently: one with `//`, a segment `.` or `..`, `;`, or a percent-encoded byte that needs
/// no encoding or is a delimiter, such as `%2e` and `%2F`. The handler must not decode paths before it compares them,
/// and must distinguish upper from lower case.
public struct RouteRule: Sendable, Hashable {
    /// What a request needs.
    public enum Access: Sendable, Hashable, CaseIterable {
        /// A good token with the required scopes.
        case required
        /// A good token with the required scopes, or no `Authorization` field: then the principal is anonymous. A bad
        /// token still gets 401, and a token without the scopes 403. An anonymous request gets 401 when a
        /// ``RouteScopeRule`` or ``MCPScopeRules`` require scopes, a login or a token.
        case optional
        /// Nothing: `Authorization` is not read, the principal is anonymous, and no scope is required. It is meant for
        /// health checks.
        case `public`
    }

    /// How much a rule covers.
    public enum Extent: Sendable, Hashable {
        /// The path alone.
        case exact
        /// The path, and everything below it: every path that continues it with a `/`.
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
