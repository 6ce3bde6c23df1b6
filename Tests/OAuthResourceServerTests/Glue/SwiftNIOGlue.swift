import HTTPMessages
import OAuthResourceServer

// The code of the article SwiftNIO.md. SwiftNIOStandIns.swift has stand-ins for the types of the framework.

enum SwiftNIOGlue {
    /// The response of a handler.
    struct Reply: Sendable {
        enum Body: Sendable {
            case bytes(ByteBuffer)
            /// Written piece by piece. Each piece is sent at once.
            case stream(@Sendable (_ write: @Sendable (ByteBuffer) async throws -> Void) async throws -> Void)
        }

        var status = HTTPResponseStatus.ok
        var headers = HTTPHeaders()
        var body = Body.bytes(ByteBuffer())
    }

    /// Serves the requests of a connection, one after the other.
    struct ProtectedConnection: Sendable {
        typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

        let resourceServer: ResourceServer
        /// The longest body of a request in bytes. A longer one gets 413.
        var bodyLimit = 4_194_304
        let handler: @Sendable (HTTPRequestHead, ByteBuffer, Principal) async throws -> Reply

        func serve(_ connection: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>) async throws {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask {
                    // Where the requests arrive. A disabled guard serves loopback addresses only.
                    let address = connection.channel.localAddress?.ipAddress
                    try await connection.executeThenClose { inbound, outbound in
                        var parts = inbound.makeAsyncIterator()
                        while case .head(let head)? = try await parts.next() {
                            var body: ByteBuffer? = ByteBuffer()
                            while case .body(let part)? = try await parts.next() {
                                let length = part.readableBytes + (body?.readableBytes ?? 0)
                                if length > bodyLimit { body = nil } else { body?.writeImmutableBuffer(part) }
                            }
                            try await answer(head, body, at: address, outbound)
                            guard head.isKeepAlive else { return }
                        }
                    }
                }
                // When the client goes away, the handler and its stream are cancelled.
                try await connection.channel.closeFuture.get()
                group.cancelAll()
            }
        }

        /// - Parameter body: Nil when it is longer than the limit.
        private func answer(
            _ head: HTTPRequestHead, _ body: ByteBuffer?, at address: String?, _ outbound: Outbound
        ) async throws {
            switch await resourceServer.decide(
                method: head.method.rawValue, target: head.uri, fields: head.headers.map { ($0.name, $0.value) },
                body: body.map { Array($0.readableBytesView) }, isBodyTooLong: body == nil,
                listener: .init(ipAddress: address))
            {
            case .respond(let refusal):
                var reply = Reply(status: .init(statusCode: refusal.status.code))
                if case .bytes(let bytes) = refusal.body { reply.body = .bytes(ByteBuffer(bytes: bytes)) }
                try await write(reply, refusal.fields.pairs, to: head, outbound, nil)
            case .proceed(let admission):
                let reply = await reply(to: head, body, admission)
                let fields = admission.finish(
                    status: Int(reply.status.code), fields: reply.headers.map { ($0.name, $0.value) })
                try await write(reply, fields, to: head, outbound, admission)
            }
        }

        private func reply(
            to head: HTTPRequestHead, _ body: ByteBuffer?, _ admission: ResourceServer.Admission
        ) async -> Reply {
            guard let body else { return Reply(status: .payloadTooLarge) }
            var head = head
            // The handler sees the session under its own identifier.
            if let session = admission.sessionID { head.headers.replaceOrAdd(name: "Mcp-Session-Id", value: session) }
            let principal = admission.principal
            do {
                return try await Principal.$current.withValue(principal) { try await handler(head, body, principal) }
            } catch {
                return Reply(status: .internalServerError)
            }
        }

        private func write(
            _ reply: Reply, _ fields: [(name: String, value: String)], to request: HTTPRequestHead,
            _ outbound: Outbound, _ admission: ResourceServer.Admission?
        ) async throws {
            var head = HTTPResponseHead(
                version: request.version, status: reply.status,
                headers: HTTPHeaders(fields.map { ($0.name, $0.value) }))
            switch reply.body {
            case .stream(let produce) where request.method != .HEAD:
                // nginx would hold the events back otherwise.
                head.headers.replaceOrAdd(name: "X-Accel-Buffering", value: "no")
                try await outbound.write(.head(head))
                do {
                    // The handler has returned before. `limitStream` sets `Principal.current` again.
                    try await admission?.limitStream(fields) {
                        try await produce { piece in try await outbound.write(.body(.byteBuffer(piece))) }
                    }
                } catch is CancellationError where !Task.isCancelled {
                    // The token has expired: the stream ends as if the handler had ended it.
                }
            case .stream:
                head.headers.replaceOrAdd(name: "Content-Length", value: "0")
                try await outbound.write(.head(head))
            case .bytes(let bytes):
                head.headers.replaceOrAdd(name: "Content-Length", value: "\(bytes.readableBytes)")
                try await outbound.write(.head(head))
                if request.method != .HEAD { try await outbound.write(.body(.byteBuffer(bytes))) }
            }
            try await outbound.write(.end(nil))
        }
    }

    static var serving: (ResourceServer, String, Int) async throws -> Void {
        func serve(_ resourceServer: ResourceServer, host: String, port: Int) async throws {
            let protected = ProtectedConnection(resourceServer: resourceServer) { head, body, principal in
                let name = principal.subject ?? "stranger"
                guard head.method == .GET else { return Reply(body: .bytes(ByteBuffer(string: "Hello, \(name)\n"))) }
                return Reply(
                    headers: ["Content-Type": "text/event-stream"],
                    body: .stream { write in
                        for number in 1...3 {
                            try await write(ByteBuffer(string: "data: \(number) for \(name)\n\n"))
                            try await Task.sleep(for: .seconds(1))
                        }
                    })
            }
            let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                        return try NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>(
                            wrappingChannelSynchronously: channel)
                    }
                }
            try await withThrowingDiscardingTaskGroup { group in
                try await listener.executeThenClose { connections in
                    for try await connection in connections {
                        // An error ends its connection only.
                        group.addTask { try? await protected.serve(connection) }
                    }
                }
            }
        }
        return { try await serve($0, host: $1, port: $2) }
    }
}
