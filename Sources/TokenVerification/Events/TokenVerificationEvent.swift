/// What the operator learns from verifiers and key sources. No case holds a token, a secret or a claim.
public enum TokenVerificationEvent: Sendable {
    /// Something happened at the source of an issuer's keys; the issuer as the operator spelled it.
    case keySource(KeySourceEvent, issuer: String)
    /// The introspection endpoint gave no usable response. The callers who waited for it got *unavailable*.
    case introspectionFailed(IntrospectionTokenVerifier.Failure)

    /// Receives every event, in the task in which it happens: it must be quick and must not block.
    public typealias Observer = @Sendable (TokenVerificationEvent) -> Void
}

extension TokenVerificationEvent: CustomStringConvertible {
    /// One line: a name, then `key=value` pairs.
    public var description: String {
        switch self {
        case .keySource(let event, let issuer): "\(event) issuer=\(issuer)"
        case .introspectionFailed(let failure): "introspection_failed reason=\(failure.code)"
        }
    }
}
