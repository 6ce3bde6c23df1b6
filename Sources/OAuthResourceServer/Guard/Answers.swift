internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// The responses that the guard sends instead of the wrapped handler's: one table of status, challenge and body.
///
/// | why | status | challenge | body `error` |
/// |---|---|---|---|
/// | no credentials | 401 | without `error` | `unauthorized` |
/// | the token is bad, or not presented as its key binding needs | 401 | `invalid_token` | the same |
/// | the DPoP proof is bad | 401 | DPoP alone, `invalid_dpop_proof` | the same |
/// | the DPoP proof has no recent nonce | 401 | DPoP alone, `use_dpop_nonce` and `DPoP-Nonce` | the same |
/// | the request is malformed | 400 | `invalid_request` | the same |
/// | the token lacks scope | 403 | `insufficient_scope`, all scopes | the same |
/// | the user must log in otherwise, or again | 401 | `insufficient_user_authentication`, all scopes | the same |
/// | verifier or store cannot decide; the body was not passed | 503, `Retry-After` | – | `temporarily_unavailable` |
/// | the forwarded document is unavailable | 503, `Retry-After` | – | `temporarily_unavailable` |
/// | the body is too large | 413 | – | `invalid_request` |
/// | a session of another principal, or an unknown one | 404 | – | `session_not_found` |
/// | several session identifiers | 400 | – | `invalid_request` |
/// | a web page of another origin | 403 | – | `origin_not_allowed` |
/// | `Host` of another server | 421 | – | `host_not_served` |
/// | a disabled guard on the network; the handler failed | 500 | – | `server_error` |
/// | no such resource | 404 | – | `not_found` |
/// | no such document: `ServedDocument` | 404 | – | `not_found` |
/// | a document with another method: `ServedDocument` | 405, `Allow` | – | `method_not_allowed` |
///
/// The challenges are `Bearer` when DPoP is off, `Bearer` and `DPoP` when it is optional, and `DPoP` when it is
/// required. Of two challenges, that of the scheme in the request has the `error`. A 403 has only this one, because the
/// token is good. While proofs need nonces, each response with a DPoP challenge has one.
///
/// With `Responses.Body.jsonRPC`, and for a header mismatch, the body of a challenge is a JSON-RPC error instead.
///
/// Every sentence is a constant. No part of the token, of a key or of a library error is sent.
///
/// It is a class: to use it costs a request one reference count, not one for each member.
final class Answers: Sendable {
    private let realm: BearerChallenge.QuotableText?
    private let resourceMetadata: BearerChallenge.QuotableText?
    private let body: ResourceServerConfiguration.Responses.Body
    private let bindings: CheckedBindings
    /// The most frequent answers, made once; nil when every answer has a nonce of its own, or depends on the scheme of
    /// its request.
    private let usual: Usual?

    /// The 401 to a request without a token, and to a bad token, when the operation needs the usual scopes.
    private struct Usual {
        let scope: ScopeSet
        let missingToken: HTTPResponse
        let badToken: HTTPResponse
    }

    /// - Parameters:
    ///   - resourceMetadata: The URL of the metadata; nil when none is served.
    ///   - bindings: The checked settings of DPoP.
    ///   - usualScope: The scopes that most operations need.
    convenience init(
        realm: BearerChallenge.QuotableText?, resourceMetadata: BearerChallenge.QuotableText?,
        body: ResourceServerConfiguration.Responses.Body, bindings: CheckedBindings, usualScope: ScopeSet = ScopeSet()
    ) {
        var usual: Usual?
        if bindings.mode == .off {
            let answers = Answers(realm, resourceMetadata, body, bindings, usual: nil)
            usual = Usual(
                scope: usualScope, missingToken: answers.response(to: .missingCredentials, operation: usualScope),
                badToken: answers.response(to: .token(.invalid(.syntax)), operation: usualScope))
        }
        self.init(realm, resourceMetadata, body, bindings, usual: usual)
    }

    private init(
        _ realm: BearerChallenge.QuotableText?, _ resourceMetadata: BearerChallenge.QuotableText?,
        _ body: ResourceServerConfiguration.Responses.Body, _ bindings: CheckedBindings, usual: Usual?
    ) {
        self.realm = realm
        self.resourceMetadata = resourceMetadata
        self.body = body
        self.bindings = bindings
        self.usual = usual
    }

    /// A row of the table.
    private enum Row {
        /// A challenge (RFC 6750 §3). `error` is nil when the request carried no credentials (RFC 6750 §3.1).
        case challenge(
            HTTPStatus, BearerChallenge.ErrorCode?, BearerChallenge.ErrorDescription?, scope: ScopeSet,
            authentication: ScopeRequirement.Authentication? = nil)
        /// No challenge: another token would not help.
        case plain(HTTPStatus, error: String, String?)
        /// The client should keep its token and retry later.
        case unavailable(retryAfter: Int)
    }

    /// The row for a refusal. 4xx means that the client must change something; 5xx means that the server must.
    ///
    /// - Parameter operation: The scopes of the operation. Every 401 and 400 names them for the next login.
    private static func row(_ refusal: ResourceServer.Refusal, operation: ScopeSet) -> Row {
        switch refusal {
        case .missingCredentials, .otherScheme, .schemeMissing, .tokenInQuery:
            .challenge(.unauthorized, nil, nil, scope: operation)
        // One sentence for every failure, so that the caller cannot learn which check failed.
        case .token(.invalid): .challenge(.unauthorized, .invalidToken, .invalidToken, scope: operation)
        case .binding: .challenge(.unauthorized, .invalidToken, .invalidToken, scope: operation)
        // RFC 9449 §7.1: another proof does not help with this token.
        case .proof(.otherKey): .challenge(.unauthorized, .invalidToken, .invalidToken, scope: operation)
        case .proof(.nonce): .challenge(.unauthorized, .useDPoPNonce, .nonceNeeded, scope: operation)
        // The proofs that fill the store expire soon.
        case .proof(.store(.full)): .unavailable(retryAfter: 10)
        case .proof(.store(.unavailable)), .proof(.cryptographyUnavailable): .unavailable(retryAfter: 1)
        case .proof: .challenge(.unauthorized, .invalidDPoPProof, .invalidProof, scope: operation)
        case .malformedRequest(let why): .challenge(.badRequest, .invalidRequest, why.sentence, scope: operation)
        case .insufficientScope(let all): .challenge(.forbidden, .insufficientScope, .insufficientScope, scope: all)
        // RFC 9470 §3: the client logs in again with these values, and asks for all scopes at once.
        case .insufficientAuthentication(let needed):
            .challenge(
                .unauthorized, .insufficientUserAuthentication, .insufficientAuthentication, scope: operation,
                authentication: needed)
        case .token(.unavailable(_, let seconds)): .unavailable(retryAfter: seconds)
        case .bodyWithheld: .unavailable(retryAfter: 60)
        case .bodyTooLarge: .plain(.contentTooLarge, error: "invalid_request", nil)
        case .session(.repeated):
            .plain(.badRequest, error: "invalid_request", "The request has several Mcp-Session-Id fields.")
        // MCP: after a 404 the client begins a new session.
        case .session: .plain(.notFound, error: "session_not_found", "The session is unknown or has ended.")
        case .originNotAllowed:
            .plain(.forbidden, error: refusal.code, "Pages of this origin may not call this server.")
        case .hostNotServed:
            .plain(.misdirectedRequest, error: refusal.code, "The Host field does not name this server.")
        case .disabledOnNetwork: .plain(.internalServerError, error: "server_error", nil)
        case .unknownResource: .plain(.notFound, error: "not_found", nil)
        }
    }

    /// The response to a refused request.
    ///
    /// - Parameters:
    ///   - operation: The scopes of the operation.
    ///   - scheme: The scheme of the request's `Authorization` field.
    ///   - message: The JSON-RPC message that is refused, if the body was read.
    func response(
        to refusal: ResourceServer.Refusal, operation: ScopeSet = ScopeSet(),
        scheme: @autoclosure () -> AccessTokenScheme? = nil,
        message: JSONRPCReply? = nil
    ) -> HTTPResponse {
        if let usual, message == nil, operation == usual.scope {
            switch refusal {
            case .missingCredentials: return usual.missingToken
            case .token(.invalid): return usual.badToken
            default: break
            }
        }
        let row = Self.row(refusal, operation: operation)
        guard case .challenge(let status, let error, let description, let scope, let authentication) = row else {
            return Self.response(row)
        }
        let sentence = description?.rawValue ?? "An access token is required."
        var response: HTTPResponse
        // MCP 2026-07-28: a header mismatch is a JSON-RPC error, even if the configured form of the body is another.
        if let message, body == .jsonRPC || refusal == .malformedRequest(.headerMismatch) {
            response = Self.json(status, message.error(refusal, status, sentence))
        } else {
            response = Self.json(status, error: error?.rawValue ?? "unauthorized", sentence)
        }
        let challenge = BearerChallenge(
            realm: realm, error: error, errorDescription: description, scope: scope,
            resourceMetadata: resourceMetadata, acrValues: authentication?.acrValues ?? [],
            maximumAge: authentication?.maximumSeconds)
        append(challenge, about: refusal, scheme(), to: &response)
        return response
    }

    /// Appends one challenge for each scheme that may be used next.
    private func append(
        _ challenge: BearerChallenge, about refusal: ResourceServer.Refusal, _ scheme: AccessTokenScheme?,
        to response: inout HTTPResponse
    ) {
        let used: AccessTokenScheme
        let offered: [AccessTokenScheme]
        switch (bindings.mode, refusal) {
        case (.off, _): (used, offered) = (.bearer, [.bearer])
        case (.required, _): (used, offered) = (.dpop, [.dpop])
        case (.optional, .proof): (used, offered) = (.dpop, [.dpop])
        case (.optional, _):
            used = scheme ?? .bearer
            offered = response.status == .forbidden ? [used] : AccessTokenScheme.allCases
        }
        var silent = challenge
        (silent.error, silent.errorDescription, silent.acrValues, silent.maximumAge) = (nil, nil, [], nil)
        for scheme in offered {
            let parameters = scheme == used ? challenge : silent
            let text =
                switch scheme {
                case .bearer: parameters.fieldValue
                case .dpop: DPoPChallenge(parameters, algorithms: bindings.proofAlgorithms).fieldValue
                }
            // The types of a challenge allow only printable ASCII, so this is never nil.
            if let value = HTTPFields.Value(text) { response.fields.append(.wwwAuthenticate, value) }
        }
        // RFC 9449 §8.2: a client without a nonce needs no request of its own to get one.
        if offered.contains(.dpop), let nonce = bindings.proofs?.newNonce(), let value = HTTPFields.Value(nonce) {
            response.fields.append(.dpopNonce, value)
        }
    }

    // MARK: Responses that are not about a token

    /// The forwarded metadata is unavailable for now.
    static func documentUnavailable(retryAfter seconds: Int) -> HTTPResponse {
        response(.unavailable(retryAfter: seconds))
    }

    /// The wrapped handler threw an error.
    static var handlerFailed: HTTPResponse { response(.plain(.internalServerError, error: "server_error", nil)) }

    private static func response(_ row: Row) -> HTTPResponse {
        switch row {
        case .challenge(let status, _, _, _, _): return json(status, error: "unauthorized", nil)
        case .plain(let status, let error, let sentence): return json(status, error: error, sentence)
        case .unavailable(let seconds):
            var response = json(.serviceUnavailable, error: "temporarily_unavailable", nil)
            response.fields.append(.retryAfter, HTTPFields.Value(min(max(seconds, 1), 60)))
            return response
        }
    }

    private static let noStore: HTTPFields.Value = "no-store"

    /// A small JSON body that caches must not store (RFC 6750 §5.3).
    private static func json(_ status: HTTPStatus, error: String, _ description: String?) -> HTTPResponse {
        var body: JSONDocument.Object = ["error": .string(error)]
        body["error_description"] = description.map { .string($0) }
        return json(status, .object(body))
    }

    private static func json(_ status: HTTPStatus, _ body: JSONValue) -> HTTPResponse {
        var response = HTTPResponse.json(body, status: status)
        response.fields.append(.cacheControl, noStore)
        return response
    }
}

extension ResourceServer.Refusal.MalformedRequest {
    fileprivate var sentence: BearerChallenge.ErrorDescription {
        switch self {
        case .head: .malformedHead
        case .repeatedCredentials: .repeatedCredentials
        case .tokenInTwoPlaces: .tokenInTwoPlaces
        case .authorizationTooLong: .authorizationTooLong
        case .bodyNotJSON, .bodyNotJSONRPC, .bodyEncoded: .unreadableOperation
        case .headerMismatch: .headerMismatch
        case .repeatedCertificate, .malformedCertificate: .unreadableCertificate
        }
    }
}
