public import HTTPMessages

/// The scopes, or the kind of login, that requests to some paths need, in addition to the scopes that every request
/// needs.
///
/// The patterns are those of ``MCPScopeRules``: `/admin/**`, `/files/*`. A path is matched as sent, and again as a
/// handler may read it: percent-decoded, without dot segments, repeated slashes and path parameters, and without regard
/// to case. A rule applies to every path that is longer than 2,048 bytes or has too many readings. Texts beyond ASCII
/// are also compared by canonical equivalence.
public struct RouteScopeRule: Sendable, Hashable {
    /// The pattern of the paths.
    public let path: String
    /// The methods; empty for all. GET includes HEAD.
    public let methods: [HTTPMethod]
    /// What they need: scopes, a kind of login, or both.
    public let requirement: ScopeRequirement

    /// A rule for requests with these methods to paths that match the pattern. Without methods, it applies to all
    /// methods.
    public init(_ path: String, methods: [HTTPMethod] = [], requires requirement: ScopeRequirement) {
        self.path = path
        self.methods = methods
        self.requirement = requirement
    }
}
