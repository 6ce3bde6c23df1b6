/// The limits for reading the operations of a body.
enum OperationLimits {
    /// The maximum nesting depth.
    static let maximumDepth = 64
    /// The maximum number of messages in a batch.
    static let maximumMessages = 100
    /// The maximum number of resources and prompts that the messages of a body stand for in addition to their own.
    static let maximumImpliedOperations = 1_000
    /// The maximum length of a method, name or URI in bytes, after unescaping.
    static let maximumNameBytes = 2_048
    /// The maximum length of all methods, names and URIs of a body together, in bytes. With more, every rule applies.
    static let maximumComparedBytes = 32_768
    /// The maximum cost of the readings of one URI: see ``ResourceURIReadings/cost``. A URI with more is unclear.
    static let maximumReadingCostOfURI = 8_192
    /// The same for the path of a request, which is read before its token is known to be good.
    static let maximumReadingCostOfPath = 2_048
    /// The maximum cost of the readings of all URIs of a body together. With more, every rule applies.
    static let maximumReadingCostOfBody = 262_144
    /// The largest body in bytes that is parsed on the thread of the connection. Larger ones are parsed on
    /// ``BackgroundThreads``, so that other connections do not wait.
    static let maximumInlineBodyBytes = 16_384
    /// The largest body in bytes that is read without a token, to find out whether its operations are open.
    static let maximumOpenBodyBytes = 65_536
    /// The most operations of a body, and their texts together in bytes, that are compared with the rules on the thread
    /// of the connection.
    static let maximumInlineTexts = (count: 8, bytes: 1_024)
    /// The maximum number of rules.
    static let maximumRules = 1_000
    /// The range of ``MCPScopeRules/maximumBodyBytes``.
    static let bodyBytes = 1_024...16_777_216
}
