internal import HTTPMessages
internal import OAuthMetadata

/// The guard as an `HTTPHandler` around a handler.
struct ProtectedHandler: HTTPHandler {
    let server: ResourceServer
    let handler: @Sendable (HTTPRequest, Principal) async throws -> HTTPResponse

    /// How much of a form body is searched for a second token. A longer body is handed on all the same: a token in it is
    /// never used, so that the search is a courtesy to its sender.
    private static let searchedFormBytes = 65_536

    /// What is searched, without a parameter that was cut in two: a name's beginning is not the name.
    private static func wholeParameters(of form: [UInt8]) -> ArraySlice<UInt8> {
        guard form.count > searchedFormBytes else { return form[...] }
        let searched = form.prefix(searchedFormBytes)
        return searched.prefix(upTo: searched.lastIndex(of: UInt8(ascii: "&")) ?? searched.startIndex)
    }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        switch await server.authorize(method: request.method, target: request.target, fields: request.fields) {
        case .answered(let response): return response
        case .refused(let rejection, let token): return server.refuse(rejection, token, method: request.method)
        case .authorized(let principal, let token):
            var request = request
            if ResourceServer.isForm(request.fields) {
                // The body is read only now that the caller is known; then it is handed on whole.
                let (beginning, whole) = try await request.body.beginning(Self.searchedFormBytes)
                guard !BearerCredential.namesAccessToken(Self.wholeParameters(of: beginning)) else {
                    return server.refuse(.malformedRequest(.tokenInTwoPlaces), token, method: request.method)
                }
                request.body = whole
            }
            server.report(.allowed(fingerprint: token.fingerprint))
            return try await respond(to: request, for: principal)
        }
    }

    private func respond(to request: HTTPRequest, for principal: Principal) async throws -> HTTPResponse {
        do {
            var response = try await Principal.$current.withValue(principal) {
                try await handler(request, principal)
            }
            // RFC 6750 §5.3: what a token opened is not for shared caches, unless the handler says so.
            if !response.fields.contains(.cacheControl) { response.fields.append(.cacheControl, "no-store") }
            if case .stream(let produce) = response.body {
                // The stream is produced after the handler returned, for the same principal.
                response.body = .stream { writer in
                    try await Principal.$current.withValue(principal) { try await produce(writer) }
                }
            }
            return response
        } catch let error as HTTPRequestBodyError {
            // The caller's fault and the server's to answer (413, 400, 408), not a failure of the handler.
            throw error
        } catch let cancellation as CancellationError {
            throw cancellation
        } catch {
            server.report(.handlerFailed(error))
            return RefusalResponse.json(.internalServerError, error: "server_error", description: nil)
        }
    }
}
