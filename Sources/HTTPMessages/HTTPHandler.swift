/// The port between a server and a program: a request in, a response out.
///
/// One handler serves many requests at once. It runs in a task of its own request, which is cancelled when the client
/// goes away. An error that it throws becomes a 500 with a generic body; its text never reaches the caller.
public protocol HTTPHandler: Sendable {
    /// Where a server may listen for this handler; a server refuses to bind elsewhere. Anywhere, unless the handler says less.
    var exposure: HTTPExposure { get }

    /// Answers one request.
    func respond(to request: HTTPRequest) async throws -> HTTPResponse
}

extension HTTPHandler {
    /// Anywhere.
    public var exposure: HTTPExposure { .anywhere }
}

/// Where a server may listen for a handler.
public enum HTTPExposure: Sendable, Hashable {
    /// On any address.
    case anywhere
    /// On loopback addresses and Unix-domain sockets only; a sentence for the operator says why, and what to do.
    case loopbackOnly(reason: String)
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
