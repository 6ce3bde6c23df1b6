internal import TokenVerification
internal import WireFormat

/// Whether an MCP session may be used by the caller alone for whom the handler began it.
///
/// **Checks** the `Mcp-Session-Id` of requests and responses against a table in this process.
/// In shadow mode and by a disabled guard nothing is bound. **Does not check** what the handler does with a session, and knows nothing of sessions that another process began:
/// several processes need a load balancer that sends a session to the process that began it, as stateful handlers do anyway.
///
/// - SeeAlso: [MCP, session management](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management)
public enum SessionBinding: Sendable, Hashable {
    /// A session belongs to the issuer, subject and client of the request that began it. Anybody else who uses it gets 404, as
    /// for an unknown session, and so does whoever uses one that this process did not begin or has forgotten. What was begun
    /// without a token cannot be used with one.
    case bound(Limits)
    /// Nobody checks: whoever knows or guesses a session's identifier may use it, if the handler does not prevent that.
    case dangerouslyUnbound

    /// Bound, with the default limits.
    public static let bound = SessionBinding.bound(Limits())
}

extension SessionBinding {
    /// How many sessions are remembered, and for how long.
    public struct Limits: Sendable, Hashable {
        /// The longest acceptable identifier in bytes.
        static let identifierBytes = 256
        /// What ``sessions`` and ``sessionsPerPrincipal`` may be.
        static let counts = 1...1_000_000
        /// What ``idleTime`` may be.
        static let idleTimes: ClosedRange<Duration> = .seconds(60) ... .seconds(30 * 86_400)

        /// The most sessions; one more ends the one that was not used for the longest time. 1…1,000,000, default 10,000.
        public var sessions: Int
        /// The most sessions of one principal; one more ends its own. 1…1,000,000, default 1,000: one principal cannot end the
        /// sessions of all others.
        public var sessionsPerPrincipal: Int
        /// How long a session lives without use. 1 minute…30 days, default 24 hours.
        public var idleTime: Duration

        /// Limits.
        public init(
            sessions: Int = 10_000, sessionsPerPrincipal: Int = 1_000, idleTime: Duration = .seconds(86_400)
        ) {
            self.sessions = sessions
            self.sessionsPerPrincipal = sessionsPerPrincipal
            self.idleTime = idleTime
        }

        /// Finds what is out of range.
        func check(_ faults: inout ConfigurationFaults) {
            let counted: [(ConfigurationError.Path, Int)] = [
                ("sessions", sessions), ("sessionsPerPrincipal", sessionsPerPrincipal),
            ]
            for (name, count) in counted where !Self.counts.contains(count) {
                faults.add(.sessions + name, "is outside \(Self.counts.text)", "choose a number in this range")
            }
            if !Self.idleTimes.contains(idleTime) {
                faults.add(.sessions + "idleTime", "is outside 1 minute…30 days", "choose a time in this range")
            }
        }
    }
}
