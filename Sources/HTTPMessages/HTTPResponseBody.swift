/// The content of a response: bytes, or a stream written with back-pressure.
public enum HTTPResponseBody: Sendable {
    /// Content at hand; sent with `Content-Length`.
    case bytes([UInt8])
    /// Content written piece by piece; sent chunked, each piece flushed at once.
    ///
    /// The closure runs in the task of the request, after the head was sent. When the client goes away, that task is
    /// cancelled and `write` throws.
    case stream(@Sendable (HTTPBodyWriter) async throws -> Void)

    /// A stream of the elements of an async sequence.
    public static func elements<Elements: AsyncSequence & Sendable>(of elements: Elements) -> HTTPResponseBody
    where Elements.Element == [UInt8] {
        .stream { writer in
            for try await element in elements { try await writer.write(element) }
        }
    }
}

/// Writes the pieces of a streamed response. Returns from `write` when the server is ready for more.
public struct HTTPBodyWriter: Sendable {
    private let sink: @Sendable ([UInt8]) async throws -> Void
    private let filler: (@Sendable (_ bytes: [UInt8], _ time: Duration) async -> Void)?

    /// A writer over a server's (or a test's) sink.
    ///
    /// - Parameters:
    ///   - sink: Sends one piece, which is not empty.
    ///   - filler: Does what ``fillSilence(with:after:)`` says; nil does nothing.
    public init(
        sink: @escaping @Sendable ([UInt8]) async throws -> Void,
        filler: (@Sendable (_ bytes: [UInt8], _ time: Duration) async -> Void)? = nil
    ) {
        self.sink = sink
        self.filler = filler
    }

    /// Sends one piece; an empty piece sends nothing.
    ///
    /// - Throws: `CancellationError` when the client went away or the server is stopping.
    public func write(_ bytes: [UInt8]) async throws {
        if !bytes.isEmpty { try await sink(bytes) }
    }

    /// From now on the server itself sends `bytes` whenever nothing has been written for `time`, until the stream ends. It costs
    /// neither a task nor a timer. A writer without a server does nothing.
    public func fillSilence(with bytes: [UInt8], after time: Duration) async {
        await filler?(bytes, time)
    }
}
