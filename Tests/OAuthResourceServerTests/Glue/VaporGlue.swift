import HTTPMessages
import OAuthResourceServer
import Synchronization

// The code of the article Vapor.md, and stand-ins for the parts of Vapor 4 that it uses.

enum VaporGlue {
    struct ResourceServerMiddleware: AsyncMiddleware {
        let resourceServer: ResourceServer

        func respond(to request: Request, chainingTo next: any AsyncResponder) async throws -> Response {
            let body = try await request.body.collect(max: 4_194_304).get()

            // Where the application listens. A disabled guard serves loopback addresses only.
            let address = request.application.http.server.shared.localAddress?.ipAddress
            switch await resourceServer.decide(
                method: request.method.rawValue, target: request.url.string,
                fields: request.headers.map { ($0.name, $0.value) },
                body: body.map { Array($0.readableBytesView) } ?? [], listener: .init(ipAddress: address))
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

    /// The admission of a request, for routes that answer with a stream.
    struct AdmissionKey: StorageKey {
        typealias Value = ResourceServer.Admission
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
        mutating func replaceOrAdd(name: String, value: String) {
            pairs.removeAll { $0.name.lowercased() == name.lowercased() }
            pairs.append((name: name, value: value))
        }
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

    struct Application: Sendable {
        struct HTTP: Sendable {
            struct Server: Sendable {
                struct Shared: Sendable {
                    let localAddress: SocketAddress?
                }
                let shared: Shared
            }
            let server: Server
        }
        let http: HTTP
        init(ipAddress: String?) {
            http = HTTP(server: .init(shared: .init(localAddress: SocketAddress(ipAddress: ipAddress))))
        }
    }

    struct SocketAddress: Sendable {
        let ipAddress: String?
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
        let body: Body
        let application: Application
        private let state: Mutex<(headers: HTTPHeaders, storage: Storage)>

        init(
            method: HTTPMethod, url: URI, headers: HTTPHeaders, body: Body,
            application: Application = Application(ipAddress: "192.0.2.1")
        ) {
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
