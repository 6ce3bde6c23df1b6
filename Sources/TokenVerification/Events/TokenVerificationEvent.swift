/// An event of a verifier or key source, for the operator. No case contains a token, a secret or a claim.
public enum TokenVerificationEvent: Sendable {
    /// An event of the source of an issuer's keys. The issuer is spelled as the operator configured it.
    case keySource(KeySourceEvent, issuer: String)
    /// The introspection endpoint gave no usable response. The callers that waited for it got *unavailable*.
    case introspectionFailed(IntrospectionTokenVerifier.Failure)
    /// The function of an ``IssuerLookUp`` threw an error or did not return in time. The tokens that waited for it got
    /// *unavailable*, unless the issuer's earlier configuration is still used.
    case issuerLookUpFailed
    /// The function of an ``IssuerLookUp`` returned a configuration with faults. The tokens that waited for it got
    /// *unavailable*, unless the issuer's earlier configuration is still used.
    case issuerMisconfigured(ConfigurationError)

    /// Receives every event, in the task in which it happens. It must return quickly and must not block. Many tasks may
    /// call it at the same time.
    public typealias Observer = @Sendable (TokenVerificationEvent) -> Void
}

extension TokenVerificationEvent: CustomStringConvertible {
    /// The stable name of the event, in snake case.
    public var name: String {
        switch self {
        case .keySource(let event, _): event.name
        case .introspectionFailed: "introspection_failed"
        case .issuerLookUpFailed: "issuer_look_up_failed"
        case .issuerMisconfigured: "issuer_misconfigured"
        }
    }

    /// How much the event matters.
    public var level: EventLevel {
        switch self {
        case .keySource(let event, _): event.level
        case .introspectionFailed, .issuerLookUpFailed, .issuerMisconfigured: .warning
        }
    }

    /// The stable code of the reason; nil when the name says all.
    public var reason: String? {
        switch self {
        case .keySource(let event, _): event.reason
        case .introspectionFailed(let failure): failure.code
        case .issuerLookUpFailed, .issuerMisconfigured: nil
        }
    }

    /// Names and values that describe the event, without its reason. No name occurs twice.
    public var attributes: [(key: String, value: String)] {
        switch self {
        case .keySource(let event, let issuer): event.attributes + [("issuer", issuer)]
        case .introspectionFailed, .issuerLookUpFailed: []
        case .issuerMisconfigured(let error): [("faults", error.lines.joined(separator: " | "))]
        }
    }

    /// One line: the name of the event, its reason, then `key=value` pairs.
    public var description: String { EventText.line(name, reason: reason, attributes) }
}
