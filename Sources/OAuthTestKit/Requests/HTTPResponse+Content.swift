public import HTTPMessages
public import WireFormat

// What a test reads from a response. Streams are read to their end.
extension HTTPResponse {
    /// Why the content of a response cannot be read as a test wants it.
    public enum UnreadableContent: Error, Sendable, Hashable {
        /// The content is longer than the limit; the limit in bytes.
        case tooLong(limit: Int)
        /// The content is not UTF-8.
        case notText
        /// The content is not strict JSON.
        case notJSON
    }

    /// The content.
    ///
    /// - Parameter limit: The largest acceptable number of bytes. A longer stream is not read to its end.
    /// - Throws: ``UnreadableContent/tooLong(limit:)``, or the error of the closure that writes a stream.
    public func bytes(upTo limit: Int = 1_048_576) async throws -> [UInt8] {
        switch body {
        case .bytes(let bytes):
            guard bytes.count <= limit else { throw UnreadableContent.tooLong(limit: limit) }
            return bytes
        case .stream(let produce):
            let collected = CollectedBytes()
            try await produce(
                Body.Writer { piece in
                    guard collected.append(piece, upTo: limit) else { throw UnreadableContent.tooLong(limit: limit) }
                })
            // A stream that ignores the error of its writer ends nevertheless, and its content is too long.
            guard let all = collected.all else { throw UnreadableContent.tooLong(limit: limit) }
            return all
        }
    }

    /// The content as text.
    ///
    /// - Throws: As ``bytes(upTo:)``, and ``UnreadableContent/notText``.
    public func text(upTo limit: Int = 1_048_576) async throws -> String {
        let bytes = try await bytes(upTo: limit)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw UnreadableContent.notText }
        return text
    }

    /// The content as JSON, such as `try await response.json()["error"]?.string`. The media type is not looked at.
    ///
    /// - Throws: As ``bytes(upTo:)``, and ``UnreadableContent/notJSON``.
    public func json(upTo limit: Int = 1_048_576) async throws -> JSONValue {
        let bytes = try await bytes(upTo: limit)
        guard let value = try? JSONValue(parsing: bytes) else { throw UnreadableContent.notJSON }
        return value
    }
}
