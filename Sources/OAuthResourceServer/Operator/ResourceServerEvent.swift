public import HTTPMessages
public import TokenVerification

/// An event for the operator. No case holds a token, a secret or a claim: a token is named by its fingerprint. The
/// error of a wrapped handler is passed on unchanged, and may hold what the program put into it.
public enum ResourceServerEvent: Sendable {
    /// A request was let through to the handler.
    case allowed(fingerprint: String)
    /// A request was refused. The fingerprint is nil when the guard did not look at the token.
    case denied(ResourceServer.Refusal, fingerprint: String?)
    /// A request was let through without a token, for an anonymous principal of this name.
    case allowedAnonymously(name: String)
    /// In shadow mode: a request was let through that would have been refused.
    case wouldDeny(ResourceServer.Refusal, fingerprint: String?)
    /// What most often causes a refusal with this code, for the issuers of the configuration: see
    /// ``TokenVerification/IssuerConfiguration/hints``. Reported once for each code.
    case refusalExplained(code: String, sentences: [String])
    /// The guard was created in shadow mode: it refuses no request because of its token.
    case guardInShadow
    /// The guard was created in the mode that accepts every request without a token. `anonymousAs` is the name of the
    /// principal that every request gets.
    case guardDisabled(anonymousAs: String, reach: ResourceServer.Mode.Reach)
    /// The scope claim of a good token has the wrong type. The token counts as one without scopes.
    case scopesIgnored(fingerprint: String)
    /// The handler's `Mcp-Session-Id` was removed from a response; the rest of the response was sent.
    case sessionWithheld(ResourceServer.SessionFault, fingerprint: String?)
    /// A field of a request or response of another HTTP library is not allowed in HTTP. The request was refused; the
    /// response was sent without the field.
    case malformedField(HTTPFields.InvalidLine, of: Message)
    /// The field in which a proxy passes on the certificate of a client was removed from a request, because the request
    /// does not come from that proxy. The address is nil when the server does not say it.
    case clientCertificateIgnored(from: HTTPRequest.PeerAddress?)
    /// An event stream was ended because its token has expired: see ``ResourceServerConfiguration/Streams``.
    case streamExpired(fingerprint: String?)
    /// The wrapped handler threw an error. The caller got a 500 without details.
    case handlerFailed(any Error)
    /// An event of a verifier or a key source.
    case verification(TokenVerificationEvent)

    /// Which of the two messages of an exchange.
    public enum Message: String, Sendable, Hashable {
        /// The request of a client.
        case request
        /// The response of the handler.
        case response
    }

    /// Receives every event, in the task in which it happens. It must return quickly and must not block.
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
        case .refusalExplained(let code, let sentences):
            "refusal_explained reason=\(code) hint=\"\(sentences.joined(separator: " "))\""
        case .guardDisabled(let name, let reach):
            "GUARD_DISABLED every request is let through as=\"\(name)\" reach=\(reach)"
        case .guardInShadow: "GUARD_SHADOW tokens and scopes are checked but not enforced; refusals are only reported"
        case .scopesIgnored(let fingerprint): "scopes_ignored token=\(fingerprint)"
        case .sessionWithheld(let fault, let fingerprint):
            "session_withheld reason=\(fault.rawValue) token=\(fingerprint ?? "none")"
        case .malformedField(let line, let message):
            "malformed_field of=\(message.rawValue) index=\(line.index) name=\(line.nameForLogs)"
        case .clientCertificateIgnored(let peer):
            "client_certificate_ignored reason=\(peer == nil ? "peer_unknown" : "peer_not_trusted")"
                + (peer.map { " peer=\($0)" } ?? "")
        case .streamExpired(let fingerprint): "stream_expired token=\(fingerprint ?? "none")"
        case .handlerFailed(let error): "handler_failed error=\(type(of: error))"
        case .verification(let event): event.description
        }
    }
}

extension ResourceServerEvent {
    /// The key under which events are counted: the name, and the reason if there is one.
    var group: String {
        // Both are in the line: `name reason=code …`. Codes are constants of the program and hold no space.
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
