internal import HTTPMessages
internal import OAuthMetadata

/// The guard as an `HTTPHandler` around a handler.
struct ProtectedHandler: HTTPHandler {
    let server: ResourceServer
    let handler: @Sendable (HTTPRequest, Principal) async throws -> HTTPResponse

    /// The most of a form body that is read to look for a second token. A server's own limit is not above it.
    private static let formLimit = 4 * 1_024 * 1_024

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        switch await server.decide(method: request.method, target: request.target, fields: request.fields) {
        case .respond(let response): return response
        case .proceed(let principal):
            guard ResourceServer.isForm(request.fields) else { return try await respond(to: request, for: principal) }
            // The body is read once, and only now that the caller is known; then it is handed on.
            var request = request
            let form = try await request.body.collect(upTo: Self.formLimit)
            guard !BearerCredential.namesAccessToken(form) else {
                return server.refuse(.malformedRequest(.tokenInTwoPlaces), method: request.method)
            }
            request.body = HTTPRequestBody(form)
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
