public import JOSE

/// The reason why a verifier does not accept a token.
///
/// A ``TokenVerifier`` chooses between two cases. ``invalid(_:)`` means that the token is bad and that the client needs
/// another one. ``unavailable(_:retryAfter:)`` means that the verifier cannot decide, because its keys, its endpoint or
/// libcrypto do not work. Do not report the second case as the first: a client discards a token that is called invalid.
public enum TokenRejection: Error, Sendable, Hashable {
    /// The token is bad.
    case invalid(InvalidToken)
    /// The verifier cannot decide now. `retryAfter` is in seconds; the guard limits it to 1…60.
    case unavailable(Unavailability, retryAfter: Int)

    /// The defect of a token.
    public enum InvalidToken: Sendable, Hashable {
        /// The token is not a `b64token` (RFC 6750 §2.1).
        case syntax
        /// The token is longer than the limit; it was not parsed.
        case tooLong
        /// The issuer is not configured. The associated value says how its identifier differs from the nearest
        /// configured one.
        case unknownIssuer(JOSEError.IssuerDifference)
        /// A check of the JWT, or of the introspection response about the token, failed.
        case jwt(JOSEError)
        /// The introspection endpoint says that the token is not active (RFC 7662 §2.2).
        case inactive
        /// The token is not in the list of static tokens.
        case unknownStaticToken
        /// No configured verifier accepts this kind of token.
        case unknownKind
        /// The reason of a custom verifier: a stable snake_case code. It must be a constant of the program.
        case other(code: String)
    }

    /// The reason why a verifier cannot decide.
    public enum Unavailability: String, Sendable, Hashable {
        /// The issuer's keys cannot decide now: there is no usable set, or a newer set that may hold the token's key
        /// could not be fetched.
        case keys = "keys_unavailable"
        /// The function of an ``IssuerLookUp`` could not say whether the issuer is trusted.
        case issuer = "issuer_unavailable"
        /// libcrypto failed, so no signature can be verified.
        case cryptography = "cryptography_unavailable"
        /// The introspection endpoint did not respond, or its response is not an introspection response.
        case introspection = "introspection_unavailable"
        /// Too many callers wait for the introspection endpoint.
        case introspectionBusy = "introspection_busy"
        /// The task was cancelled while it waited: the client disconnected, or the server stops. A custom verifier
        /// throws it when `Task.isCancelled`. The guard does not report it as a denial.
        case cancelled = "request_cancelled"
        /// A dependency of a custom verifier is unavailable.
        case verifier = "verifier_unavailable"
    }

    /// A stable snake_case code, for events and metrics. It is never sent to the client.
    public var code: String {
        switch self {
        case .invalid(.syntax): "token_syntax"
        case .invalid(.tooLong): "token_too_large"
        case .invalid(.unknownIssuer(.other)): "unknown_issuer"
        case .invalid(.unknownIssuer(let difference)): "issuer_differs_by_\(difference.rawValue)"
        case .invalid(.jwt(let error)): error.code
        case .invalid(.inactive): "token_inactive"
        case .invalid(.unknownStaticToken): "static_token_unknown"
        case .invalid(.unknownKind): "token_of_unknown_kind"
        case .invalid(.other(let code)): code
        case .unavailable(let why, _): why.rawValue
        }
    }
}
