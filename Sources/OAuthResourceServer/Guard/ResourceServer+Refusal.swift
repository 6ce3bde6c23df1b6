public import OAuthMetadata
public import TokenVerification

extension ResourceServer {
    /// Why the guard refuses a request. `Answers` holds the status, challenge and body of each case.
    public enum Refusal: Error, Sendable, Hashable {
        /// The request carries no credentials.
        case missingCredentials
        /// The credentials are of another scheme than Bearer. The response is that to missing credentials.
        case otherScheme
        /// The `Authorization` field holds a token without a scheme. The response is that to missing credentials.
        case schemeMissing
        /// There is a token in the query alone, where it is never read. The response is that to missing credentials.
        case tokenInQuery
        /// The request is malformed.
        case malformedRequest(MalformedRequest)
        /// The verifier does not accept the token.
        case token(TokenRejection)
        /// The token is good, but its key binding does not fit the scheme in which it was presented.
        case binding(BindingFault)
        /// The token is bound to a key, and the request's DPoP proof is not acceptable (RFC 9449 §4.3).
        case proof(DPoPRejection)
        /// The token is good but lacks scopes. The value holds the scopes that the client should request.
        case insufficientScope(ScopeSet)
        /// The token is good and has the scopes, but its user was not authenticated as the operation needs (RFC 9470).
        /// The value holds what the client should request.
        case insufficientAuthentication(ScopeRequirement.Authentication)
        /// The body is longer than ``MCPScopeRules/maximumBodyBytes``.
        case bodyTooLarge
        /// ``MCPScopeRules`` decide by the body, and the program did not pass it: see
        /// ``ResourceServer/decide(method:target:fields:body:listener:peer:clientCertificate:)``.
        case bodyWithheld
        /// The request names a session that its caller may not use.
        case session(SessionFault)
        /// `Origin` is not in the list of allowed origins.
        case originNotAllowed
        /// On a local server: `Host` names neither this machine nor the resource, as in a DNS rebinding attack.
        case hostNotServed
        /// A guard that is disabled for loopback received a request from the network.
        case disabledOnNetwork
        /// No resource of ``ProtectedResources`` has this path.
        case unknownResource

        /// What is malformed about a request.
        public enum MalformedRequest: String, Sendable, Hashable {
            /// The method, the target or a field of a request of another HTTP library is not allowed in HTTP.
            case head = "malformed_head"
            /// Several `Authorization` fields, or several credentials in one field.
            case repeatedCredentials = "repeated_credentials"
            /// A token in the header and another in the query or the form body.
            case tokenInTwoPlaces = "token_in_two_places"
            /// An `Authorization` value of another scheme beyond the size limit.
            case authorizationTooLong = "authorization_too_long"
            /// The body is not strict JSON, and ``MCPScopeRules`` decide by it.
            case bodyNotJSON = "body_not_json"
            /// The body is JSON, but not a JSON-RPC message that every handler reads in the same way.
            case bodyNotJSONRPC = "body_not_json_rpc"
            /// The body is compressed, and ``MCPScopeRules`` decide by it.
            case bodyEncoded = "body_encoded"
            /// `Mcp-Method` or `Mcp-Name` does not agree with the body: the response holds JSON-RPC error -32020.
            case headerMismatch = "header_mismatch"
            /// The field in which a proxy passes on the certificate of a client is there more than once: the proxy adds
            /// its own to that of the client.
            case repeatedCertificate = "client_certificate_repeated"
            /// The value of this field is not what the configured proxy writes.
            case malformedCertificate = "client_certificate_malformed"
        }

        /// A stable snake_case code, for events and metrics. It is never sent to the caller.
        public var code: String {
            switch self {
            case .missingCredentials: "missing_credentials"
            case .otherScheme: "other_scheme"
            case .schemeMissing: "scheme_missing"
            case .tokenInQuery: "token_in_query"
            case .malformedRequest(let why): why.rawValue
            case .token(let rejection): rejection.code
            case .binding(let fault): fault.rawValue
            case .proof(let rejection): rejection.code
            case .insufficientScope: "insufficient_scope"
            case .insufficientAuthentication: "insufficient_user_authentication"
            case .bodyTooLarge: "body_too_large"
            case .bodyWithheld: "body_withheld"
            case .session(let fault): fault.rawValue
            case .originNotAllowed: "origin_not_allowed"
            case .hostNotServed: "host_not_served"
            case .disabledOnNetwork: "disabled_on_network"
            case .unknownResource: "unknown_resource"
            }
        }

        /// Whether the request was cancelled while its token was verified.
        var isCausedByCancellation: Bool {
            guard case .token(.unavailable(.cancelled, _)) = self else { return false }
            return true
        }
    }

    /// How the key binding of a good token does not fit its request.
    public enum BindingFault: String, Error, Sendable, Hashable, CaseIterable {
        /// A token that is bound to a key was presented as `Bearer`, without a proof (RFC 9449 §7.2).
        case boundTokenAsBearer = "dpop_bound_token_as_bearer"
        /// A token that is not bound to a key was presented as `DPoP` (RFC 9449 §7.1).
        case unboundToken = "dpop_unbound_token"
        /// The token is not bound to a key, and the configuration requires it.
        case bindingRequired = "dpop_binding_required"
        /// The token is bound to a client certificate, and the request came without one, or without one from a proxy
        /// that is trusted (RFC 8705 §3).
        case certificateMissing = "client_certificate_missing"
        /// The token is bound to another client certificate than that of the request (RFC 8705 §3).
        case otherCertificate = "client_certificate_mismatch"
    }

    /// Why a session was refused, or withheld from a caller. It is meant for the operator: a caller can distinguish
    /// only ``repeated`` from the others.
    public enum SessionFault: String, Error, Sendable, Hashable, CaseIterable {
        /// The request names a session that no guard with these keys gave to its caller: it is another principal's, of
        /// a key that is not in use any more, or invented.
        case unknown = "session_unknown"
        /// The message has several `Mcp-Session-Id` fields.
        case repeated = "session_repeated"
        /// The handler's identifier is not 1…256 visible ASCII characters.
        case malformed = "session_malformed"
        /// The token names neither a subject nor a client, so that no session can belong to its principal.
        case namelessPrincipal = "session_of_nameless_principal"
        /// An error response carries a session that the request did not name.
        case onErrorResponse = "session_on_error_response"
        /// The response to another method than POST carries a session that the request did not name.
        case onOtherMethod = "session_on_other_method"
    }
}
