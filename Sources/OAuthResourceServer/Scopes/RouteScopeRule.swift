public import HTTPMessages

/// What requests to some paths need, beyond what every request needs.
///
/// Patterns are those of ``MCPScopeRules``: `/admin/**`, `/files/*`. A path is matched as sent, and again as a handler may
/// read it: percent-decoded, without dot segments, repeated slashes and path parameters, whatever the case.
public struct RouteScopeRule: Sendable, Hashable {
    /// The pattern of the paths.
    public let path: String
    /// The methods; empty for all. GET includes HEAD.
    public let methods: [HTTPMethod]
    /// What they need.
    public let requirement: ScopeRequirement

    /// A rule for these methods of the paths that match; without methods for all.
    public init(_ path: String, methods: [HTTPMethod] = [], requires requirement: ScopeRequirement) {
        self.path = path
        self.methods = methods
        self.requirement = requirement
    }
}
