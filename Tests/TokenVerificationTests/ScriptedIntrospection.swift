import HTTPMessages
import TokenVerification
import Synchronization
import WireFormat

/// An introspection endpoint that gives prepared answers and records the requests.
final class ScriptedIntrospection: DocumentFetcher {
    typealias Answer = Result<FetchedDocument, FetchError>

    struct Request: Sendable {
        let url: String
        let form: String
        let fields: HTTPFields
        let limit: Int

        /// The token in the form, not decoded.
        var token: String {
            let first = form.utf8.split(separator: UInt8(ascii: "&")).first ?? "".utf8[...]
            return String(decoding: first.dropFirst("token=".utf8.count), as: UTF8.self)
        }
    }

    private struct State {
        var answer: @Sendable (Request) -> Answer
        var requests: [Request] = []
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isHeld = false
        var running = 0
        var mostRunning = 0
    }

    private let state: Mutex<State>

    init(_ answer: @escaping @Sendable (Request) -> Answer) {
        state = Mutex(State(answer: answer))
    }

    convenience init(_ answer: JSONDocument.Object) {
        self.init { _ in Self.json(.object(answer)) }
    }

    static func json(_ value: JSONValue, status: HTTPStatus = .ok) -> Answer {
        document(value.encoded(), status: status)
    }

    static func document(
        _ body: [UInt8], status: HTTPStatus = .ok, type: HTTPFields.Value? = "application/json"
    ) -> Answer {
        var fields = HTTPFields()
        if let type { fields.append(.contentType, type) }
        return .success(FetchedDocument(status: status, fields: fields, body: body))
    }

    func set(_ answer: @escaping @Sendable (Request) -> Answer) { state.withLock { $0.answer = answer } }

    func set(_ answer: Answer) { set { _ in answer } }

    var requests: [Request] { state.withLock { $0.requests } }
    /// The number of requests without an answer.
    var running: Int { state.withLock { $0.running } }
    var mostRunning: Int { state.withLock { $0.mostRunning } }

    /// Makes every request wait until ``release()``.
    func hold() { state.withLock { $0.isHeld = true } }

    func release() {
        let waiters = state.withLock { state in
            state.isHeld = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Lets the newest waiting request continue. Later ones wait.
    func releaseLast() {
        state.withLock { $0.waiters.popLast() }?.resume()
    }

    /// Lets the oldest waiting request continue. Later ones wait.
    func releaseFirst() {
        state.withLock { $0.waiters.isEmpty ? nil : $0.waiters.removeFirst() }?.resume()
    }

    func wait(forRequests count: Int) async {
        while requests.count < count { await Task.yield() }
    }

    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        guard case .postForm(let form) = request.method else { throw .notAllowed }
        let asked = Request(
            url: request.url.text, form: String(decoding: form, as: UTF8.self), fields: request.fields,
            limit: request.maximumBodyBytes)
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                state.requests.append(asked)
                state.running += 1
                state.mostRunning = max(state.mostRunning, state.running)
                if state.isHeld { state.waiters.append(continuation) }
                return state.isHeld
            }
            if !isHeld { continuation.resume() }
        }
        let answer = state.withLock { state in
            state.running -= 1
            return state.answer
        }
        return try answer(asked).get()
    }
}
