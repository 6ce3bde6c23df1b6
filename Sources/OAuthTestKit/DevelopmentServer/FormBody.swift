internal import HTTPMessages

/// The body of a token or registration request, which is read completely up to a limit.
enum FormBody {
    /// The largest body in bytes.
    static let maximumBytes = 65_536

    /// Refuses another media type. Parameters such as `charset` are ignored.
    static func checkContentType(of request: HTTPRequest, is mediaType: MediaType) throws(Refusal) {
        guard request.fields.mediaType == mediaType else { throw .wrongContentType }
    }

    /// Reads the body. Throws a refusal only for its size. The HTTP server handles other failures of the connection.
    static func collect(_ request: HTTPRequest) async throws -> [UInt8] {
        do {
            return try await request.body.collect(upTo: maximumBytes)
        } catch .tooLarge {
            throw Refusal.bodyTooLarge
        }
    }
}
