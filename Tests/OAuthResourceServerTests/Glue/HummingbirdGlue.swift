import HTTPMessages
import OAuthResourceServer

// The code of the article Hummingbird.md, and stand-ins for the parts of Hummingbird 2 and HTTPTypes that it uses.

enum HummingbirdGlue {
    struct ResourceServerMiddleware<Context: RequestContext>: RouterMiddleware {
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
                body: Array(body.readableBytesView))
            {
            case .respond(let refusal):
                var response = Response(
                    status: .init(code: refusal.status.code), headers: Self.headers(refusal.fields.pairs))
                if case .bytes(let bytes) = refusal.body {
                    response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
                }
                return response
            case .proceed(let admission):
                var response = try await Principal.$current.withValue(admission.principal) {
                    try await next(request, context)
                }
                response.headers = Self.headers(
                    admission.finish(
                        status: response.status.code, fields: response.headers.map { ($0.name.rawName, $0.value) }))
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

    struct ResponseBody: Sendable {
        var bytes: [UInt8] = []
        init() {}
        init(byteBuffer: ByteBuffer) { bytes = byteBuffer.readableBytesView }
    }

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
