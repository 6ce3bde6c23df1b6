/// What the operations of a body need.
struct OperationDemand: Sendable {
    /// The scopes of the rules that apply.
    var scopes = ScopeDemand()
    /// Set if every operation is exempt from the scopes that every request needs.
    var exemption: MCPScopeRules.Rule.Exemption?
    /// Whether an operation needs a token, even where the route needs none.
    var needsToken = false
}
