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
        case stream(@Sendable () async throws(HTTPRequestBodyError) -> [UInt8]?)
    }

    private let storage: Storage

    /// A body at hand; empty by default.
    public init(_ bytes: [UInt8] = []) {
        storage = .bytes(bytes)
    }

    /// A streamed body. `next` gives one non-empty chunk a call, then nil; it is called by one task at a time.
    public init(next: @escaping @Sendable () async throws(HTTPRequestBodyError) -> [UInt8]?) {
        storage = .stream(next)
    }

    /// The whole body. A streamed body can be collected once.
    ///
    /// - Parameter limit: The largest acceptable number of bytes; nothing beyond it is buffered.
    /// - Throws: ``HTTPRequestBodyError/tooLarge(limit:)`` beyond the limit, else what the stream throws.
    public func collect(upTo limit: Int) async throws(HTTPRequestBodyError) -> [UInt8] {
        switch storage {
        case .bytes(let bytes):
            guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
            return bytes
        case .stream(let next):
            var collected: [UInt8] = []
            while let chunk = try await next() {
                guard collected.count + chunk.count <= limit else { throw .tooLarge(limit: limit) }
                if collected.isEmpty { collected = chunk } else { collected += chunk }
            }
            return collected
        }
    }

    /// Calls `body` with each chunk as it arrives, with back-pressure: the next chunk is read when the call returned.
    public func forEachChunk(_ body: ([UInt8]) async throws -> Void) async throws {
        switch storage {
        case .bytes(let bytes):
            if !bytes.isEmpty { try await body(bytes) }
        case .stream(let next):
            while let chunk = try await next() { try await body(chunk) }
        }
    }
}
