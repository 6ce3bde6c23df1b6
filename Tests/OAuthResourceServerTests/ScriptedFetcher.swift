import HTTPMessages
import OAuthResourceServer
import Synchronization
import WireFormat

/// Answers fetches from a script and counts them.
final class ScriptedFetcher: DocumentFetcher {
    typealias Answer = Result<FetchedDocument, FetchError>

    private struct State {
        var answers: [String: Answer] = [:]
        var requests: [String] = []
        var waiters: [CheckedContinuation<Void, Never>] = []
        var held = false
    }

    private let state = Mutex(State())

    func set(_ url: String, _ answer: Answer) {
        state.withLock { $0.answers[url] = answer }
    }

    func set(_ url: String, json: JSONObject, status: HTTPStatus = .ok) {
        set(url, .success(FetchedDocument(status: status, body: JSONValue.object(json).encoded())))
    }

    /// Makes every fetch wait until ``release()``.
    func hold() {
        state.withLock { $0.held = true }
    }

    func release() {
        let waiters = state.withLock { state in
            state.held = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    var requests: [String] { state.withLock { $0.requests } }

    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        await withCheckedContinuation { continuation in
            let held = state.withLock { state in
                state.requests.append(request.url.text)
                if state.held { state.waiters.append(continuation) }
                return state.held
            }
            if !held { continuation.resume() }
        }
        let answer = state.withLock { $0.answers[request.url.text] }
        return try (answer ?? .success(FetchedDocument(status: .notFound, body: []))).get()
    }
}

/// A verifier for tests that never get as far as a token.
struct StubVerifier: TokenVerifier {
    func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        throw .invalid(.other(code: "stub"))
    }
}

/// A clock that moves when told to.
final class ManualClock: Sendable {
    private let time = Mutex(Duration.zero)

    func advance(by duration: Duration) {
        time.withLock { $0 += duration }
    }

    var clock: MonotonicClock { MonotonicClock { [self] in time.withLock { $0 } } }
}
