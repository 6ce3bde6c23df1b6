import HTTPMessages
import OAuthResourceServer

// The code of the article Hummingbird.md, and stand-ins for the parts of Hummingbird 2 and HTTPTypes that it uses.

enum HummingbirdGlue {
    /// A context that knows where its connection arrived: `init(source:)` stores `source.channel.localAddress`.
    protocol ConnectionContext: RequestContext {
        var localAddress: SocketAddress? { get }
    }

    struct ResourceServerMiddleware<Context: ConnectionContext>: RouterMiddleware {
        let resourceServer: ResourceServer

        func handle(
            _ request: Request, context: Context, next: (Request, Context) async throws -> Response
        ) async throws -> Response {
            var request = request
            let body = try await request.collectBody(upTo: context.maxUploadSize)
            var pairs = request.head.headerFields.map { ($0.name.rawName, $0.value) }
            // HTTPTypes keeps the Host field apart from the others.
            if let host = request.head.authority { pairs.append(("Host", host)) }

            switch await resourceServer.decide(
                method: request.head.method.rawValue, target: request.head.path ?? "", fields: pairs,
                body: Array(body.readableBytesView), listener: .init(ipAddress: context.localAddress?.ipAddress))
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
                var response = try await Principal.$current.withValue(admission.principal) {
                    try await next(Request(head: head, body: request.body), context)
                }
                let fields = admission.finish(
                    status: response.status.code, fields: response.headers.map { ($0.name.rawName, $0.value) })
                response.headers = Self.headers(fields)
                let body = response.body
                response.body = ResponseBody(contentLength: body.contentLength) { writer in
                    // One task at a time uses it: `limitStream` waits for the task that writes.
                    nonisolated(unsafe) let writer = writer
                    try await admission.limitStream(fields) { try await unsafe body.write(writer) }
                }
                return response
            }
        }

        private static func headers(_ fields: [(name: String, value: String)]) -> HTTPFields {
            var headers = HTTPFields()
            for (name, value) in fields {
                if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
            }
            return headers
        }
    }
}

// MARK: Stand-ins

extension HummingbirdGlue {
    struct HTTPField: Sendable {
        struct Name: Sendable {
            let rawName: String
            init?(_ name: String) { rawName = name }
        }

        var name: Name
        var value: String
    }

    struct HTTPFields: Sendable, Sequence {
        private var fields: [HTTPField] = []
        mutating func append(_ field: HTTPField) { fields.append(field) }
        subscript(_ name: HTTPField.Name) -> String? {
            get { fields.first { $0.name.rawName.lowercased() == name.rawName.lowercased() }?.value }
            set {
                fields.removeAll { $0.name.rawName.lowercased() == name.rawName.lowercased() }
                if let newValue { fields.append(HTTPField(name: name, value: newValue)) }
            }
        }
        func makeIterator() -> IndexingIterator<[HTTPField]> { fields.makeIterator() }
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
            static let badRequest = Status(code: 400)
            static let internalServerError = Status(code: 500)
        }
    }

    struct ByteBuffer: Sendable {
        let readableBytesView: [UInt8]
        init(bytes: [UInt8]) { readableBytesView = bytes }
    }

    struct Request: Sendable {
        let head: HTTPRequest
        var body: [UInt8] = []

        mutating func collectBody(upTo maximum: Int) async throws -> ByteBuffer {
            guard body.count <= maximum else { throw HTTPMessages.HTTPRequest.Body.ReadError.tooLarge(limit: maximum) }
            return ByteBuffer(bytes: body)
        }
    }

    protocol ResponseBodyWriter {
        func write(_ buffer: ByteBuffer) async throws
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws
    }

    struct ResponseBody: Sendable {
        let contentLength: Int?
        private let produce: @Sendable (any ResponseBodyWriter) async throws -> Void

        init(
            contentLength: Int? = nil, _ produce: @escaping @Sendable (any ResponseBodyWriter) async throws -> Void
        ) {
            self.contentLength = contentLength
            self.produce = produce
        }
        init() {
            self.init(contentLength: 0) { try await $0.finish(nil) }
        }
        init(byteBuffer: ByteBuffer) {
            self.init(contentLength: byteBuffer.readableBytesView.count) { writer in
                try await writer.write(byteBuffer)
                try await writer.finish(nil)
            }
        }

        consuming func write(_ writer: any ResponseBodyWriter) async throws { try await produce(writer) }
    }

    typealias SocketAddress = VaporGlue.SocketAddress

    struct Response: Sendable {
        var status: HTTPResponse.Status
        var headers = HTTPFields()
        var body = ResponseBody()
    }

    protocol RequestContext: Sendable {
        var maxUploadSize: Int { get }
    }

    protocol RouterMiddleware: Sendable {
        associatedtype Context
        func handle(
            _ request: Request, context: Context, next: (Request, Context) async throws -> Response
        ) async throws -> Response
    }
}
