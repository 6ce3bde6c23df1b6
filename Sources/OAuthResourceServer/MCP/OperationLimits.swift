/// The limits of what is read out of a body to decide about an operation.
enum OperationLimits {
    /// The deepest nesting.
    static let maximumDepth = 64
    /// The most messages of a batch.
    static let maximumMessages = 100
    /// The most resources that the messages of a body subscribe to by list.
    static let maximumSubscriptions = 1_000
    /// The longest method, name or URI in bytes, after unescaping.
    static let maximumNameBytes = 2_048
    /// The most rules.
    static let maximumRules = 1_000
    /// What ``MCPScopeRules/maximumBodyBytes`` may be.
    static let bodyBytes = 1_024...16_777_216
}
