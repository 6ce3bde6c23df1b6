internal import HTTPMessages

/// The body of a token or registration request, read whole and bounded.
enum FormBody {
    /// The largest body in bytes.
    static let maximumBytes = 65_536

    /// Refuses another media type; parameters such as `charset` are tolerated.
    static func checkContentType(of request: HTTPRequest, is mediaType: MediaType) throws(Refusal) {
        guard request.fields.mediaType == mediaType else { throw .wrongContentType }
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
