import HTTPMessages
import OAuthResourceServer
import Synchronization

// The code of the article Vapor.md, and stand-ins for the parts of Vapor 4 that it uses.

enum VaporGlue {
    struct ResourceServerMiddleware: AsyncMiddleware {
        let resourceServer: ResourceServer

        func respond(to request: Request, chainingTo next: any AsyncResponder) async throws -> Response {
            let body = try await request.body.collect(max: 4_194_304).get()

            switch await resourceServer.decide(
                method: request.method.rawValue, target: request.url.string,
                fields: request.headers.map { ($0.name, $0.value) },
                body: body.map { Array($0.readableBytesView) } ?? [])
            {
            case .respond(let refusal):
                let response = Response(
                    status: .init(statusCode: refusal.status.code), headers: Self.headers(refusal.fields.pairs))
                if case .bytes(let bytes) = refusal.body {
                    response.body = Response.Body(buffer: ByteBuffer(bytes: bytes))
                }
                return response
            case .proceed(let admission):
                let response = try await Principal.$current.withValue(admission.principal) {
                    try await next.respond(to: request)
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
}

// MARK: Stand-ins

extension VaporGlue {
    struct HTTPMethod: Sendable {
        let rawValue: String
    }

    struct HTTPHeaders: Sendable, Sequence {
        private var pairs: [(name: String, value: String)] = []
        init(_ elements: [(String, String)] = []) { pairs = elements.map { (name: $0.0, value: $0.1) } }
        func makeIterator() -> IndexingIterator<[(name: String, value: String)]> { pairs.makeIterator() }
    }

    struct HTTPResponseStatus: Sendable {
        let code: UInt
        init(statusCode: Int) { code = UInt(statusCode) }
        static let badRequest = HTTPResponseStatus(statusCode: 400)
        static let internalServerError = HTTPResponseStatus(statusCode: 500)
    }

    typealias HTTPStatus = HTTPResponseStatus

    struct ByteBuffer: Sendable {
        let readableBytesView: [UInt8]
        init(bytes: [UInt8]) { readableBytesView = bytes }
    }

    struct EventLoopFuture<Value: Sendable>: Sendable {
        let value: Value
        func get() async throws -> Value { value }
    }

    struct URI: Sendable {
        let string: String
    }

    final class Request: Sendable {
        struct Body: Sendable {
            let bytes: [UInt8]
            func collect(max: Int?) -> EventLoopFuture<ByteBuffer?> {
                EventLoopFuture(value: bytes.isEmpty ? nil : ByteBuffer(bytes: bytes))
            }
        }

        let method: HTTPMethod
        let url: URI
        let headers: HTTPHeaders
        let body: Body

        init(method: HTTPMethod, url: URI, headers: HTTPHeaders, body: Body) {
            self.method = method
            self.url = url
            self.headers = headers
            self.body = body
        }
    }

    final class Response: Sendable {
        struct Body: Sendable {
            var bytes: [UInt8] = []
            init() {}
            init(buffer: ByteBuffer) { bytes = buffer.readableBytesView }
        }

        private let state: Mutex<(HTTPResponseStatus, HTTPHeaders, Body)>

        init(status: HTTPResponseStatus, headers: HTTPHeaders = HTTPHeaders(), body: Body = Body()) {
            state = Mutex((status, headers, body))
        }

        var status: HTTPResponseStatus { state.withLock { $0.0 } }
        var headers: HTTPHeaders {
            get { state.withLock { $0.1 } }
            set { state.withLock { $0.1 = newValue } }
        }
        var body: Body {
            get { state.withLock { $0.2 } }
            set { state.withLock { $0.2 = newValue } }
        }
    }

    protocol AsyncResponder: Sendable {
        func respond(to request: Request) async throws -> Response
    }

    protocol AsyncMiddleware: Sendable {
        func respond(to request: Request, chainingTo next: any AsyncResponder) async throws -> Response
    }
}
