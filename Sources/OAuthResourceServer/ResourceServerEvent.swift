/// What the operator learns. No case holds a token, a secret or a claim; a token is named by its fingerprint. What a
/// wrapped handler throws is handed on as it is: the program knows what it put in.
public enum ResourceServerEvent: Sendable {
    /// A request was let through to the handler.
    case allowed(fingerprint: String)
    /// A request was refused; no fingerprint when it carried no token.
    case denied(TokenRejection, fingerprint: String?)
    /// A request was let through without a token, on behalf of an anonymous principal of this name.
    case allowedAnonymously(name: String)
    /// A request went on in shadow mode that would have been refused.
    case wouldDeny(TokenRejection, fingerprint: String?)
    /// A request was refused before anybody looked at its token.
    case turnedAway(EarlyRefusal)
    /// At construction: this guard checks nothing. The name of the principal that every request gets.
    case guardDisabled(anonymousAs: String, reach: GuardMode.Reach)
    /// The scope claim of a good token is of the wrong type; the token counts as one without scopes.
    case scopesIgnored(fingerprint: String)
    /// A request was refused because of the MCP session that it names.
    case sessionRefused(SessionFault, fingerprint: String?)
    /// The handler's `Mcp-Session-Id` was kept from the caller; the response went out without it.
    case sessionWithheld(SessionFault, fingerprint: String?)
    /// The wrapped handler threw. The caller got a 500 without detail.
    case handlerFailed(any Error)
    /// Something happened at the source of an issuer's keys; the issuer as the operator spelled it.
    case keySource(KeySourceEvent, issuer: String)
    /// The introspection endpoint gave no answer that decides. The callers who waited for it got a 503.
    case introspectionFailed(IntrospectionFailure)
}

extension ResourceServerEvent: CustomStringConvertible {
    /// One line: a name, then `key=value` pairs.
    public var description: String {
        switch self {
        case .allowed(let fingerprint): "allowed token=\(fingerprint)"
        case .denied(let rejection, let fingerprint): "denied reason=\(rejection.code) token=\(fingerprint ?? "none")"
        case .allowedAnonymously(let name): "allowed_anonymously as=\"\(name)\""
        case .wouldDeny(let rejection, let fingerprint):
            "would_deny reason=\(rejection.code) token=\(fingerprint ?? "none")"
        case .turnedAway(let why): "turned_away reason=\(why.rawValue)"
        case .guardDisabled(let name, let reach):
            "GUARD_DISABLED every request is let through as=\"\(name)\" reach=\(reach)"
        case .scopesIgnored(let fingerprint): "scopes_ignored token=\(fingerprint)"
        case .sessionRefused(let fault, let fingerprint):
            "session_refused reason=\(fault.code) token=\(fingerprint ?? "none")"
        case .sessionWithheld(let fault, let fingerprint):
            "session_withheld reason=\(fault.code) token=\(fingerprint ?? "none")"
        case .handlerFailed(let error): "handler_failed error=\(type(of: error))"
        case .keySource(let event, let issuer): "\(event) issuer=\(issuer)"
        case .introspectionFailed(let failure): "introspection_failed reason=\(failure.code)"
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

/// Told about every event, on whatever task it happens: it must be quick and must not block.
public typealias EventObserver = @Sendable (ResourceServerEvent) -> Void
