import Synchronization

/// Why a request body could not be read.
public enum HTTPRequestBodyError: Error, Sendable, Hashable {
    /// The body is longer than the reader or the server allows; the limit in bytes.
    case tooLarge(limit: Int)
    /// The framing of the body is broken (RFC 9112 §6 and §7).
    case malformed
    /// The caller did not send the rest in time.
    case timedOut
    /// The caller went away before the end.
    case disconnected
    /// The stream was read twice, or by two tasks at once.
    case alreadyConsumed
}

/// The content of a request: bytes at hand, or a stream that is read when somebody asks for it.
///
/// A server that sends `100 Continue` does so at the first read: a request that the guard refuses never uploads its
/// body.
public struct HTTPRequestBody: Sendable {
    private enum Storage: Sendable {
        case bytes([UInt8])
        case stream(Stream)
    }

    /// A stream that is handed to the first reader and to nobody else.
    private final class Stream: Sendable {
        private let next: @Sendable () async throws(HTTPRequestBodyError) -> [UInt8]?
        private let isTaken = Atomic(false)

        init(_ next: @escaping @Sendable () async throws(HTTPRequestBodyError) -> [UInt8]?) {
            self.next = next
        }

        /// A second reader would find a part of the body, or none, and take it for the whole.
        func take() throws(HTTPRequestBodyError) -> @Sendable () async throws(HTTPRequestBodyError) -> [UInt8]? {
            guard !isTaken.exchange(true, ordering: .relaxed) else { throw .alreadyConsumed }
            return next
        }
    }

    private let storage: Storage

    /// A body at hand; empty by default.
    public init(_ bytes: [UInt8] = []) {
        storage = .bytes(bytes)
    }

    /// A streamed body. `next` gives one non-empty chunk a call, then nil; it is called by one task at a time, and by one
    /// reader only.
    public init(next: @escaping @Sendable () async throws(HTTPRequestBodyError) -> [UInt8]?) {
        storage = .stream(Stream(next))
    }

    /// The whole body. A streamed body can be collected once.
    ///
    /// - Parameter limit: The largest acceptable number of bytes; nothing beyond it is buffered.
    /// - Throws: ``HTTPRequestBodyError/tooLarge(limit:)`` beyond the limit,
    ///   ``HTTPRequestBodyError/alreadyConsumed`` when somebody has read the stream, else what the stream throws.
    public func collect(upTo limit: Int) async throws(HTTPRequestBodyError) -> [UInt8] {
        switch storage {
        case .bytes(let bytes):
            guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
            return bytes
        case .stream(let stream):
            let next = try stream.take()
            var collected: [UInt8] = []
            while let chunk = try await next() {
                guard chunk.count <= limit - collected.count else { throw .tooLarge(limit: limit) }
                if collected.isEmpty { collected = chunk } else { collected += chunk }
            }
            return collected
        }
    }

    /// Reads the beginning of the body, and gives it together with an equivalent of the whole body. A streamed body can be
    /// read once: from now on through the equivalent.
    ///
    /// - Parameter count: At least so many bytes are read, or all that there are; one chunk more at most.
    /// - Throws: ``HTTPRequestBodyError/alreadyConsumed`` when somebody has read the stream, else what the stream throws.
    public func beginning(
        _ count: Int
    ) async throws(HTTPRequestBodyError) -> (bytes: [UInt8], whole: HTTPRequestBody) {
        switch storage {
        case .bytes(let bytes): return (bytes, self)
        case .stream(let stream):
            let next = try stream.take()
            var bytes: [UInt8] = []
            while bytes.count < count {
                guard let chunk = try await next() else { return (bytes, HTTPRequestBody(bytes)) }
                bytes += chunk
            }
            let isFirst = Atomic(true)
            return (
                bytes,
                HTTPRequestBody { [bytes] () async throws(HTTPRequestBodyError) -> [UInt8]? in
                    if isFirst.exchange(false, ordering: .relaxed), !bytes.isEmpty { return bytes }
                    return try await next()
                }
            )
        }
    }

    /// Calls `body` with each chunk as it arrives, with back-pressure: the next chunk is read when the call returned.
    /// A streamed body can be read once.
    ///
    /// - Throws: What `body` throws, or an ``HTTPRequestBodyError``.
    public func forEachChunk(_ body: ([UInt8]) async throws -> Void) async throws {
        switch storage {
        case .bytes(let bytes):
            if !bytes.isEmpty { try await body(bytes) }
        case .stream(let stream):
            let next = try stream.take()
            while let chunk = try await next() { try await body(chunk) }
        }
    }
}
