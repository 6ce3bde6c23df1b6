public import HTTPMessages

/// An `HTTPHandler` that guards another handler. `protecting(_:)` of a ``ResourceServer`` makes it.
public struct ProtectedHandler: HTTPHandler {
    let server: ResourceServer
    let handler: @Sendable (HTTPRequest, Principal) async throws -> HTTPResponse

    /// Where the server may listen: on loopback addresses only while the guard is disabled, unless the mode says that
    /// this is public.
    public var exposure: HTTPExposure {
        guard case .disabled(_, .loopbackOnly) = server.configuration.mode else { return .anywhere }
        return .loopbackOnly(
            reason: "the guard is disabled and accepts every request, from this machine only")
    }

    /// Answers a refused request, and passes the others to the handler.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        switch try await server.admit(GuardedRequest(request)) {
        case .respond(let response): return response
        case .proceed(let admission): return try await respond(for: admission)
        }
    }

    /// The response of the handler.
    private func respond(for admission: ResourceServer.Admission) async throws -> HTTPResponse {
        guard let session = admission.content.session?.identifier else {
            return try await respond(to: admission.content.request.forHandler, for: admission)
        }
        var request = admission.content.request.forHandler
        request.fields[.mcpSessionID] = session
        return try await respond(to: request, for: admission)
    }

    private func respond(to request: HTTPRequest, for admission: ResourceServer.Admission) async throws -> HTTPResponse
    {
        let principal = admission.principal
        var response: HTTPResponse
        do {
            response = try await principal.asCurrent { try await handler(request, principal) }
        } catch let error as HTTPRequest.Body.ReadError {
            // The client caused this error, and the HTTP server answers it (413, 400, 408). It is not a failure of the
            // handler.
            throw error
        } catch let cancellation as CancellationError {
            throw cancellation
        } catch {
            server.report(.handlerFailed(error, admission.content.request.facts(admission.content.token)))
            response = Answers.handlerFailed
        }
        admission.finish(&response)
        return response
    }
}
