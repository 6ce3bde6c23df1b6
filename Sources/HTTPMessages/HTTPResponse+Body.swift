extension HTTPResponse {
    /// The content of a response: bytes, or a stream written with back-pressure.
    public enum Body: Sendable {
        /// Bytes, sent with `Content-Length`.
        case bytes([UInt8])
        /// Content that the closure writes piece by piece. It is sent chunked, and each piece is sent at once.
        ///
        /// The closure runs after the head has been sent, in a task of its own: the one that called the handler has
        /// ended, and its task-local values with it. When the client goes away, the task is cancelled and `write`
        /// throws.
        case stream(@Sendable (HTTPResponse.Body.Writer) async throws -> Void)

        /// A stream of the elements of an async sequence.
        public static func elements<Elements: AsyncSequence & Sendable>(of elements: Elements) -> HTTPResponse.Body
        where Elements.Element == [UInt8] {
            .stream { writer in
                for try await element in elements { try await writer.write(element) }
            }
        }
    }
}

extension HTTPResponse.Body {
    /// Writes the pieces of a streamed response. `write` returns when the server is ready for more.
    public struct Writer: Sendable {
        private let sink: @Sendable ([UInt8]) async throws -> Void
        private let filler: (@Sendable (_ bytes: [UInt8], _ time: Duration) async -> Void)?

        /// A writer to the sink of a server or of a test.
        ///
        /// - Parameters:
        ///   - sink: Sends one piece, which is not empty.
        ///   - filler: Implements ``fillSilence(with:after:)``; nil for a sink without a server.
        public init(
            sink: @escaping @Sendable ([UInt8]) async throws -> Void,
            filler: (@Sendable (_ bytes: [UInt8], _ time: Duration) async -> Void)? = nil
        ) {
            self.sink = sink
            self.filler = filler
        }

        /// Sends one piece. An empty piece sends nothing.
        ///
        /// - Throws: `CancellationError` when the client has gone away or the server is stopping.
        public func write(_ bytes: [UInt8]) async throws {
            if !bytes.isEmpty { try await sink(bytes) }
        }

        /// Makes the server send `bytes` whenever nothing has been written for `time`, until the stream ends.
        ///
        /// This costs neither a task nor a timer. A writer without a server does nothing.
        public func fillSilence(with bytes: [UInt8], after time: Duration) async {
            await filler?(bytes, time)
        }
    }
}
