internal import HTTPMessages

/// Decides which callers may use which MCP session: by the identifier alone, so that all guards with the same keys and
/// resource agree.
struct BoundSessions: Sendable {
    private let seal: SessionSeal

    init(_ seal: SessionSeal) {
        self.seal = seal
    }

    /// The sessions of a guard; nil when sessions are not bound. A mode that lets every request in does not bind
    /// sessions either.
    init?(_ configuration: CheckedConfiguration) {
        switch (configuration.mode, configuration.sessions) {
        case (.enforced, .bound(let keys)), (.staticTokens, .bound(let keys)):
            seal = SessionSeal(keys, resource: configuration.resource)
        case (.shadow, _), (.disabled, _), (_, .dangerouslyUnbound): return nil
        }
    }

    /// The permission of one request to use one session, or to begin one.
    struct Use: Sendable {
        fileprivate let seal: SessionSeal
        /// The session that the request named, as the caller and as the handler know it; nil when it named none.
        fileprivate let named: (sealed: HTTPFields.Value, opened: HTTPFields.Value)?

        /// The identifier for the handler; nil when the request named no session.
        var identifier: HTTPFields.Value? { named?.opened }
    }

    /// Decides about a request by its head.
    func admit(_ fields: HTTPFields, of principal: Principal) throws(ResourceServer.SessionFault) -> Use {
        switch fields.occurrence(of: .mcpSessionID) {
        case .absent: return Use(seal: seal, named: nil)
        // The guard cannot know which of several the handler uses.
        case .repeated: throw .repeated
        case .once(let sealed):
            guard let owner = SessionOwner(principal) else { throw .namelessPrincipal }
            guard let opened = seal.opened(sealed.bytes, by: owner) else { throw .unknown }
            return Use(seal: seal, named: (sealed, HTTPFields.Value(validated: opened)))
        }
    }
}

extension BoundSessions.Use {
    /// Replaces the handler's `Mcp-Session-Id` in a response by the caller's, or removes it. Returns why it was
    /// removed, or nil.
    func finish(
        status: HTTPStatus, fields: inout HTTPFields, of principal: Principal, _ method: HTTPMethod
    ) -> ResourceServer.SessionFault? {
        switch fields.occurrence(of: .mcpSessionID) {
        case .absent: return nil
        case .repeated:
            fields.remove(.mcpSessionID)
            return .repeated
        case .once(let value):
            do throws(ResourceServer.SessionFault) {
                fields[.mcpSessionID] = try sealed(value, status, principal, method)
                return nil
            } catch {
                fields.remove(.mcpSessionID)
                return error
            }
        }
    }

    private func sealed(
        _ value: HTTPFields.Value, _ status: HTTPStatus, _ principal: Principal, _ method: HTTPMethod
    ) throws(ResourceServer.SessionFault) -> HTTPFields.Value {
        // The caller gets back what it sent, also when the current key has changed since.
        if let named, named.opened == value { return named.sealed }
        guard SessionSeal.isAcceptable(value.bytes) else { throw .malformed }
        // An error may name the session of another caller. Its code would let this caller use it.
        guard (200...299).contains(status.code) else { throw .onErrorResponse }
        // MCP: a session begins with the response to `initialize`, which is a POST.
        guard method == .post else { throw .onOtherMethod }
        guard let owner = SessionOwner(principal) else { throw .namelessPrincipal }
        guard let sealed = seal.sealed(value.bytes, for: owner) else { throw .malformed }
        return HTTPFields.Value(validated: sealed)
    }
}
