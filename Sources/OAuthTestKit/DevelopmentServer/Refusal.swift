internal import HTTPMessages
internal import WireFormat

/// Why the development authorization server refuses a request. One table maps each reason to an error code and a
/// sentence (RFC 6749 §4.1.2.1 and §5.2, RFC 7591 §3.2.2, RFC 8707 §2). No answer contains text from the request.
enum Refusal: String, Error, Sendable, Hashable, CaseIterable {
    // The syntax of the request.
    case malformedForm, repeatedParameter, wrongContentType, bodyTooLarge
    // The client.
    case clientMissing, unknownClient, wrongSecret, wrongAuthenticationMethod, severalAuthenticationMethods
    case malformedCredentials, grantNotRegistered, grantNeedsSecret
    // The authorization request.
    case redirectURIMissing, redirectURINotRegistered, malformedState, responseTypeMissing, responseTypeUnsupported
    case responseModeUnsupported, challengeMissing, challengeMethodUnsupported, challengeMalformed
    case requestObjectUnsupported
    // The token request.
    case grantTypeMissing, grantTypeUnsupported, codeMissing, codeNotAcceptable, verifierMissing, verifierMalformed
    case verifierMismatch, redirectURIMismatch, refreshTokenMissing, refreshTokenNotAcceptable
    // The requested scopes and resources.
    case malformedScope, scopeNotAllowed, malformedResource, resourceNotAllowed, resourceMissing
    // The person's answer.
    case accessDenied, consentNotFromPage
    // Clients with a document, and assertions.
    case clientDocumentNotAcceptable, clientDocumentUnavailable, assertionNotAcceptable, assertionUndecided
    // Registration.
    case malformedRegistration, redirectURIsMissing, redirectURINotAcceptable, authenticationMethodUnsupported
    case grantTypesUnsupported, responseTypesUnsupported, publicClientWithSecretGrant, keysMissing
    // Proofs of possession.
    case proofMissing, proofNotAcceptable, proofNonce, proofUndecided, proofOfOtherKey, malformedThumbprint

    /// The value of the `error` member or parameter.
    var code: String { meaning.code }

    /// The value of the `error_description` member or parameter: a fixed ASCII sentence.
    var sentence: String { meaning.sentence }

    /// The status when the refusal is answered directly, without a redirection.
    var status: HTTPStatus {
        switch self {
        case .bodyTooLarge: .contentTooLarge
        case .clientDocumentUnavailable, .assertionUndecided, .proofUndecided: .serviceUnavailable
        default: .badRequest
        }
    }

    private var meaning: (code: String, sentence: String) {
        switch self {
        case .malformedForm: ("invalid_request", "The parameters are not form-urlencoded UTF-8.")
        case .repeatedParameter: ("invalid_request", "A parameter is repeated.")
        case .wrongContentType: ("invalid_request", "The content type is wrong for this endpoint.")
        case .bodyTooLarge: ("invalid_request", "The body is too large.")

        case .clientMissing: ("invalid_client", "The request names no client.")
        case .unknownClient: ("invalid_client", "No such client is registered.")
        case .wrongSecret: ("invalid_client", "The client secret is wrong.")
        case .wrongAuthenticationMethod:
            ("invalid_client", "The client is registered with another authentication method.")
        case .severalAuthenticationMethods: ("invalid_request", "The client authenticates in more than one way.")
        case .malformedCredentials: ("invalid_client", "The client credentials are malformed.")
        case .grantNotRegistered: ("unauthorized_client", "The client is not registered for this grant type.")
        case .grantNeedsSecret: ("unauthorized_client", "A public client cannot use this grant type.")

        case .accessDenied: ("access_denied", "The user has refused.")
        case .consentNotFromPage:
            ("invalid_request", "The answer does not come from the page that was shown, or it comes too late.")

        case .clientDocumentNotAcceptable:
            ("invalid_client", "The client ID metadata document is not acceptable.")
        case .clientDocumentUnavailable:
            ("temporarily_unavailable", "The client ID metadata document cannot be fetched now.")
        case .assertionNotAcceptable: ("invalid_client", "The client assertion is not acceptable.")
        case .assertionUndecided: ("temporarily_unavailable", "The client assertion cannot be checked now.")

        case .redirectURIMissing: ("invalid_request", "The redirect_uri is missing.")
        case .redirectURINotRegistered: ("invalid_request", "The redirect_uri is not registered for this client.")
        case .malformedState: ("invalid_request", "The state must be printable ASCII.")
        case .responseTypeMissing: ("invalid_request", "The response_type is missing.")
        case .responseTypeUnsupported: ("unsupported_response_type", "The only response_type is code.")
        case .responseModeUnsupported: ("invalid_request", "The only response_mode is query.")
        case .challengeMissing: ("invalid_request", "PKCE is required: the code_challenge is missing.")
        case .challengeMethodUnsupported: ("invalid_request", "The only code_challenge_method is S256.")
        case .challengeMalformed: ("invalid_request", "The code_challenge is not a base64url SHA-256 digest.")
        case .requestObjectUnsupported: ("invalid_request", "Request objects are not supported.")

        case .grantTypeMissing: ("invalid_request", "The grant_type is missing.")
        case .grantTypeUnsupported: ("unsupported_grant_type", "The grant_type is not supported.")
        case .codeMissing: ("invalid_request", "The code is missing.")
        case .codeNotAcceptable: ("invalid_grant", "The code is unknown, expired, used, or of another client.")
        case .verifierMissing: ("invalid_request", "PKCE is required: the code_verifier is missing.")
        case .verifierMalformed: ("invalid_request", "The code_verifier is not 43 to 128 unreserved characters.")
        case .verifierMismatch: ("invalid_grant", "The code_verifier does not fit the code_challenge.")
        case .redirectURIMismatch: ("invalid_grant", "The redirect_uri is not the one of the authorization request.")
        case .refreshTokenMissing: ("invalid_request", "The refresh_token is missing.")
        case .refreshTokenNotAcceptable:
            ("invalid_grant", "The refresh token is unknown, expired, used, or of another client.")

        case .malformedScope: ("invalid_scope", "The scope is malformed.")
        case .scopeNotAllowed: ("invalid_scope", "A scope is not allowed.")
        case .malformedResource: ("invalid_target", "A resource is not an absolute URI without fragment.")
        case .resourceNotAllowed: ("invalid_target", "A resource is unknown or was not granted.")
        case .resourceMissing: ("invalid_target", "The request must name a resource.")

        case .malformedRegistration: ("invalid_client_metadata", "The client metadata is not a well-formed object.")
        case .redirectURIsMissing: ("invalid_redirect_uri", "The authorization code grant needs redirect_uris.")
        case .redirectURINotAcceptable: ("invalid_redirect_uri", "A redirect URI is not acceptable.")
        case .authenticationMethodUnsupported:
            ("invalid_client_metadata", "The token_endpoint_auth_method is not supported.")
        case .grantTypesUnsupported: ("invalid_client_metadata", "None of the grant_types is supported.")
        case .responseTypesUnsupported: ("invalid_client_metadata", "The only response type is code.")
        case .keysMissing:
            ("invalid_client_metadata", "The method private_key_jwt needs public keys in jwks.")
        case .publicClientWithSecretGrant:
            ("invalid_client_metadata", "A client without secret cannot use client credentials.")

        case .proofMissing: ("invalid_dpop_proof", "The request needs a DPoP proof.")
        case .proofNotAcceptable: ("invalid_dpop_proof", "The DPoP proof is not acceptable.")
        case .proofNonce: ("use_dpop_nonce", "The DPoP proof needs the nonce of the DPoP-Nonce field.")
        case .proofUndecided: ("temporarily_unavailable", "The DPoP proof cannot be checked now.")
        case .proofOfOtherKey: ("invalid_grant", "The code or the refresh token is bound to another key.")
        case .malformedThumbprint: ("invalid_request", "The dpop_jkt is not a base64url SHA-256 thumbprint.")
        }
    }

    /// The direct answer (RFC 6749 §5.2).
    ///
    /// - Parameters:
    ///   - usedBasic: Whether the client used `Authorization: Basic`. A failed client authentication is then answered
    ///     with 401 and a `Basic` challenge.
    ///   - detail: A fixed ASCII text after the sentence.
    func response(usedBasic: Bool = false, detail: String = "") -> HTTPResponse {
        var response = HTTPResponse.json(
            .object(["error": .string(code), "error_description": .string(sentence + detail)]), status: status)
        response.fields[.cacheControl] = "no-store"
        response.fields[.pragma] = "no-cache"
        // RFC 6749 §5.2: the challenge must match the scheme that the client used.
        if usedBasic, code == "invalid_client" {
            response.status = .unauthorized
            response.fields[.wwwAuthenticate] = "Basic realm=\"token endpoint\", charset=\"UTF-8\""
        }
        return response
    }
}
