/// The limits for reading the operations of a body.
enum OperationLimits {
    /// The maximum nesting depth.
    static let maximumDepth = 64
    /// The maximum number of messages in a batch.
    static let maximumMessages = 100
    /// The maximum number of resources and prompts that the messages of a body stand for in addition to their own.
    static let maximumImplied = 1_000
    /// The maximum length of a method, name or URI in bytes, after unescaping.
    static let maximumNameBytes = 2_048
    /// The maximum length of all methods, names and URIs of a body together, in bytes. With more, every rule applies.
    static let comparedBytes = 32_768
    /// The length of the texts that are compared with the rules without a pause for other tasks, in bytes.
    static let bytesBetweenPauses = 1_024
    /// The maximum number of rules.
    static let maximumRules = 1_000
    /// The range of ``MCPScopeRules/maximumBodyBytes``.
    static let bodyBytes = 1_024...16_777_216
}
