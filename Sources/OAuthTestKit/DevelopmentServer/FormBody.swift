internal import HTTPMessages
internal import WireFormat

/// The body of a token or registration request, read whole and bounded.
enum FormBody {
    /// The largest body in bytes.
    static let maximumBytes = 65_536

    /// Refuses another media type; parameters such as `charset` are tolerated.
    static func checkContentType(of request: HTTPRequest, isExactly mediaType: StaticString) throws(Refusal) {
        guard case .once(let value) = request.fields.occurrence(of: .contentType) else { throw .wrongContentType }
        let end = value.bytes.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? value.bytes.endIndex
        guard ASCII.equalsIgnoringCase(value.bytes[..<end], mediaType.description.utf8) else { throw .wrongContentType }
    }

    /// The body. Other failures than its size are the connection's, and the server's to answer.
    static func collect(_ request: HTTPRequest) async throws -> [UInt8] {
        do {
            return try await request.body.collect(upTo: maximumBytes)
        } catch .tooLarge {
            throw Refusal.bodyTooLarge
        }
    }
}
