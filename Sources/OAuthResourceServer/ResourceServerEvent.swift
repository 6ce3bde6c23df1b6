/// What the operator learns. No case holds a token, a secret or a claim; a token is named by its fingerprint. What a
/// wrapped handler throws is handed on as it is: the program knows what it put in.
public enum ResourceServerEvent: Sendable {
    /// A request was let through to the handler.
    case allowed(fingerprint: String)
    /// A request was refused; no fingerprint when it carried no token.
    case denied(TokenRejection, fingerprint: String?)
    /// The scope claim of a good token is of the wrong type; the token counts as one without scopes.
    case scopesIgnored(fingerprint: String)
    /// The wrapped handler threw. The caller got a 500 without detail.
    case handlerFailed(any Error)
    /// Something happened at the source of an issuer's keys; the issuer as the operator spelled it.
    case keySource(KeySourceEvent, issuer: String)
}

extension ResourceServerEvent: CustomStringConvertible {
    /// One line: a name, then `key=value` pairs.
    public var description: String {
        switch self {
        case .allowed(let fingerprint): "allowed token=\(fingerprint)"
        case .denied(let rejection, let fingerprint): "denied reason=\(rejection.code) token=\(fingerprint ?? "none")"
        case .scopesIgnored(let fingerprint): "scopes_ignored token=\(fingerprint)"
        case .handlerFailed(let error): "handler_failed error=\(type(of: error))"
        case .keySource(let event, let issuer): "\(event) issuer=\(issuer)"
        }
    }
}

/// Told about every event, on whatever task it happens: it must be quick and must not block.
public typealias EventObserver = @Sendable (ResourceServerEvent) -> Void
