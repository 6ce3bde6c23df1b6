// Stand-ins for the types of Hummingbird 2.26.0 and swift-http-types 1.6.0 that the article uses, with their
// signatures. The code of the article Hummingbird.md was built and driven against these versions.

extension HummingbirdGlue {
    typealias ByteBuffer = SwiftNIOGlue.ByteBuffer
    typealias SocketAddress = SwiftNIOGlue.SocketAddress
    typealias NIOTooManyBytesError = SwiftNIOGlue.NIOTooManyBytesError

    enum HTTPTypes {
        typealias HTTPFields = HummingbirdGlue.HTTPFields
    }

    struct HTTPField: Sendable {
        struct Name: Sendable {
            let rawName: String
            init?(_ name: String) { rawName = name }
            private init(known name: String) { rawName = name }
            static let contentType = Name(known: "Content-Type")
        }

        var name: Name
        var value: String
    }

    struct HTTPFields: Sendable, Sequence, ExpressibleByDictionaryLiteral {
        private var fields: [HTTPField] = []

        init() {}
        init(dictionaryLiteral elements: (HTTPField.Name, String)...) {
            fields = elements.map { HTTPField(name: $0.0, value: $0.1) }
        }
        func makeIterator() -> IndexingIterator<[HTTPField]> { fields.makeIterator() }

        mutating func append(_ field: HTTPField) { fields.append(field) }
        subscript(_ name: HTTPField.Name) -> String? {
            get { fields.first { $0.name.rawName.lowercased() == name.rawName.lowercased() }?.value }
            set {
                fields.removeAll { $0.name.rawName.lowercased() == name.rawName.lowercased() }
                if let newValue { fields.append(HTTPField(name: name, value: newValue)) }
            }
        }
    }

    struct HTTPRequest: Sendable {
        struct Method: Sendable {
            let rawValue: String
        }

        var method: Method
        var authority: String?
        var path: String?
        var headerFields = HTTPFields()
    }

    struct HTTPResponse {
        struct Status: Sendable {
            let code: Int
            static let ok = Status(code: 200)
            static let conflict = Status(code: 409)
            static let contentTooLarge = Status(code: 413)
            static let internalServerError = Status(code: 500)
        }
    }

    struct Logger: Sendable {
        func error(_ message: String, metadata: [String: String]) {}
    }
}

// MARK: Requests and responses

extension HummingbirdGlue {
    struct RequestBody: Sendable {
        fileprivate let buffer: ByteBuffer
        init(buffer: ByteBuffer) { self.buffer = buffer }

        func consumeWithCancellationOnInboundClose<Value: Sendable>(
            _ operation: (RequestBody) async throws -> Value
        ) async throws -> Value {
            try await operation(self)
        }
    }

    struct Request: Sendable {
        let head: HTTPRequest
        var body: RequestBody

        mutating func collectBody(upTo maxSize: Int) async throws -> ByteBuffer {
            guard body.buffer.readableBytes <= maxSize else { throw NIOTooManyBytesError() }
            return body.buffer
        }
    }

    protocol ResponseBodyWriter {
        mutating func write(_ buffer: ByteBuffer) async throws
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws
    }

    struct ResponseBody: Sendable {
        let contentLength: Int?
        private let produce: @Sendable (inout any ResponseBodyWriter) async throws -> Void

        init(
            contentLength: Int? = nil,
            _ write: @Sendable @escaping (inout any ResponseBodyWriter) async throws -> Void
        ) {
            self.contentLength = contentLength
            produce = write
        }
        init() {
            self.init(contentLength: 0) { try await $0.finish(nil) }
        }
        init(byteBuffer: ByteBuffer) {
            self.init(contentLength: byteBuffer.readableBytes) { writer in
                try await writer.write(byteBuffer)
                try await writer.finish(nil)
            }
        }

        consuming func write(_ writer: consuming any ResponseBodyWriter) async throws {
            var writer = writer
            try await produce(&writer)
        }
    }

    struct Response: Sendable, ResponseGenerator {
        var status: HTTPResponse.Status
        var headers = HTTPFields()
        var body = ResponseBody()

        func response(from request: Request, context: some RequestContext) throws -> Response { self }
    }

    protocol ResponseGenerator: SendableMetatype {
        func response(from request: Request, context: some RequestContext) throws -> Response
    }

    protocol HTTPResponseError: Error, ResponseGenerator {
        var status: HTTPResponse.Status { get }
    }

    struct HTTPError: HTTPResponseError {
        var status: HTTPResponse.Status
        init(_ status: HTTPResponse.Status) { self.status = status }
        func response(from request: Request, context: some RequestContext) throws -> Response {
            Response(status: status)
        }
    }
}

extension SwiftNIOGlue.NIOTooManyBytesError: HummingbirdGlue.HTTPResponseError {
    var status: HummingbirdGlue.HTTPResponse.Status { .contentTooLarge }
    func response(
        from request: HummingbirdGlue.Request, context: some HummingbirdGlue.RequestContext
    ) throws -> HummingbirdGlue.Response {
        HummingbirdGlue.Response(status: status)
    }
}

// MARK: Contexts and the router

extension HummingbirdGlue {
    struct ApplicationRequestContextSource: Sendable {
        let channel: any SwiftNIOGlue.Channel
        let logger = Logger()
    }

    struct CoreRequestContextStorage: Sendable {
        fileprivate let logger: Logger
        init(source: ApplicationRequestContextSource) { logger = source.logger }
    }

    protocol RequestContext: Sendable {
        var coreContext: CoreRequestContextStorage { get set }
        var maxUploadSize: Int { get }
        init(source: ApplicationRequestContextSource)
    }

    protocol MiddlewareProtocol<Input, Output, Context>: Sendable {
        associatedtype Input
        associatedtype Output
        associatedtype Context
        func handle(
            _ input: Input, context: Context, next: (Input, Context) async throws -> Output
        ) async throws -> Output
    }

    protocol RouterMiddleware<Context>: MiddlewareProtocol where Input == Request, Output == Response {}

    final class Router<Context: RequestContext> {
        typealias Handler = @Sendable (Request, Context) async throws -> Response

        private var middlewares: [any MiddlewareProtocol<Request, Response, Context>] = []
        private var routes: [String: Handler] = [:]

        init(context: Context.Type) {}

        @discardableResult func add(middleware: any MiddlewareProtocol<Request, Response, Context>) -> Self {
            middlewares.append(middleware)
            return self
        }

        @discardableResult func get(
            _ path: String, use handler: @Sendable @escaping (Request, Context) async throws -> some ResponseGenerator
        ) -> Self {
            routes["GET /" + path] = { try await handler($0, $1).response(from: $0, context: $1) }
            return self
        }

        @discardableResult func post(
            _ path: String, use handler: @Sendable @escaping (Request, Context) async throws -> some ResponseGenerator
        ) -> Self {
            routes["POST /" + path] = { try await handler($0, $1).response(from: $0, context: $1) }
            return self
        }

        /// As in Hummingbird, an error becomes a response outside of the middleware.
        func respond(to request: Request, context: Context) async throws -> Response {
            var next = routes["\(request.head.method.rawValue) \(request.head.path ?? "")"]
            for middleware in middlewares.reversed() {
                let inner = next
                next = { request, context in
                    try await middleware.handle(request, context: context) { request, context in
                        guard let inner else { throw HTTPError(.init(code: 404)) }
                        return try await inner(request, context)
                    }
                }
            }
            do {
                return try await next?(request, context) ?? Response(status: .init(code: 404))
            } catch let error as any HTTPResponseError {
                return try error.response(from: request, context: context)
            }
        }
    }
}

extension HummingbirdGlue.RequestContext {
    var logger: HummingbirdGlue.Logger { coreContext.logger }
    var maxUploadSize: Int { 2 * 1_024 * 1_024 }
}

extension String: HummingbirdGlue.ResponseGenerator {
    func response(
        from request: HummingbirdGlue.Request, context: some HummingbirdGlue.RequestContext
    ) throws -> HummingbirdGlue.Response {
        HummingbirdGlue.Response(status: .ok, body: .init(byteBuffer: .init(string: self)))
    }
}
