import HTTPMessages
import OAuthResourceServer

// The code of the article SwiftNIO.md, and stand-ins for the parts of SwiftNIO that it uses.

enum SwiftNIOGlue {
    struct ProtectedExchange: Sendable {
        let resourceServer: ResourceServer
        let handler: @Sendable (HTTPRequestHead, ByteBuffer, Principal) async throws -> (HTTPResponseHead, ByteBuffer)

        /// - Parameter address: Where the request arrived: the channel's `localAddress`.
        func respond(
            to head: HTTPRequestHead, _ body: ByteBuffer, at address: SocketAddress?
        ) async throws -> (HTTPResponseHead, ByteBuffer) {
            switch await resourceServer.decide(
                method: head.method.rawValue, target: head.uri, fields: head.headers.map { ($0.name, $0.value) },
                body: Array(body.readableBytesView), listener: .init(ipAddress: address?.ipAddress))
            {
            case .respond(let refusal):
                let refusalHead = HTTPResponseHead(
                    version: head.version, status: .init(statusCode: refusal.status.code),
                    headers: Self.headers(refusal.fields.pairs))
                guard case .bytes(let bytes) = refusal.body else { return (refusalHead, ByteBuffer()) }
                return (refusalHead, ByteBuffer(bytes: bytes))
            case .proceed(let admission):
                var head = head
                // The handler sees the session under its own identifier.
                if let session = admission.sessionID {
                    head.headers.replaceOrAdd(name: "Mcp-Session-Id", value: session)
                }
                var (responseHead, content) = try await handler(head, body, admission.principal)
                let fields = responseHead.headers.map { ($0.name, $0.value) }
                responseHead.headers = Self.headers(
                    admission.finish(status: Int(responseHead.status.code), fields: fields))
                return (responseHead, content)
            }
        }

        private static func headers(_ fields: [(name: String, value: String)]) -> HTTPHeaders {
            HTTPHeaders(fields.map { ($0.name, $0.value) })
        }
    }
}

// MARK: Stand-ins

extension SwiftNIOGlue {
    typealias HTTPMethod = VaporGlue.HTTPMethod
    typealias HTTPHeaders = VaporGlue.HTTPHeaders
    typealias HTTPResponseStatus = VaporGlue.HTTPResponseStatus

    struct HTTPVersion: Sendable {}

    struct ByteBuffer: Sendable {
        let readableBytesView: [UInt8]
        init(bytes: [UInt8] = []) { readableBytesView = bytes }
    }

    typealias SocketAddress = VaporGlue.SocketAddress

    struct HTTPRequestHead: Sendable {
        var version = HTTPVersion()
        var method: HTTPMethod
        var uri: String
        var headers: HTTPHeaders
    }

    struct HTTPResponseHead: Sendable {
        var version: HTTPVersion
        var status: HTTPResponseStatus
        var headers = HTTPHeaders()
    }
}
