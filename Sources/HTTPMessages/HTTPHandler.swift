/// The port between a server and a program: a request in, a response out.
///
/// One handler serves many requests at once. It runs in a task of its own request, which is cancelled when the client
/// goes away. An error that it throws becomes a 500 with a generic body; its text never reaches the caller.
public protocol HTTPHandler: Sendable {
    /// Answers one request.
    func respond(to request: HTTPRequest) async throws -> HTTPResponse
}

/// A handler made of a closure.
public struct ClosureHandler: HTTPHandler {
    private let body: @Sendable (HTTPRequest) async throws -> HTTPResponse

    /// A handler that calls `body`.
    public init(_ body: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) {
        self.body = body
    }

    /// Calls the closure.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        try await body(request)
    }
}
