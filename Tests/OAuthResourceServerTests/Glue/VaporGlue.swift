import HTTPMessages
import OAuthResourceServer
import Synchronization

// The code of the article Vapor.md. VaporStandIns.swift has stand-ins for the types of the framework.

enum VaporGlue {
    struct ResourceServerMiddleware: AsyncMiddleware {
        let resourceServer: ResourceServer
        /// The length in bytes from which a request's body gets 413.
        var bodyLimit = 4_194_304

        func respond(to request: Request, chainingTo next: any AsyncResponder) async throws -> Response {
            let body: [UInt8]?
            do {
                body = try await request.body.collect(max: bodyLimit).get().map { Array($0.readableBytesView) } ?? []
            } catch let error as any AbortError where error.status == .payloadTooLarge {
                // No other middleware would make a response of this error.
                body = nil
            }
            // Where the application listens. A disabled guard serves loopback addresses only.
            let address = request.application.http.server.shared.localAddress?.ipAddress
            switch await resourceServer.decide(
                method: request.method.rawValue, target: request.url.string,
                fields: request.headers.map { ($0.name, $0.value) }, body: body, isBodyTooLong: body == nil,
                listener: .init(ipAddress: address))
            {
            case .respond(let refusal):
                let response = Response(
                    status: .init(statusCode: refusal.status.code), headers: Self.headers(refusal.fields.pairs))
                if case .bytes(let bytes) = refusal.body {
                    response.body = Response.Body(buffer: ByteBuffer(bytes: bytes))
                }
                return response
            case .proceed(let admission):
                // The routes see the session under their own identifier.
                if let session = admission.sessionID {
                    request.headers.replaceOrAdd(name: "Mcp-Session-Id", value: session)
                }
                request.storage[AdmissionKey.self] = admission
                var response = Response(status: .payloadTooLarge)
                if body != nil {
                    response = try await Principal.$current.withValue(admission.principal) {
                        try await next.respond(to: request)
                    }
                }
                response.headers = Self.headers(
                    admission.finish(
                        status: Int(response.status.code), fields: response.headers.map { ($0.name, $0.value) }))
                return response
            }
        }

        private static func headers(_ fields: [(name: String, value: String)]) -> HTTPHeaders {
            HTTPHeaders(fields.map { ($0.name, $0.value) })
        }
    }

    /// The admission of a request, for its route.
    struct AdmissionKey: StorageKey {
        typealias Value = ResourceServer.Admission
    }

    static var routes: (Application, ResourceServer) -> Void {
        func configure(_ app: Application, _ resourceServer: ResourceServer) {
            app.middleware.use(ResourceServerMiddleware(resourceServer: resourceServer), at: .beginning)
            app.post("mcp") { _ in "Hello, \(Principal.current?.subject ?? "stranger")\n" }
            app.get("mcp") { _ in
                EventStream { writer in
                    for number in 1...3 {
                        let name = Principal.current?.subject ?? "stranger"
                        try await writer.writeBuffer(ByteBuffer(string: "data: \(number) for \(name)\n\n"))
                        try await Task.sleep(for: .seconds(1))
                    }
                }
            }
        }
        return configure
    }

    /// An event stream as the response of a route. It ends with `produce`, or when the token expires: `produce` is
    /// cancelled then.
    struct EventStream: AsyncResponseEncodable {
        let produce: @Sendable (any AsyncBodyStreamWriter) async throws -> Void

        func encodeResponse(for request: Request) async throws -> Response {
            guard let admission = request.storage[AdmissionKey.self] else { throw Abort(.internalServerError) }
            // nginx would hold the events back otherwise.
            let fields = [(name: "Content-Type", value: "text/event-stream"), (name: "X-Accel-Buffering", value: "no")]
            let hasBegun = Atomic(false)
            let body = Response.Body(managedAsyncStream: { writer in
                // After a write has failed, Vapor calls this again, with a writer that always throws.
                guard !hasBegun.exchange(true, ordering: .relaxed) else { return }
                do {
                    // It also sets `Principal.current`.
                    try await admission.limitStream(fields) { try await produce(writer) }
                } catch is CancellationError {
                    // The token has expired: the stream ends as if the route had ended it.
                }
            })
            return Response(status: .ok, headers: HTTPHeaders(fields.map { ($0.name, $0.value) }), body: body)
        }
    }
}
