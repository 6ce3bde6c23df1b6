internal import HTTPMessages
public import JOSE
public import OAuthMetadata
internal import WireFormat

/// Why a request is not let through. Whose fault it is decides the status; this file holds the whole decision.
///
/// An implementer of ``TokenVerifier`` chooses between ``invalid(_:)`` (the caller's token is bad) and
/// ``unavailable(_:retryAfter:)`` (this server cannot decide). Reporting the second as the first makes clients throw
/// good tokens away.
public enum TokenRejection: Error, Sendable, Hashable {
    /// No credentials, or credentials of another scheme: 401 without an error code (RFC 6750 §3.1).
    case missingCredentials
    /// The request is malformed: 400.
    case malformedRequest(MalformedRequest)
    /// The token is bad: 401.
    case invalid(InvalidToken)
    /// The token is good and lacks scope; all scopes of the operation: 403.
    case insufficientScope(ScopeSet)
    /// Nobody can say whether the token is good: 503. Seconds to wait, brought into 1…60.
    case unavailable(UnavailableReason, retryAfter: Int)

    /// What is malformed about a request.
    public enum MalformedRequest: String, Sendable, Hashable {
        /// Several `Authorization` fields, or several credentials in one.
        case repeatedCredentials = "repeated_credentials"
        /// A token in the header and another in the query or the form body.
        case tokenInTwoPlaces = "token_in_two_places"
        /// An `Authorization` value of another scheme beyond the size limit.
        case authorizationTooLong = "authorization_too_long"
        /// The body is no strict JSON where ``MCPScopeRules`` decide by it.
        case bodyNotJSON = "body_not_json"
        /// The body is JSON, but no JSON-RPC message that every handler reads alike.
        case bodyNotJSONRPC = "body_not_json_rpc"
        /// The body is compressed where rules decide by it.
        case bodyEncoded = "body_encoded"
        /// `Mcp-Method` or `Mcp-Name` does not agree with the body: the answer holds JSON-RPC error -32020.
        case headerMismatch = "header_mismatch"
    }

    /// What is wrong with a token.
    public enum InvalidToken: Sendable, Hashable {
        /// What follows `Bearer` is not one `b64token` (RFC 6750 §2.1).
        case syntax
        /// Longer than the limit; nothing was parsed.
        case tooLong
        /// The issuer is not among the configured ones; how it differs from the nearest of them.
        case unknownIssuer(IssuerDifference)
        /// The JWT, or what the introspection endpoint says about the token, failed a check.
        case jwt(JOSEError)
        /// The introspection endpoint says that the token is not active (RFC 7662 §2.2).
        case inactive
        /// None of the static tokens.
        case unknownStaticToken
        /// No configured verifier is for tokens of this form.
        case unknownKind
        /// A custom verifier's own reason: a stable snake_case code written in the program.
        case other(code: String)
    }

    /// Why nobody can say.
    public enum UnavailableReason: String, Sendable, Hashable {
        /// There are no usable keys of the issuer.
        case keys = "keys_unavailable"
        /// libcrypto could not do its work.
        case cryptography = "cryptography_unavailable"
        /// The introspection endpoint gives no answer, or none that can be understood.
        case introspection = "introspection_unavailable"
        /// As many callers as may wait for the introspection endpoint.
        case introspectionBusy = "introspection_busy"
        /// A custom verifier's dependency is down.
        case verifier = "verifier_unavailable"
        /// Rules decide by the body, and the program did not hand it over: see
        /// ``ResourceServer/decide(method:target:fields:body:listener:)``.
        case bodyWithheld = "body_withheld"
    }

    /// A stable snake_case code, for events and metrics. Never sent to the caller.
    public var code: String {
        switch self {
        case .missingCredentials: "missing_credentials"
        case .malformedRequest(let why): why.rawValue
        case .invalid(.syntax): "token_syntax"
        case .invalid(.tooLong): "token_too_large"
        case .invalid(.unknownIssuer(.other)): "unknown_issuer"
        case .invalid(.unknownIssuer(let difference)): "issuer_differs_by_\(difference.rawValue)"
        case .invalid(.jwt(let error)): error.code
        case .invalid(.inactive): "token_inactive"
        case .invalid(.unknownStaticToken): "static_token_unknown"
        case .invalid(.unknownKind): "token_of_unknown_kind"
        case .invalid(.other(let code)): code
        case .insufficientScope: "insufficient_scope"
        case .unavailable(let why, _): why.rawValue
        }
    }
}

/// What the caller is told.
enum Answer {
    /// A status with a challenge. `error` is nil when the request carried no credentials.
    case challenge(HTTPStatus, Challenge.ErrorCode?, Challenge.ErrorDescription?, scope: ScopeSet)
    /// 503 without a challenge: trying another token does not help.
    case unavailable(retryAfter: Int)
}

extension TokenRejection {
    /// The whole mapping.
    ///
    /// - Parameter operation: The scopes of the operation, which every 401 names so that the login asks for them.
    func answer(operation: ScopeSet) -> Answer {
        switch self {
        case .missingCredentials:
            .challenge(.unauthorized, nil, nil, scope: operation)
        case .malformedRequest(let why):
            .challenge(.badRequest, .invalidRequest, why.sentence, scope: operation)
        case .invalid:
            // One sentence for every failure: the caller cannot tell the checks apart.
            .challenge(.unauthorized, .invalidToken, .invalidToken, scope: operation)
        case .insufficientScope(let all):
            .challenge(.forbidden, .insufficientScope, .insufficientScope, scope: all)
        case .unavailable(_, let seconds):
            .unavailable(retryAfter: min(max(seconds, 1), 60))
        }
    }
}

extension TokenRejection.MalformedRequest {
    var sentence: Challenge.ErrorDescription {
        switch self {
        case .repeatedCredentials: .repeatedCredentials
        case .tokenInTwoPlaces: .tokenInTwoPlaces
        case .authorizationTooLong: .authorizationTooLong
        case .bodyNotJSON, .bodyNotJSONRPC, .bodyEncoded: .unreadableOperation
        case .headerMismatch: .headerMismatch
        }
    }
}
