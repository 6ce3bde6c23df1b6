public import TokenVerification

/// What the operator learns. No case holds a token, a secret or a claim; a token is named by its fingerprint. The error of a
/// wrapped handler is passed on as it is: the program knows what it put in.
public enum ResourceServerEvent: Sendable {
    /// A request was let through to the handler.
    case allowed(fingerprint: String)
    /// A request was refused; no fingerprint when its token was not looked at.
    case denied(ResourceServer.Refusal, fingerprint: String?)
    /// A request was let through without a token, on behalf of an anonymous principal of this name.
    case allowedAnonymously(name: String)
    /// A request went on in shadow mode that would have been refused.
    case wouldDeny(ResourceServer.Refusal, fingerprint: String?)
    /// At construction: this guard checks nothing. The name of the principal that every request gets.
    case guardDisabled(anonymousAs: String, reach: ResourceServer.Mode.Reach)
    /// The scope claim of a good token is of the wrong type; the token counts as one without scopes.
    case scopesIgnored(fingerprint: String)
    /// The handler's `Mcp-Session-Id` was removed from a response; the rest of the response was sent.
    case sessionWithheld(ResourceServer.SessionFault, fingerprint: String?)
    /// The wrapped handler threw an error. The caller got a 500 without detail.
    case handlerFailed(any Error)
    /// What a verifier or a key source reports.
    case verification(TokenVerificationEvent)

    /// Receives every event, in the task in which it happens: it must be quick and must not block.
    public typealias Observer = @Sendable (ResourceServerEvent) -> Void
}

extension ResourceServerEvent: CustomStringConvertible {
    /// One line: a name, then `key=value` pairs.
    public var description: String {
        switch self {
        case .allowed(let fingerprint): "allowed token=\(fingerprint)"
        case .denied(let refusal, let fingerprint): "denied reason=\(refusal.code) token=\(fingerprint ?? "none")"
        case .allowedAnonymously(let name): "allowed_anonymously as=\"\(name)\""
        case .wouldDeny(let refusal, let fingerprint):
            "would_deny reason=\(refusal.code) token=\(fingerprint ?? "none")"
        case .guardDisabled(let name, let reach):
            "GUARD_DISABLED every request is let through as=\"\(name)\" reach=\(reach)"
        case .scopesIgnored(let fingerprint): "scopes_ignored token=\(fingerprint)"
        case .sessionWithheld(let fault, let fingerprint):
            "session_withheld reason=\(fault.rawValue) token=\(fingerprint ?? "none")"
        case .handlerFailed(let error): "handler_failed error=\(type(of: error))"
        case .verification(let event): event.description
        }
    }
}

extension ResourceServerEvent {
    /// What events are counted under together: the name, and the reason where there is one.
    var group: String {
        // Both stand in the line: `name reason=code …`. Codes are written in programs and hold no space.
        var words = description.utf8.split(separator: 0x20, maxSplits: 2).prefix(2)
        if let second = words.last, !second.starts(with: "reason=".utf8) { words = words.prefix(1) }
        return words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }

    var isAllowed: Bool {
        switch self {
        case .allowed, .allowedAnonymously: true
        default: false
        }
    }
}
