import Synchronization

// Stand-ins for the types of Vapor 4.122.0 that the article uses, with its signatures. The code of the article Vapor.md
// was built and driven against that version.

extension VaporGlue {
    typealias ByteBuffer = SwiftNIOGlue.ByteBuffer
    typealias EventLoopFuture = SwiftNIOGlue.EventLoopFuture
    typealias HTTPHeaders = SwiftNIOGlue.HTTPHeaders
    typealias HTTPMethod = SwiftNIOGlue.HTTPMethod
    typealias HTTPResponseStatus = SwiftNIOGlue.HTTPResponseStatus
    typealias SocketAddress = SwiftNIOGlue.SocketAddress

    protocol AbortError: Error {
        var status: HTTPResponseStatus { get }
    }

    struct Abort: AbortError {
        let status: HTTPResponseStatus
        init(_ status: HTTPResponseStatus) { self.status = status }
    }

    struct URI: Sendable {
        let string: String
    }

    protocol StorageKey {
        associatedtype Value: Sendable
    }

    struct Storage: Sendable {
        private var values: [ObjectIdentifier: any Sendable] = [:]
        subscript<Key: StorageKey>(_ key: Key.Type) -> Key.Value? {
            get { values[ObjectIdentifier(key)] as? Key.Value }
            set { values[ObjectIdentifier(key)] = newValue }
        }
    }

    final class Request: Sendable {
        struct Body: Sendable {
            let bytes: [UInt8]
            /// As in Vapor, the limit itself is too long.
            func collect(max: Int? = 1 << 14) -> EventLoopFuture<ByteBuffer?> {
                EventLoopFuture {
                    if let max, bytes.count >= max { throw Abort(.payloadTooLarge) }
                    return bytes.isEmpty ? nil : ByteBuffer(bytes: bytes)
                }
            }
        }

        let method: HTTPMethod
        let url: URI
        let body: Body
        let application: Application
        private let state: Mutex<(headers: HTTPHeaders, storage: Storage)>

        init(method: HTTPMethod, url: URI, headers: HTTPHeaders, body: Body, application: Application) {
            self.method = method
            self.url = url
            self.body = body
            self.application = application
            state = Mutex((headers, Storage()))
        }

        var headers: HTTPHeaders {
            get { state.withLock { $0.headers } }
            set { state.withLock { $0.headers = newValue } }
        }
        var storage: Storage {
            get { state.withLock { $0.storage } }
            set { state.withLock { $0.storage = newValue } }
        }
    }

    enum BodyStreamResult: Sendable {
        case buffer(ByteBuffer)
        case error(any Error)
        case end
    }

    protocol AsyncBodyStreamWriter: Sendable {
        func write(_ result: BodyStreamResult) async throws
    }

    final class Response: Sendable {
        struct Body: Sendable {
            private let produce: @Sendable (any AsyncBodyStreamWriter) async throws -> Void

            init() { produce = { try await $0.write(.end) } }
            init(buffer: ByteBuffer) {
                produce = { writer in
                    try await writer.write(.buffer(buffer))
                    try await writer.write(.end)
                }
            }
            init(managedAsyncStream: @escaping @Sendable (any AsyncBodyStreamWriter) async throws -> Void) {
                produce = { writer in
                    do {
                        try await managedAsyncStream(writer)
                        try await writer.write(.end)
                    } catch {
                        try await writer.write(.error(error))
                    }
                }
            }

            /// As in Vapor, another task writes the body.
            func send(to writer: any AsyncBodyStreamWriter) async throws {
                try await Task.detached { try await produce(writer) }.value
            }
        }

        private let state: Mutex<(HTTPResponseStatus, HTTPHeaders, Body)>

        init(status: HTTPResponseStatus = .ok, headers: HTTPHeaders = HTTPHeaders(), body: Body = Body()) {
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
}

extension VaporGlue.AsyncBodyStreamWriter {
    func writeBuffer(_ buffer: VaporGlue.ByteBuffer) async throws { try await write(.buffer(buffer)) }
}

// MARK: Responders and the application

extension VaporGlue {
    protocol AsyncResponder: Sendable {
        func respond(to request: Request) async throws -> Response
    }

    protocol AsyncMiddleware: Sendable {
        func respond(to request: Request, chainingTo next: any AsyncResponder) async throws -> Response
    }

    protocol AsyncResponseEncodable: SendableMetatype {
        func encodeResponse(for request: Request) async throws -> Response
    }

    struct Middlewares: Sendable {
        enum Position: Sendable { case beginning, end }

        fileprivate var all: [any AsyncMiddleware] = []
        mutating func use(_ middleware: any AsyncMiddleware, at position: Position = .end) {
            all.insert(middleware, at: position == .beginning ? 0 : all.count)
        }
    }

    final class Application: Sendable {
        struct HTTP: Sendable {
            struct Server: Sendable {
                struct Shared: Sendable {
                    let localAddress: SocketAddress?
                }
                let shared: Shared
            }
            let server: Server
        }

        private struct Responder: AsyncResponder {
            let answer: @Sendable (Request) async throws -> Response
            func respond(to request: Request) async throws -> Response { try await answer(request) }
        }

        let http: HTTP
        private let state = Mutex((middleware: Middlewares(), routes: [String: Responder]()))

        init(ipAddress: String?) {
            http = HTTP(server: .init(shared: .init(localAddress: SocketAddress(ipAddress: ipAddress))))
        }

        var middleware: Middlewares {
            get { state.withLock { $0.middleware } }
            set { state.withLock { $0.middleware = newValue } }
        }

        func get<Value: AsyncResponseEncodable>(
            _ path: String, use closure: @Sendable @escaping (Request) async throws -> Value
        ) {
            on("GET /" + path, closure)
        }

        func post<Value: AsyncResponseEncodable>(
            _ path: String, use closure: @Sendable @escaping (Request) async throws -> Value
        ) {
            on("POST /" + path, closure)
        }

        private func on<Value: AsyncResponseEncodable>(
            _ route: String, _ closure: @Sendable @escaping (Request) async throws -> Value
        ) {
            let responder = Responder { try await closure($0).encodeResponse(for: $0) }
            state.withLock { $0.routes[route] = responder }
        }

        func respond(to request: Request) async throws -> Response {
            let (middleware, route) = state.withLock { state in
                (state.middleware.all, state.routes["\(request.method.rawValue) \(request.url.string)"])
            }
            var next = route ?? Responder { _ in Response(status: .init(statusCode: 404)) }
            for outer in middleware.reversed() {
                let inner = next
                next = Responder { try await outer.respond(to: $0, chainingTo: inner) }
            }
            return try await next.respond(to: request)
        }
    }
}

extension VaporGlue.Response: VaporGlue.AsyncResponseEncodable {
    func encodeResponse(for request: VaporGlue.Request) async throws -> VaporGlue.Response { self }
}

extension String: VaporGlue.AsyncResponseEncodable {
    func encodeResponse(for request: VaporGlue.Request) async throws -> VaporGlue.Response {
        VaporGlue.Response(body: .init(buffer: .init(string: self)))
    }
}
