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
    case bound(SessionLimits)
    /// Nobody checks: whoever knows or guesses a session's identifier may use it, if the handler does not prevent that.
    case dangerouslyUnbound

    /// Bound, with the default limits.
    public static let bound = SessionBinding.bound(SessionLimits())
}

/// How many sessions are remembered, and for how long.
public struct SessionLimits: Sendable, Hashable {
    /// The longest acceptable identifier in bytes.
    static let identifierBytes = 256

    /// The most sessions; one more ends the one that was not used for the longest time. 1…1,000,000, default 10,000.
    public var sessions: Int
    /// The most sessions of one principal; one more ends its own. 1…1,000,000, default 1,000: nobody can end all the others'.
    public var sessionsPerPrincipal: Int
    /// How long a session lives without use. 1 minute…30 days, default 24 hours.
    public var idleTime: Duration

    /// Limits.
    public init(sessions: Int = 10_000, sessionsPerPrincipal: Int = 1_000, idleTime: Duration = .seconds(86_400)) {
        self.sessions = sessions
        self.sessionsPerPrincipal = sessionsPerPrincipal
        self.idleTime = idleTime
    }

    /// What is out of range.
    var faults: [ConfigurationError.Fault] {
        var faults: [ConfigurationError.Fault] = []
        if !(1...1_000_000).contains(sessions) {
            faults.append(.init("sessions.sessions", "is outside 1…1,000,000"))
        }
        if !(1...1_000_000).contains(sessionsPerPrincipal) {
            faults.append(.init("sessions.sessionsPerPrincipal", "is outside 1…1,000,000"))
        }
        if !(.seconds(60) ... .seconds(30 * 86_400)).contains(idleTime) {
            faults.append(.init("sessions.idleTime", "is outside 1 minute…30 days"))
        }
        return faults
    }
}

/// Why a session was refused or kept from a caller. For the operator: callers cannot tell these apart.
public enum SessionFault: String, Sendable, Hashable, CaseIterable {
    /// The request names a session that this process did not begin, or has forgotten.
    case unknown = "session_unknown"
    /// The session belongs to another principal.
    case ofAnotherPrincipal = "session_of_another_principal"
    /// The message has several `Mcp-Session-Id` fields.
    case repeated = "session_repeated"
    /// The handler's identifier is not 1…256 visible ASCII characters.
    case malformed = "session_malformed"
    /// The token names neither subject nor client, so that no session can belong to anybody.
    case namelessPrincipal = "session_of_nameless_principal"
    /// An error response carries a session that its caller did not present.
    case onErrorResponse = "session_on_error_response"

    /// A stable code for events and metrics.
    public var code: String { rawValue }
}
