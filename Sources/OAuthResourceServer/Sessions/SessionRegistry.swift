internal import HTTPMessages
internal import JOSE
internal import Synchronization
internal import TokenVerification

/// Decides which callers may use which MCP session. All requests of a guard share it.
final class SessionRegistry: Sendable {
    private let table: Mutex<SessionTable>
    private let clock: MonotonicClock

    init(_ limits: SessionBinding.Limits, clock: MonotonicClock = .system) {
        table = Mutex(SessionTable(limits))
        self.clock = clock
    }

    /// The registry of a guard; nil when sessions are not bound. A mode that lets every request in does not bind
    /// sessions either.
    convenience init?(_ configuration: CheckedConfiguration) {
        switch (configuration.mode, configuration.sessions) {
        case (.enforced, .bound(let limits)), (.staticTokens, .bound(let limits)): self.init(limits)
        case (.shadow, _), (.disabled, _), (_, .dangerouslyUnbound): return nil
        }
    }

    /// The permission of one request to use one session, or to begin one.
    struct Use: Sendable {
        fileprivate let registry: SessionRegistry
        fileprivate let principal: Principal
        fileprivate let method: HTTPMethod
        /// The session that the request named; nil when it named none.
        fileprivate let presented: SessionTable.Key?
    }

    /// Decides about a request by its head.
    func admit(_ method: HTTPMethod, _ fields: HTTPFields, of principal: Principal) throws(ResourceServer.SessionFault)
        -> Use
    {
        var presented: SessionTable.Key?
        switch fields.occurrence(of: .mcpSessionID) {
        case .absent: break
        // The guard cannot know which of several the handler uses.
        case .repeated: throw .repeated
        case .once(let value):
            guard let owner = SessionOwner(principal) else { throw .namelessPrincipal }
            // No session has an invalid identifier, so that it is unknown.
            guard let key = Self.key(value) else { throw .unknown }
            if let fault = table.withLock({ $0.use(key, by: owner, at: clock.now()) }) { throw fault }
            presented = key
        }
        return Use(registry: self, principal: principal, method: method, presented: presented)
    }

    /// Updates the table after the handler's response. Returns why its `Mcp-Session-Id` was removed from the fields, or
    /// nil.
    fileprivate func finish(_ use: Use, status: HTTPStatus, fields: inout HTTPFields) -> ResourceServer.SessionFault? {
        let isSuccess = (200...299).contains(status.code)
        // MCP: the owner may end a session with DELETE, and a handler answers 404 for a session that it has ended.
        if let presented = use.presented, status == .notFound || (isSuccess && use.method == .delete),
            let owner = SessionOwner(use.principal)
        {
            table.withLock { $0.end(presented, of: owner) }
        }
        let fault: ResourceServer.SessionFault?
        switch fields.occurrence(of: .mcpSessionID) {
        case .absent: return nil
        case .repeated: fault = .repeated
        case .once(let value): fault = self.fault(of: value, use, isSuccess: isSuccess)
        }
        if fault != nil { fields.remove(.mcpSessionID) }
        return fault
    }

    /// Why the caller must not see a session in a response; nil when it may.
    private func fault(of value: HTTPFields.Value, _ use: Use, isSuccess: Bool) -> ResourceServer.SessionFault? {
        guard let key = Self.key(value) else { return .malformed }
        // The caller knows an identifier that it sent. It is not bound again here: the session may have ended before a
        // late response.
        if key == use.presented { return nil }
        guard isSuccess else { return .onErrorResponse }
        guard let owner = SessionOwner(use.principal) else { return .namelessPrincipal }
        return table.withLock { $0.bind(key, to: owner, at: clock.now()) }
    }

    /// MCP: a session identifier is visible ASCII, 0x21 to 0x7E. The table holds its digest.
    private static func key(_ value: HTTPFields.Value) -> SessionTable.Key? {
        guard (1...SessionBinding.Limits.identifierBytes).contains(value.bytes.count),
            value.bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return Digest.sha256(value.bytes)
    }
}

extension SessionRegistry.Use {
    /// Completes the head of the response to this request. Returns why its `Mcp-Session-Id` was removed, or nil.
    func finish(status: HTTPStatus, fields: inout HTTPFields) -> ResourceServer.SessionFault? {
        registry.finish(self, status: status, fields: &fields)
    }
}
