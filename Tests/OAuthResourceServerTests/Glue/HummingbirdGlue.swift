import HTTPMessages
import OAuthResourceServer

// The code of the article Hummingbird.md. HummingbirdStandIns.swift has stand-ins for the types of the framework.

enum HummingbirdGlue {
    /// A context that knows where its connection arrived.
    protocol ConnectionContext: RequestContext {
        var localAddress: SocketAddress? { get }
    }

    struct ResourceServerMiddleware<Context: ConnectionContext>: RouterMiddleware {
        let resourceServer: ResourceServer

        func handle(
            _ request: Request, context: Context, next: (Request, Context) async throws -> Response
        ) async throws -> Response {
            var request = request
            let body: ByteBuffer?
            do {
                body = try await request.collectBody(upTo: context.maxUploadSize)
            } catch is NIOTooManyBytesError {
                body = nil
            }
            var pairs = request.head.headerFields.map { ($0.name.rawName, $0.value) }
            // HTTPTypes keeps the Host field apart from the others.
            if let host = request.head.authority { pairs.append(("Host", host)) }

            switch await resourceServer.decide(
                method: request.head.method.rawValue, target: request.head.path ?? "", fields: pairs,
                body: body.map { Array($0.readableBytesView) }, isBodyTooLong: body == nil,
                listener: .init(ipAddress: context.localAddress?.ipAddress))
            {
            case .respond(let refusal):
                var response = Response(
                    status: .init(code: refusal.status.code), headers: Self.headers(refusal.fields.pairs))
                if case .bytes(let bytes) = refusal.body {
                    response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
                }
                return response
            case .proceed(let admission):
                var head = request.head
                // The handler sees the session under its own identifier.
                if let session = admission.sessionID, let name = HTTPField.Name("Mcp-Session-Id") {
                    head.headerFields[name] = session
                }
                var response: Response
                do {
                    guard body != nil else { throw HTTPError(.contentTooLarge) }
                    response = try await Principal.$current.withValue(admission.principal) {
                        try await next(Request(head: head, body: request.body), context)
                    }
                } catch let error as any HTTPResponseError {
                    response = try error.response(from: request, context: context)
                } catch {
                    context.logger.error("A route failed", metadata: ["error.type": "\(type(of: error))"])
                    response = Response(status: .internalServerError)
                }
                let fields = admission.finish(
                    status: response.status.code, fields: response.headers.map { ($0.name.rawName, $0.value) })
                response.headers = Self.headers(fields)
                let body = response.body
                response.body = ResponseBody(contentLength: body.contentLength) { writer in
                    // One task at a time uses it: `limitStream` waits for the task that writes.
                    nonisolated(unsafe) let writer = writer
                    // It is written after this function has returned. `limitStream` sets `Principal.current` again.
                    try await admission.limitStream(fields) { try await unsafe body.write(writer) }
                }
                return response
            }
        }

        private static func headers(_ fields: [(name: String, value: String)]) -> HTTPTypes.HTTPFields {
            var headers = HTTPTypes.HTTPFields()
            for (name, value) in fields {
                if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
            }
            return headers
        }
    }

    struct AppContext: ConnectionContext {
        var coreContext: CoreRequestContextStorage
        let localAddress: SocketAddress?
        /// The longest body of a request in bytes. A longer one gets 413.
        var maxUploadSize: Int { 4_194_304 }

        init(source: ApplicationRequestContextSource) {
            coreContext = CoreRequestContextStorage(source: source)
            localAddress = source.channel.localAddress
        }
    }

    static var routes: (ResourceServer) -> Router<AppContext> {
        func makeRouter(_ resourceServer: ResourceServer) -> Router<AppContext> {
            let router = Router(context: AppContext.self)
            router.add(middleware: ResourceServerMiddleware(resourceServer: resourceServer))
            router.post("mcp") { _, _ in "Hello, \(Principal.current?.subject ?? "stranger")\n" }
            router.get("mcp") { _, _ in
                EventStream { writer in
                    for number in 1...3 {
                        let name = Principal.current?.subject ?? "stranger"
                        try await writer.write(ByteBuffer(string: "data: \(number) for \(name)\n\n"))
                        try await Task.sleep(for: .seconds(1))
                    }
                }
            }
            return router
        }
        return makeRouter
    }

    /// An event stream as the response of a route. When the token expires, `produce` is cancelled.
    struct EventStream: ResponseGenerator {
        let produce: @Sendable (inout any ResponseBodyWriter) async throws -> Void

        func response(from request: Request, context: some RequestContext) throws -> Response {
            var headers: HTTPTypes.HTTPFields = [.contentType: "text/event-stream"]
            // nginx would hold the events back otherwise.
            if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
            let body = ResponseBody { writer in
                do {
                    try await produce(&writer)
                } catch is CancellationError {
                    // The token has expired: the stream ends as if the route had ended it.
                }
                // In another task, because a cancelled one cannot write.
                nonisolated(unsafe) let writer = writer
                let finish: @Sendable () async throws -> Void = { try await unsafe writer.finish(nil) }
                try await Task { try await finish() }.value
            }
            return Response(status: .ok, headers: headers, body: body)
        }
    }
}
