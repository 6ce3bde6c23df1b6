// Stand-ins for the types of SwiftNIO 2.101.3 that the articles use, with its signatures. The code of the article
// SwiftNIO.md was built and driven against that version.

extension SwiftNIOGlue {
    struct ByteBuffer: Sendable, Hashable {
        private(set) var readableBytesView: [UInt8] = []
        var readableBytes: Int { readableBytesView.count }

        init() {}
        init(bytes: some Sequence<UInt8>) { readableBytesView = Array(bytes) }
        init(string: String) { readableBytesView = Array(string.utf8) }

        @discardableResult mutating func writeImmutableBuffer(_ buffer: ByteBuffer) -> Int {
            readableBytesView += buffer.readableBytesView
            return buffer.readableBytes
        }
    }

    struct SocketAddress: Sendable {
        let ipAddress: String?
    }

    struct NIOTooManyBytesError: Error {}

    struct HTTPVersion: Sendable {}

    struct HTTPMethod: Sendable, Hashable, RawRepresentable {
        let rawValue: String
        // The names are those of SwiftNIO.
        // swift-format-ignore: AlwaysUseLowerCamelCase
        static let GET = HTTPMethod(rawValue: "GET")
        // swift-format-ignore: AlwaysUseLowerCamelCase
        static let HEAD = HTTPMethod(rawValue: "HEAD")
    }

    struct HTTPResponseStatus: Sendable, Hashable {
        let code: UInt
        init(statusCode: Int) { code = UInt(statusCode) }
        static let ok = HTTPResponseStatus(statusCode: 200)
        static let payloadTooLarge = HTTPResponseStatus(statusCode: 413)
        static let internalServerError = HTTPResponseStatus(statusCode: 500)
    }

    struct HTTPHeaders: Sendable, Sequence, ExpressibleByDictionaryLiteral {
        private var pairs: [(name: String, value: String)] = []

        init(_ elements: [(String, String)] = []) { pairs = elements.map { (name: $0.0, value: $0.1) } }
        init(dictionaryLiteral elements: (String, String)...) { self.init(elements) }
        func makeIterator() -> IndexingIterator<[(name: String, value: String)]> { pairs.makeIterator() }

        mutating func replaceOrAdd(name: String, value: String) {
            pairs.removeAll { $0.name.lowercased() == name.lowercased() }
            pairs.append((name: name, value: value))
        }
    }

    struct HTTPRequestHead: Sendable {
        var version = HTTPVersion()
        var method: HTTPMethod
        var uri: String
        var headers: HTTPHeaders
        var isKeepAlive: Bool { !headers.contains { $0.name.lowercased() == "connection" && $0.value == "close" } }
    }

    struct HTTPResponseHead: Sendable {
        var version: HTTPVersion
        var status: HTTPResponseStatus
        var headers = HTTPHeaders()
    }

    enum IOData: Sendable {
        case byteBuffer(ByteBuffer)
    }

    enum HTTPPart<Head: Sendable, Body: Sendable>: Sendable {
        case head(Head)
        case body(Body)
        case end(HTTPHeaders?)
    }

    typealias HTTPServerRequestPart = HTTPPart<HTTPRequestHead, ByteBuffer>
    typealias HTTPServerResponsePart = HTTPPart<HTTPResponseHead, IOData>
}

// MARK: Channels

extension SwiftNIOGlue {
    struct EventLoopFuture<Value: Sendable>: Sendable {
        let value: @Sendable () async throws -> Value
        func get() async throws -> Value { try await value() }
    }

    struct EventLoop: Sendable {
        func makeCompletedFuture<Success: Sendable>(
            withResultOf body: () throws -> Success
        ) -> EventLoopFuture<Success> {
            let result = Result { try body() }
            return EventLoopFuture { try result.get() }
        }
    }

    struct ChannelPipeline: Sendable {
        struct SynchronousOperations: Sendable {
            func configureHTTPServerPipeline() throws {}
        }

        let syncOperations = SynchronousOperations()
    }

    protocol Channel: Sendable {
        var localAddress: SocketAddress? { get }
        var closeFuture: EventLoopFuture<Void> { get }
    }

    struct NIOAsyncChannelOutboundWriter<Outbound: Sendable>: Sendable {
        let receive: @Sendable (Outbound) async throws -> Void
        func write(_ part: Outbound) async throws {
            try Task.checkCancellation()
            try await receive(part)
        }
    }

    /// A connection of a test: it has the parts of requests, and collects the parts of responses.
    // swift-format-ignore: AmbiguousTrailingClosureOverload
    struct NIOAsyncChannel<Inbound: Sendable, Outbound: Sendable>: Sendable {
        let channel: any Channel
        private let inbound: AsyncThrowingStream<Inbound, any Error>
        private let outbound: NIOAsyncChannelOutboundWriter<Outbound>
        private let didClose: @Sendable () -> Void

        init(wrappingChannelSynchronously channel: any Channel) throws {
            self.init(channel, AsyncThrowingStream { $0.finish() }, receive: { _ in }, didClose: {})
        }

        init(
            _ channel: any Channel, _ inbound: AsyncThrowingStream<Inbound, any Error>,
            receive: @escaping @Sendable (Outbound) async throws -> Void, didClose: @escaping @Sendable () -> Void
        ) {
            self.channel = channel
            self.inbound = inbound
            outbound = NIOAsyncChannelOutboundWriter(receive: receive)
            self.didClose = didClose
        }

        func executeThenClose(
            _ body: (AsyncThrowingStream<Inbound, any Error>, NIOAsyncChannelOutboundWriter<Outbound>) async throws ->
                Void
        ) async throws {
            defer { didClose() }
            try await body(inbound, outbound)
        }

        func executeThenClose(_ body: (AsyncThrowingStream<Inbound, any Error>) async throws -> Void) async throws
        where Outbound == Never {
            defer { didClose() }
            try await body(inbound)
        }
    }

    struct MultiThreadedEventLoopGroup: Sendable {
        static let singleton = MultiThreadedEventLoopGroup()
    }

    struct ServerBootstrap {
        struct Option: Sendable {
            enum Name: Sendable {
                // swift-format-ignore: AlwaysUseLowerCamelCase
                case so_reuseaddr
            }
            static func socketOption(_ name: Name) -> Option { Option() }
        }

        init(group: MultiThreadedEventLoopGroup) {}
        func serverChannelOption(_ option: Option, value: Int) -> ServerBootstrap { self }

        /// No connection arrives.
        func bind<Output: Sendable>(
            host: String, port: Int,
            childChannelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
        ) async throws -> NIOAsyncChannel<Output, Never> {
            try NIOAsyncChannel(wrappingChannelSynchronously: TestChannel())
        }
    }

    /// The channel of a connection of a test.
    final class TestChannel: Channel {
        let localAddress: SocketAddress?
        private let closed = AsyncStream.makeStream(of: Never.self)

        init(at ipAddress: String? = nil) { localAddress = SocketAddress(ipAddress: ipAddress) }

        /// The client goes away, or the server has closed.
        func close() { closed.continuation.finish() }

        var closeFuture: EventLoopFuture<Void> {
            EventLoopFuture { [stream = closed.stream] in
                for await _ in stream {}
            }
        }
    }
}

extension SwiftNIOGlue.Channel {
    var eventLoop: SwiftNIOGlue.EventLoop { SwiftNIOGlue.EventLoop() }
    var pipeline: SwiftNIOGlue.ChannelPipeline { SwiftNIOGlue.ChannelPipeline() }
}
