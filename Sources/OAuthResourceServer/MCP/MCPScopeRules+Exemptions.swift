// Rules that require less than the scopes of every request.

extension MCPScopeRules.Rule {
    /// What an operation needs instead of the scopes that every request needs.
    public enum Exemption: Sendable, Hashable {
        /// Nothing: a request without a token proceeds for an anonymous principal. A token that is sent must be good.
        case nothing
        /// A good token, with any scopes.
        case anyToken
    }

    /// A rule for calls of the tools whose names match: they need no scopes, or no token.
    public static func tool(_ name: String, requires exemption: Exemption) -> Self {
        Self("tools/call", .name(name), .exemption(exemption))
    }

    /// A rule for `prompts/get` of the prompts whose names match: they need no scopes, or no token.
    public static func prompt(_ name: String, requires exemption: Exemption) -> Self {
        Self("prompts/get", .name(name), .exemption(exemption))
    }

    /// A rule for all operations on the resources whose URIs match: they need no scopes, or no token. The pattern
    /// begins with a scheme and `://`.
    public static func resource(_ uri: String, requires exemption: Exemption) -> Self {
        Self("resources/*", .uri(uri), .exemption(exemption))
    }

    /// A rule for all messages whose methods match: they need no scopes, or no token.
    public static func method(_ method: String, requires exemption: Exemption) -> Self {
        Self(method, .any, .exemption(exemption))
    }

    /// A rule for messages whose methods match and whose `params.name` matches: they need no scopes, or no token.
    public static func method(_ method: String, name: String, requires exemption: Exemption) -> Self {
        Self(method, .name(name), .exemption(exemption))
    }

    /// A rule for messages whose methods match and whose `params.uri` matches: they need no scopes, or no token. The
    /// pattern begins with a scheme and `://`.
    public static func method(_ method: String, uri: String, requires exemption: Exemption) -> Self {
        Self(method, .uri(uri), .exemption(exemption))
    }
}
