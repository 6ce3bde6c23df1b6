extension ListeningServer {
    /// What a server has done so far. Every number only grows, except for ``openConnections`` and
    /// ``heldBytes``.
    ///
    /// The counters are read while the server works, so two numbers of one value may be an instant apart.
    public struct Counters: Sendable, Hashable {
        /// Connections that are open now.
        public var openConnections = 0
        /// Connections that were accepted; those refused because of their number do not count.
        public var acceptedConnections = 0
        /// Connections that were refused because of their number.
        public var refusedConnections = 0
        /// Final responses that were begun, by the first digit of their status: 2, 3, 4 or 5. The responses to refused
        /// requests count too.
        public var responses: [Int: Int] = [:]
        /// Requests and connections that the server itself refused, by reason: a closed set of snake-case codes. Among
        /// them are `evicted` for a connection that waited for its client and was closed for another one, and
        /// `memory_exhausted` for a 503 because of ``ServerLimits/memoryBytes``.
        public var rejections: [String: Int] = [:]
        /// Bytes that are held for connections now; see ``ServerLimits/memoryBytes``.
        public var heldBytes = 0
        /// Bytes received on connections.
        public var receivedBytes = 0
        /// Bytes sent on connections.
        public var sentBytes = 0
    }
}
