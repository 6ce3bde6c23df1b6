import HTTPMessages
import Synchronization

/// A handler that is made when the ports are known: port 0 means that the system chooses one, and then the URLs of the
/// resource and of the issuer are known only after listening.
final class LateHandler: HTTPHandler {
    private let handler = Mutex<(any HTTPHandler)?>(nil)

    /// Sets the handler; before the server runs.
    func become(_ handler: some HTTPHandler) {
        self.handler.withLock { $0 = handler }
    }

    // The server listens before there is a handler; the quickstart's is always on loopback.
    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        guard let handler = handler.withLock({ $0 }) else { return HTTPResponse(status: .serviceUnavailable) }
        return try await handler.respond(to: request)
    }
}
