/// The limits for reading the operations of a body.
enum OperationLimits {
    /// The maximum nesting depth.
    static let maximumDepth = 64
    /// The maximum number of messages in a batch.
    static let maximumMessages = 100
    /// The maximum number of resources in the `subscriptions/listen` messages of a body.
    static let maximumSubscriptions = 1_000
    /// The maximum length of a method, name or URI in bytes, after unescaping.
    static let maximumNameBytes = 2_048
    /// The maximum number of rules.
    static let maximumRules = 1_000
    /// The range of ``MCPScopeRules/maximumBodyBytes``.
    static let bodyBytes = 1_024...16_777_216
}
