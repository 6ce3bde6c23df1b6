internal import TokenVerification
internal import WireFormat

extension ResourceServerConfiguration {
    /// How long the event streams (`text/event-stream`) of a handler may outlive the access token of their request.
    ///
    /// A token has expired when `exp` plus the clock skew of its issuer has passed. There is no limit without a token,
    /// for a token without `exp`, in shadow mode, and with a disabled guard.
    public struct Streams: Sendable, Hashable {
        /// When a stream ends through which a client listens for messages: the response to a GET, and to a POST that
        /// opens `subscriptions/listen` (MCP 2026-07-28). Where the guard has no body (see ``MCPScopeRules``), it
        /// recognizes such a POST by `Mcp-Method`. A handler must compare that field with the body, as MCP requires.
        public var listening = Listening.endsWithToken
        /// How long the event stream that answers any other request may run after the token has expired, 0 s…7 days;
        /// a fraction of a second is dropped. Nil (default) for no limit. A limit may end a long tool call without a
        /// result.
        public var responseGrace: Duration?

        /// When a stream ends through which a client listens for messages.
        public enum Listening: Sendable, Hashable {
            /// When the token expires. The client opens another one with its next token.
            case endsWithToken
            /// When handler or client end it. A client that may not call the server any more still receives messages.
            case dangerouslyOutlivesToken
        }

        /// The range of ``responseGrace``.
        static let graces: ClosedRange<Duration> = .zero ... .seconds(7 * 86_400)

        /// The default limits.
        public init() {}

        /// Finds values that are out of range.
        func check(_ faults: inout ConfigurationFaults) {
            guard let responseGrace, !Self.graces.contains(responseGrace) else { return }
            faults.add(.streams + "responseGrace", "is outside \(Self.graces.text)", "choose a time in this range")
        }
    }
}
