public import HTTPMessages
internal import OAuthMetadata
internal import OAuthResourceServer
public import WireFormat

// Requests to a handler in the process of the test, without a socket. The handler sees what it would see behind a
// server: method, target, fields and body, unchanged.
extension HTTPHandler {
    /// Answers a GET. See ``send(_:_:token:provedBy:fields:body:)`` for the parameters.
    public func get(
        _ target: HTTPRequest.Target, token: String? = nil, provedBy key: DPoPKey? = nil,
        fields: HTTPFields = HTTPFields()
    ) async throws -> HTTPResponse {
        try await send(.get, target, token: token, provedBy: key, fields: fields)
    }

    /// Answers a DELETE. See ``send(_:_:token:provedBy:fields:body:)`` for the parameters.
    public func delete(
        _ target: HTTPRequest.Target, token: String? = nil, provedBy key: DPoPKey? = nil,
        fields: HTTPFields = HTTPFields()
    ) async throws -> HTTPResponse {
        try await send(.delete, target, token: token, provedBy: key, fields: fields)
    }

    /// Answers a POST of JSON, as an MCP client sends it: `Content-Type: application/json`, and an `Accept` for JSON
    /// and event streams, unless `fields` have their own. Without JSON, the request has no content.
    ///
    /// See ``send(_:_:token:provedBy:fields:body:)`` for the other parameters.
    public func post(
        _ target: HTTPRequest.Target, token: String? = nil, provedBy key: DPoPKey? = nil,
        fields: HTTPFields = HTTPFields(), json: JSONValue? = nil
    ) async throws -> HTTPResponse {
        var fields = fields
        if json != nil, !fields.contains(.contentType) { fields[.contentType] = "application/json" }
        if !fields.contains(.accept) { fields[.accept] = "application/json, text/event-stream" }
        return try await send(
            .post, target, token: token, provedBy: key, fields: fields, body: json?.encoded() ?? [])
    }

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - target: The request target, such as `"/mcp"`.
    ///   - token: The access token; nil for a request without one. It is sent as it is; control characters, which no
    ///     field can hold, are a programmer's mistake and stop the program.
    ///   - key: The key to which the token is bound: the request has the scheme `DPoP` and a new proof for the token
    ///     and for the URL of the request. Nil for the scheme `Bearer`. A key needs a token and a guarded handler,
    ///     whose resource names the URL.
    ///   - fields: Further fields. A `Host` is added unless there is one: that of the resource, or `localhost`.
    ///   - body: The content.
    /// - Returns: The response. The content of a stream is not read yet: see ``HTTPMessages/HTTPResponse/text(upTo:)``.
    /// - Throws: What the handler throws. A guard answers 500 for most errors of its handler, as a server does.
    public func send(
        _ method: HTTPMethod, _ target: HTTPRequest.Target, token: String? = nil, provedBy key: DPoPKey? = nil,
        fields: HTTPFields = HTTPFields(), body: [UInt8] = []
    ) async throws -> HTTPResponse {
        let resource = guardedResource(for: target, fields)
        var request = HTTPRequest(method: method, target: target, fields: fields, body: HTTPRequest.Body(body))
        // The request arrives where a server for this resource would listen.
        request.listener = resource?.url.isLoopback == false ? .network : .loopback
        if !fields.contains(.host) { request.fields[.host] = resource?.hostField ?? "localhost" }
        if let token { request.fields.append(.authorization, Self.credentials(token, key == nil ? "Bearer" : "DPoP")) }
        if let key {
            guard let token, let resource else {
                preconditionFailure("A proof is for a token, and for a guarded handler, whose resource names the URL.")
            }
            let proof = key.proof(method, resource.url.origin + target.path, token: token)
            request.fields.append(.dpop, HTTPFields.Value(validated: Array(proof.utf8)))
        }
        return try await respond(to: request)
    }

    private static func credentials(_ token: String, _ scheme: String) -> HTTPFields.Value {
        // RFC 9110 §5.5: white space at the end is not a part of a value, so that an empty token leaves the scheme
        // alone.
        let trimmed = OptionalWhiteSpace.trimmed(Array("\(scheme) \(token)".utf8))
        guard let value = HTTPFields.Value(bytes: Array(trimmed)) else {
            preconditionFailure("A token with control characters cannot be sent in a field.")
        }
        return value
    }

    /// The resource whose guard is in front of the handler; nil without one. Of several, the one that the request
    /// names.
    private func guardedResource(for target: HTTPRequest.Target, _ fields: HTTPFields) -> ResourceIdentifier? {
        if let caller = self as? AuthenticatedHandler { return caller.resource }
        let named = (self as? ProtectedResources)?.server(for: target, fields: fields)
        return named?.resource ?? (self as? any GuardedHandler)?.guards.first?.resource
    }
}

extension ResourceIdentifier {
    /// The `Host` of a request to the resource.
    fileprivate var hostField: HTTPFields.Value? {
        let authority = url.origin.utf8.dropFirst(url.scheme.rawValue.utf8.count + "://".utf8.count)
        return HTTPFields.Value(bytes: Array(authority))
    }
}
