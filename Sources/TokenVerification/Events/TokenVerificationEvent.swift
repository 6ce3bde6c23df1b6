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
    /// One line: the name of the event, then `key=value` pairs.
    public var description: String {
        switch self {
        case .keySource(let event, let issuer): "\(event) issuer=\(issuer)"
        case .introspectionFailed(let failure): "introspection_failed reason=\(failure.code)"
        case .issuerLookUpFailed: "issuer_look_up_failed"
        case .issuerMisconfigured(let error): "issuer_misconfigured faults=\"\(error.lines.joined(separator: " | "))\""
        }
    }
}
