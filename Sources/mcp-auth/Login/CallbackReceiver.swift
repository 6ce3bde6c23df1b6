import HTTPMessages
import SocketHTTP
import Synchronization
import WireFormat

/// Waits on a loopback port for the browser that comes back from the authorization server (RFC 8252 §7.3).
///
/// Only a request to the redirect path with the expected `state` counts. Any other page could send one.
final class CallbackReceiver: HTTPHandler {
    private struct State {
        var expected: String?
        var waiter: CheckedContinuation<String?, Never>?
        var query: String?
    }

    private let path: String
    private let state = Mutex(State())

    init(path: String) {
        self.path = path
    }

    /// Loopback only: the callback carries an authorization code.
    var exposure: HTTPExposure { .loopbackOnly(reason: "it receives authorization codes") }

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        guard request.method == .get, request.path.hasSameBytes(as: path) else {
            return .text("This program waits for a login at another path.\n", status: .notFound)
        }
        let query = request.target.query ?? ""
        let states = FormText.values(of: "state", in: query)
        let isExpected = state.withLock { state -> Bool in
            guard let expected = state.expected, states.count == 1, states[0].hasSameBytes(as: expected) else {
                return false
            }
            state.expected = nil
            state.query = query
            return true
        }
        guard isExpected else {
            return .text("This is not the answer to the login that was begun.\n", status: .badRequest)
        }
        deliver(query)
        var response = HTTPResponse.text("The answer has arrived. You may close this page.\n")
        response.fields[.cacheControl] = "no-store"
        return response
    }

    /// Begins to wait for an answer with this `state`. Call it before the browser is opened.
    func expect(state value: String) {
        state.withLock {
            $0.expected = value
            $0.query = nil
        }
    }

    /// The query of the answer; nil after ``cancel()``.
    func query() async -> String? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let present = state.withLock { state -> String?? in
                    if let query = state.query { return .some(query) }
                    if Task.isCancelled { return .some(nil) }
                    state.waiter = continuation
                    return nil
                }
                if let present { continuation.resume(returning: present) }
            }
        } onCancel: {
            deliver(nil)
        }
    }

    private func deliver(_ query: String?) {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: query)
    }
}
