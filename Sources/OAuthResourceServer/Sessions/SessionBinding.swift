/// Whether an MCP session may be used only by the caller for whom the handler began it.
///
/// The guard stores nothing about sessions. The identifier that a caller gets is the handler's identifier, a dot, and a
/// code (HMAC-SHA-256, 128 bits) over the resource, the owner and the handler's identifier. The owner is the issuer,
/// the subject and the client of the request that began the session. In a later request the guard checks the code, and
/// takes it off before the handler sees the identifier.
///
/// **Checks** that the guard gave the identifier to this caller. **Does not check** that the session still exists: the
/// handler answers 404 when it has ended. **Does not check** to whom the handler gives an identifier: a handler must
/// name a session only in a response to its owner. In an error response, and in the response to another method than
/// POST, the guard removes an identifier that the request does not name: common handlers name their session there to
/// every caller.
///
/// In shadow mode and with a disabled guard no session is bound: identifiers pass unchanged in both directions. After a
/// change of the mode, the handler or the guard does not know the identifiers of before, and answers 404. MCP clients
/// then begin a new session.
///
/// - SeeAlso:
///   [MCP, sessions](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management)
public enum SessionBinding: Sendable {
    /// A session belongs to the issuer, subject and client of the request that began it. Other callers get 404, as for
    /// an unknown session. A session that was begun without a token cannot be used with one.
    ///
    /// Instances of a server that share the keys accept each other's sessions.
    case bound(SessionKeys)
    /// There is no check: a caller that knows or guesses the identifier of a session may use it, unless the handler
    /// prevents that.
    case dangerouslyUnbound

    /// ``bound(_:)`` with a random key of this process.
    public static let bound = SessionBinding.bound(.ofThisProcess)
}
