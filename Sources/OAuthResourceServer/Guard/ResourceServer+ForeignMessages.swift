public import HTTPMessages
internal import OAuthMetadata

// Requests and responses of other HTTP libraries, whose parts are text.
extension ResourceServer {
    /// Decides about a request of another HTTP library, like the function of the same name that takes parsed values.
    ///
    /// A method, a target or a field that HTTP does not allow is refused like every malformed request, in every mode:
    /// 400 with a challenge. Such a field is never left out, because the guard and the handler could then read
    /// different requests.
    ///
    /// - Parameters:
    ///   - method: The method as sent.
    ///   - target: The request target as sent, not percent-decoded.
    ///   - pairs: The names and values of all header fields with `Host`, repeated fields included. In HTTP/2 the
    ///     framework may have the host as `:authority`.
    ///   - body: The whole content, or nil when the program has not read it.
    ///   - isBodyTooLong: Whether the program passes no body because it is longer than the program's own limit. The
    ///     caller is authenticated all the same. Where ``MCPScopeRules`` need the body, the guard answers 413.
    ///     Otherwise the request may proceed: answer 413 then, without the handler, and complete that response like
    ///     any other.
    ///   - listener: The kind of address that received the request. See
    ///     ``HTTPMessages/HTTPRequest/ListenerKind/init(ipAddress:)``.
    ///   - peer: The IP address of the connection's other end.
    ///   - clientCertificate: The certificate with which the client has authenticated in the TLS handshake.
    public func decide(
        method: String, target: String, fields pairs: some Sequence<(String, String)>, body: [UInt8]? = nil,
        isBodyTooLong: Bool = false, listener: HTTPRequest.ListenerKind = .unknown,
        peer: HTTPRequest.PeerAddress? = nil, clientCertificate: HTTPRequest.ClientCertificate? = nil
    ) async -> Decision {
        var invalid: HTTPFields.InvalidLine?
        let fields = HTTPFields(keepingValid: pairs) { invalid = invalid ?? $0 }
        if let invalid {
            let path = HTTPRequest.Target(target)?.path
            report(.malformedField(invalid, of: .request, .init(method: HTTPMethod(method), path: path)))
        }
        guard let method = HTTPMethod(method), let target = HTTPRequest.Target(target), invalid == nil else {
            return refuseMalformed(HTTPMethod(method), HTTPRequest.Target(target), fields, listener)
        }
        var request = GuardedRequest(
            method: method, target: target, fields: fields, listener: listener, body: body, peer: peer,
            clientCertificate: clientCertificate)
        request.isBodyTooLong = isBodyTooLong
        return await decide(request)
    }

    /// Refuses a request whose head is malformed. What is well-formed in it decides about the challenge.
    private func refuseMalformed(
        _ method: HTTPMethod?, _ target: HTTPRequest.Target?, _ fields: HTTPFields, _ listener: HTTPRequest.ListenerKind
    ) -> Decision {
        // Of the method, the response depends on HEAD only.
        let request = GuardedRequest(
            method: method ?? .get, target: target ?? .root, fields: fields, listener: listener, body: nil)
        let crossOrigin = configuration.browsers.crossOriginFields(for: configuration.browsers.caller(of: request))
        var operation = ScopeSet()
        if let method, let target {
            operation = configuration.scopes.scopesToRequest(for: configuration.scopes.demand(of: method, target.path))
        }
        return refuse(request, .malformedRequest(.head), crossOrigin, operation: operation)
    }
}

extension ResourceServer.Admission {
    /// Completes the head of a response of another HTTP library, like the function of the same name that takes parsed
    /// values.
    ///
    /// A field that HTTP does not allow is left out, and the observer learns its name.
    ///
    /// - Parameters:
    ///   - status: The status code of the response. A number outside 100…599 counts as 500.
    ///   - pairs: The names and values of the response's fields, repeated fields included.
    /// - Returns: The fields to send instead.
    public func finish(
        status: Int, fields pairs: some Sequence<(String, String)>
    ) -> [(name: String, value: String)] {
        var fields = HTTPFields(keepingValid: pairs) {
            content.observer?(.malformedField($0, of: .response, content.request.facts(content.token)))
        }
        finish(status: HTTPStatus(status) ?? .internalServerError, fields: &fields)
        return fields.pairs
    }

    /// Writes the body of a response, like the function of the same name that takes parsed fields.
    ///
    /// - Parameters:
    ///   - fields: The fields that ``finish(status:fields:)->_`` returned.
    ///   - write: Writes the body. Its task is cancelled at the deadline, and it must return or throw then.
    /// - Throws: `CancellationError` at the deadline. Otherwise the error of `write`.
    public func limitStream(
        _ fields: [(name: String, value: String)], _ write: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await limitStream(HTTPFields(keepingValid: fields.map { ($0.name, $0.value) }) { _ in }, write)
    }
}
