internal import HTTPMessages
internal import OAuthMetadata
internal import WireFormat

/// Turns an answer into bytes: one place builds every refusal.
struct RefusalResponse: Sendable {
    let realm: Challenge.QuotableText?
    let resourceMetadata: Challenge.QuotableText?
    let body: RefusalBody

    /// - Parameters:
    ///   - operation: The scopes of the operation.
    ///   - message: The message that is refused, where the body was read.
    func response(
        to rejection: TokenRejection, operation: ScopeSet, message: JSONRPCReply? = nil
    ) -> HTTPResponse {
        var response: HTTPResponse
        switch rejection.answer(operation: operation) {
        case .challenge(let status, let error, let sentence, let scope):
            let sentence = (onWire: sentence, text: sentence?.rawValue ?? "An access token is required.")
            // MCP 2026-07-28: this one is a JSON-RPC error whatever the operator chose.
            if let message, body == .jsonRPC || rejection == .malformedRequest(.headerMismatch) {
                response = Self.json(status, message.error(rejection, sentence.text))
            } else {
                response = Self.json(status, error: error?.rawValue ?? "unauthorized", description: sentence.text)
            }
            let challenge = Challenge(
                realm: realm, error: error, errorDescription: sentence.onWire, scope: scope,
                resourceMetadata: resourceMetadata)
            // A challenge is printable ASCII by its types, so this is never nil.
            if let value = HTTPFieldValue(challenge.fieldValue) { response.fields.append(.wwwAuthenticate, value) }
        case .unavailable(let seconds):
            response = Self.json(.serviceUnavailable, error: "temporarily_unavailable", description: nil)
            response.fields.append(.retryAfter, HTTPFieldValue(seconds))
        }
        return response
    }

    /// A small JSON body that no cache keeps (RFC 6750 §5.3).
    static func json(_ status: HTTPStatus, error: String, description: String?) -> HTTPResponse {
        var body: JSONObject = ["error": .string(error)]
        body["error_description"] = description.map { .string($0) }
        return json(status, .object(body))
    }

    private static func json(_ status: HTTPStatus, _ body: JSONValue) -> HTTPResponse {
        var response = HTTPResponse.json(body, status: status)
        response.fields.append(.cacheControl, "no-store")
        return response
    }
}
