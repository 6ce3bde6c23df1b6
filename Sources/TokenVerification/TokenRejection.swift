public import JOSE

/// Why a verifier does not accept a token.
///
/// An implementer of ``TokenVerifier`` chooses between two answers. ``invalid(_:)``: the token is bad, and another one is
/// needed. ``unavailable(_:retryAfter:)``: the verifier cannot decide, because its keys, its endpoint or libcrypto do not
/// work. Do not report the second as the first: clients throw away a token that is called invalid.
public enum TokenRejection: Error, Sendable, Hashable {
    /// The token is bad.
    case invalid(InvalidToken)
    /// The verifier cannot decide now. `retryAfter` is in seconds; the guard brings it into 1…60.
    case unavailable(Unavailability, retryAfter: Int)

    /// What is wrong with a token.
    public enum InvalidToken: Sendable, Hashable {
        /// The text is not one `b64token` (RFC 6750 §2.1).
        case syntax
        /// The token is longer than the limit; it was not parsed.
        case tooLong
        /// The issuer is not a configured one. The payload says how it differs from the nearest of them.
        case unknownIssuer(JOSEError.IssuerDifference)
        /// The JWT, or the introspection response about the token, failed a check.
        case jwt(JOSEError)
        /// The introspection endpoint says that the token is not active (RFC 7662 §2.2).
        case inactive
        /// The token is not in the list of static tokens.
        case unknownStaticToken
        /// No configured verifier accepts tokens of this form.
        case unknownKind
        /// The reason of a custom verifier: a stable snake_case code that is written in the program.
        case other(code: String)
    }

    /// Why a verifier cannot decide.
    public enum Unavailability: String, Sendable, Hashable {
        /// There are no usable keys of the issuer.
        case keys = "keys_unavailable"
        /// libcrypto failed.
        case cryptography = "cryptography_unavailable"
        /// The introspection endpoint did not respond, or its response has no meaning.
        case introspection = "introspection_unavailable"
        /// The queue for the introspection endpoint is full.
        case introspectionBusy = "introspection_busy"
        /// A dependency of a custom verifier is down.
        case verifier = "verifier_unavailable"
    }

    /// A stable snake_case code, for events and metrics. It is never sent to the caller.
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
