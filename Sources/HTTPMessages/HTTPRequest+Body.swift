import Synchronization

extension HTTPRequest.Body {
    /// Why a request body could not be read.
    public enum ReadError: Error, Sendable, Hashable {
        /// The body is longer than the reader or the server allows; the limit in bytes.
        case tooLarge(limit: Int)
        /// The framing of the body is broken (RFC 9112 §6 and §7).
        case malformed
        /// The client did not send the rest in time.
        case timedOut
        /// The client went away before the end.
        case disconnected
        /// The stream was read a second time, or by two tasks at once.
        case alreadyConsumed
        /// The server holds as many bytes for its connections as it may; see `ServerLimits.memoryBytes`.
        case memoryExhausted
    }
}

extension HTTPRequest {
    /// The content of a request: bytes, or a stream that is read on demand.
    ///
    /// A server sends `100 Continue` at the first read. A client that waits for it does not upload the body of a
    /// request that is refused before.
    public struct Body: Sendable {
        private enum Storage: Sendable {
            case bytes([UInt8])
            case stream(Stream)
        }

        /// What a reader has done with the chunks that it got before, so that a server can count the bytes it holds.
        package enum EarlierChunks: Sendable {
            case kept
            case released
        }

        /// Returns the next chunk, which is not empty, or nil at the end.
        package typealias Source =
            @Sendable (EarlierChunks) async throws(HTTPRequest.Body.ReadError) -> [UInt8]?

        /// A stream that only the first reader gets.
        private final class Stream: Sendable {
            /// The number of bytes that the client has announced; 0 when it has not.
            let announced: Int
            private let next: Source
            private let isTaken = Atomic(false)

            init(_ next: @escaping Source, announced: Int = 0) {
                self.next = next
                self.announced = announced
            }

            /// Throws for a second reader, which would find only the rest of the body and take it for the whole.
            func take() throws(HTTPRequest.Body.ReadError) -> Source {
                guard !isTaken.exchange(true, ordering: .relaxed) else { throw .alreadyConsumed }
                return next
            }
        }

        private let storage: Storage

        /// A body of these bytes; empty by default.
        public init(_ bytes: [UInt8] = []) {
            storage = .bytes(bytes)
        }

        /// A streamed body.
        ///
        /// - Parameter next: Returns the next chunk, which is not empty, or nil at the end. One reader calls it, from
        ///   one task at a time.
        public init(next: @escaping @Sendable () async throws(HTTPRequest.Body.ReadError) -> [UInt8]?) {
            storage = .stream(Stream { _ async throws(HTTPRequest.Body.ReadError) in try await next() })
        }

        /// A streamed body whose source learns what happens to the chunks.
        ///
        /// - Parameter announced: The number of bytes that the client has announced; 0 when it has not.
        package init(source: @escaping Source, announced: Int = 0) {
            storage = .stream(Stream(source, announced: announced))
        }

        /// The whole body if it is in memory; nil for a stream.
        package var bytesInMemory: [UInt8]? {
            switch storage {
            case .bytes(let bytes): bytes
            case .stream: nil
            }
        }

        /// The whole body. A streamed body can be collected once.
        ///
        /// - Parameter limit: The largest acceptable number of bytes. No more than that is buffered.
        /// - Throws: ``HTTPRequest/Body/ReadError/tooLarge(limit:)`` for a longer body,
        ///   ``HTTPRequest/Body/ReadError/alreadyConsumed`` when the stream has been read, else the error of the
        ///   stream.
        public func collect(upTo limit: Int) async throws(HTTPRequest.Body.ReadError) -> [UInt8] {
            switch storage {
            case .bytes(let bytes):
                guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
                return bytes
            case .stream(let stream):
                let next = try stream.take()
                var collected: [UInt8] = []
                while let chunk = try await next(.kept) {
                    guard chunk.count <= limit - collected.count else { throw .tooLarge(limit: limit) }
                    Self.append(chunk, to: &collected, of: min(stream.announced, limit))
                }
                return collected
            }
        }

        /// Appends a chunk. The second one makes room for the announced rest, which would be copied at each doubling.
        private static func append(_ chunk: [UInt8], to bytes: inout [UInt8], of announced: Int) {
            guard !bytes.isEmpty else {
                bytes = chunk
                return
            }
            // Room that stays empty costs no memory, but a client may announce what it likes.
            if announced > bytes.capacity { bytes.reserveCapacity(min(announced, 1 << 20)) }
            bytes += chunk
        }

        /// Reads the beginning of the body. Returns it together with an equivalent of the whole body, through which a
        /// streamed body can still be read once.
        ///
        /// - Parameter count: The number of bytes to read at least; fewer only when the body is shorter. Up to one
        ///   chunk more is read.
        /// - Throws: ``HTTPRequest/Body/ReadError/alreadyConsumed`` when the stream has been read, else the error of
        ///   the stream.
        package func beginning(
            _ count: Int
        ) async throws(HTTPRequest.Body.ReadError) -> (bytes: [UInt8], whole: HTTPRequest.Body) {
            switch storage {
            case .bytes(let bytes): return (bytes, self)
            case .stream(let stream):
                let next = try stream.take()
                var bytes: [UInt8] = []
                while bytes.count < count {
                    guard let chunk = try await next(.kept) else { return (bytes, HTTPRequest.Body(bytes)) }
                    Self.append(chunk, to: &bytes, of: min(stream.announced, count))
                }
                // The bytes are let go once they have been handed out: then a server may count them as released.
                let first = Mutex(bytes)
                return (
                    bytes,
                    HTTPRequest.Body(source: { earlier async throws(HTTPRequest.Body.ReadError) -> [UInt8]? in
                        let beginning = first.withLock { first in
                            defer { first = [] }
                            return first
                        }
                        return beginning.isEmpty ? try await next(earlier) : beginning
                    })
                )
            }
        }

        /// Calls `body` with each chunk as it arrives. The next chunk is read when the call has returned. A streamed
        /// body can be read once.
        ///
        /// - Throws: The error of `body`, or an ``HTTPRequest/Body/ReadError``.
        public func forEachChunk(_ body: ([UInt8]) async throws -> Void) async throws {
            switch storage {
            case .bytes(let bytes):
                if !bytes.isEmpty { try await body(bytes) }
            case .stream(let stream):
                let next = try stream.take()
                while let chunk = try await next(.released) { try await body(chunk) }
            }
        }
    }
}
