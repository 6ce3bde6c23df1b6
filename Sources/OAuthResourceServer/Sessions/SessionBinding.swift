internal import TokenVerification
internal import WireFormat

/// Whether an MCP session may be used only by the caller for whom the handler began it.
///
/// **Checks** the `Mcp-Session-Id` of requests and responses against a table in this process. In shadow mode, and with
/// a disabled guard, no session is bound. **Does not check** what the handler does with a session, and does not know
/// sessions that another process began. Several processes need a load balancer that sends a session to the process that
/// began it; stateful handlers need that anyway.
///
/// - SeeAlso:
///   [MCP, sessions](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management)
public enum SessionBinding: Sendable, Hashable {
    /// A session belongs to the issuer, subject and client of the request that began it. Other callers get 404, as for
    /// an unknown session. A session that this process did not begin, or has forgotten, gets 404 too. A session that
    /// was begun without a token cannot be used with one.
    case bound(Limits)
    /// There is no check: a caller that knows or guesses the identifier of a session may use it, unless the handler
    /// prevents that.
    case dangerouslyUnbound

    /// ``bound(_:)`` with the default limits.
    public static let bound = SessionBinding.bound(Limits())
}

extension SessionBinding {
    /// How many sessions are remembered, and for how long.
    public struct Limits: Sendable, Hashable {
        /// The maximum length of an identifier in bytes.
        static let identifierBytes = 256
        /// The range of ``sessions`` and ``sessionsPerPrincipal``.
        static let counts = 1...1_000_000
        /// The range of ``idleTime``.
        static let idleTimes: ClosedRange<Duration> = .seconds(60) ... .seconds(30 * 86_400)

        /// The maximum number of sessions. One more ends the session that was unused for the longest time. 1…1,000,000,
        /// default 10,000.
        public var sessions: Int
        /// The maximum number of sessions of one principal. One more ends the session of this principal that was unused
        /// for the longest time, so that one principal cannot end the sessions of all others. 1…1,000,000, default
        /// 1,000.
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

        /// Finds values that are out of range.
        func check(_ faults: inout ConfigurationFaults) {
            let counted: [(ConfigurationError.Path, Int)] = [
                ("sessions", sessions), ("sessionsPerPrincipal", sessionsPerPrincipal),
            ]
            for (name, count) in counted where !Self.counts.contains(count) {
                faults.add(.sessions + name, "is outside \(Self.counts.text)", "choose a number in this range")
            }
            if !Self.idleTimes.contains(idleTime) {
                faults.add(.sessions + "idleTime", "is outside \(Self.idleTimes.text)", "choose a time in this range")
            }
        }
    }
}
