public import HTTPMessages
internal import JOSE
public import TokenVerification

/// An event for the operator. No case holds a token or a secret: a token is named by its fingerprint. Claims are in an
/// event only if the operator asks for them: see ``ResourceServerConfiguration/Events-swift.struct/tokenDetails``. The
/// error of a wrapped handler is passed on unchanged, and may hold what the program put into it.
///
/// Every event has a stable ``name``, a ``level``, perhaps a ``reason``, ``attributes`` and a ``hint``. This is what a
/// bridge to a logging system needs: see <doc:EventBridges>.
public enum ResourceServerEvent: Sendable {
    /// A request was let through to the handler.
    case allowed(Request)
    /// A request was refused.
    case denied(ResourceServer.Refusal, Request)
    /// A request was let through without a token, for an anonymous principal of this name.
    case allowedAnonymously(name: String, Request)
    /// In shadow mode: a request was let through that would have been refused.
    case wouldDeny(ResourceServer.Refusal, Request)
    /// What most often causes a refusal with this code, for the issuers of the configuration: see
    /// ``TokenVerification/IssuerConfiguration/hints``. Reported once for each code.
    case refusalExplained(code: String, sentences: [String])
    /// The guard was created in shadow mode: it refuses no request because of its token.
    case guardInShadow
    /// The guard was created in the mode that accepts every request without a token. `anonymousAs` is the name of the
    /// principal that every request gets.
    case guardDisabled(anonymousAs: String, reach: ResourceServer.Mode.Reach)
    /// A request came through a proxy under another URL than the resource, so that clients may refuse the metadata, and
    /// issuers may write another audience. Reported once for each host, for at most 8 of them.
    case resourceDiffers(resource: String, host: String, isEncrypted: Bool)
    /// Several clients were sent to the metadata at this URL, and none has fetched it here. Reported once.
    case metadataNotRequested(url: String)
    /// The scope claim of a good token has the wrong type. The token counts as one without scopes.
    case scopesIgnored(Request)
    /// The handler's `Mcp-Session-Id` was removed from a response; the rest of the response was sent.
    case sessionWithheld(ResourceServer.SessionFault, Request)
    /// A field of a request or response of another HTTP library is not allowed in HTTP. The request was refused; the
    /// response was sent without the field.
    case malformedField(HTTPFields.InvalidLine, of: Message, Request)
    /// The field in which a proxy passes on the certificate of a client was removed from a request, because the request
    /// does not come from that proxy. The address is nil when the server does not say it.
    case clientCertificateIgnored(from: HTTPRequest.PeerAddress?)
    /// An event stream was ended because its token has expired: see ``ResourceServerConfiguration/Streams``.
    case streamExpired(Request)
    /// The wrapped handler threw an error. The caller got a 500 without details.
    case handlerFailed(any Error, Request)
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
    /// The stable name of the event.
    public var name: String {
        switch self {
        case .allowed: "allowed"
        case .denied: "denied"
        case .allowedAnonymously: "allowed_anonymously"
        case .wouldDeny: "would_deny"
        case .refusalExplained: "refusal_explained"
        case .guardInShadow: "GUARD_SHADOW"
        case .guardDisabled: "GUARD_DISABLED"
        case .resourceDiffers: "resource_differs"
        case .metadataNotRequested: "metadata_not_requested"
        case .scopesIgnored: "scopes_ignored"
        case .sessionWithheld: "session_withheld"
        case .malformedField: "malformed_field"
        case .clientCertificateIgnored: "client_certificate_ignored"
        case .streamExpired: "stream_expired"
        case .handlerFailed: "handler_failed"
        case .verification(let event): event.name
        }
    }

    /// How much the event matters. The first steps of a login are ``TokenVerification/EventLevel/info``.
    public var level: EventLevel {
        switch self {
        case .allowed, .allowedAnonymously: .debug
        case .denied(let refusal, _), .wouldDeny(let refusal, _): refusal.level
        case .streamExpired: .info
        case .refusalExplained, .guardInShadow, .guardDisabled, .resourceDiffers, .metadataNotRequested,
            .scopesIgnored, .sessionWithheld, .malformedField, .clientCertificateIgnored:
            .warning
        case .handlerFailed: .error
        case .verification(let event): event.level
        }
    }

    /// The stable code of the reason; nil when the name says all.
    public var reason: String? {
        switch self {
        case .denied(let refusal, _), .wouldDeny(let refusal, _): refusal.code
        case .refusalExplained(let code, _): code
        case .sessionWithheld(let fault, _): fault.rawValue
        case .clientCertificateIgnored(let peer): peer == nil ? "peer_unknown" : "peer_not_trusted"
        case .verification(let event): event.reason
        case .allowed, .allowedAnonymously, .guardInShadow, .guardDisabled, .resourceDiffers, .metadataNotRequested,
            .scopesIgnored, .malformedField, .streamExpired, .handlerFailed:
            nil
        }
    }

    /// Names and values that describe the event, without its reason and its hint. No name occurs twice. Text of a
    /// caller is in it unchanged: escape it where it is shown.
    public var attributes: [(key: String, value: String)] {
        switch self {
        case .allowed(let request), .scopesIgnored(let request), .streamExpired(let request), .denied(_, let request),
            .wouldDeny(_, let request), .sessionWithheld(_, let request):
            [("token", request.fingerprint ?? "none")] + request.attributes
        case .allowedAnonymously(let name, let request): [("as", name)] + request.attributes
        case .refusalExplained: []
        case .guardDisabled(let name, let reach): [("as", name), ("reach", "\(reach)")]
        case .guardInShadow: []
        case .resourceDiffers(let resource, let host, let isEncrypted):
            [("resource", resource), ("host", host), ("forwarded_proto", isEncrypted ? "https" : "none")]
        case .metadataNotRequested(let url): [("url", url)]
        case .malformedField(let line, let message, let request):
            [("of", message.rawValue), ("index", "\(line.index)"), ("name", line.nameForLogs)] + request.attributes
        case .clientCertificateIgnored(let peer): peer.map { [("peer", "\($0)")] } ?? []
        case .handlerFailed(let error, let request): [("error", "\(type(of: error))")] + request.attributes
        case .verification(let event): event.attributes
        }
    }

    /// What the operator can do about it, with the most likely cause: at most two sentences; nil when the event needs
    /// nothing.
    public var hint: String? {
        switch self {
        case .denied(let refusal, let request), .wouldDeny(let refusal, let request):
            request.findings.hint ?? GuardRemedies.sentence(for: refusal.code)
        case .refusalExplained(_, let sentences): sentences.joined(separator: " ")
        case .allowed, .allowedAnonymously, .streamExpired: nil
        case .verification(let event):
            event.level == .info
                ? nil : event.reason.flatMap(TokenRemedies.sentence) ?? TokenRemedies.sentence(for: event.name)
        case .guardInShadow, .guardDisabled, .resourceDiffers, .metadataNotRequested, .scopesIgnored, .sessionWithheld,
            .malformedField, .clientCertificateIgnored, .handlerFailed:
            GuardRemedies.sentence(for: name)
        }
    }

    /// One line: the name, the reason, then `key=value` pairs. The hint is not in it.
    public var description: String { EventText.line(name, reason: reason, attributes) }

    /// The line with the level in front and the hint at the end.
    var line: String {
        var all = attributes
        if let hint { all.append((key: "hint", value: hint)) }
        return EventText.line("\(level.rawValue) \(name)", reason: reason, all)
    }
}

extension ResourceServerEvent {
    /// The key under which events are counted: the name, and the reason if there is one.
    var group: String { reason.map { "\(name) reason=\($0)" } ?? name }

    var isAllowed: Bool {
        switch self {
        case .allowed, .allowedAnonymously: true
        default: false
        }
    }
}

extension ResourceServer.Refusal {
    /// A client answers some refusals on its own: it logs in, asks for more scopes, or refreshes its token.
    var level: EventLevel {
        switch self {
        case .missingCredentials, .insufficientScope, .insufficientAuthentication,
            .token(.invalid(.jwt(.claim(.exp, .expired)))), .proof(.nonce):
            .info
        default: .warning
        }
    }
}
