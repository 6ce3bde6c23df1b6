/// The port between a server and a program: it takes a request and returns a response.
///
/// One handler serves many requests at once. Each request has its own task, which is cancelled when the client goes
/// away. An error that the handler throws becomes a 500 with a generic body; its text never reaches the client.
public protocol HTTPHandler: Sendable {
    /// The addresses on which a server may run this handler. A server refuses to run it on others. The default is
    /// ``HTTPExposure/anywhere``.
    var exposure: HTTPExposure { get }

    /// Answers one request.
    func respond(to request: HTTPRequest) async throws -> HTTPResponse
}

extension HTTPHandler {
    /// ``HTTPExposure/anywhere``
    public var exposure: HTTPExposure { .anywhere }
}
