/// Whether `initialize` begins a session (MCP 2025-11-25 and earlier).
enum MCPSessions: Sendable {
    /// There are no sessions.
    case none
    /// `initialize` is answered with a new `Mcp-Session-Id`, and each later request needs it. Nothing is stored: the
    /// guard checks that the identifier belongs to the caller, so that every instance with the guard's keys accepts it.
    case withoutState

    /// 128 random bits in hexadecimal digits.
    static func newIdentifier() -> String {
        String(UInt128.random(in: 0...UInt128.max), radix: 16)
    }
}
