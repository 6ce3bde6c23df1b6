import HTTPMessages
import OAuthResourceServer
import Synchronization
import WireFormat

/// Answers fetches from a script and counts them.
final class ScriptedFetcher: DocumentFetcher {
    typealias Answer = Result<FetchedDocument, FetchError>

    private struct State {
        var answers: [String: Answer] = [:]
        var requests: [DocumentRequest] = []
        var waiters: [CheckedContinuation<Void, Never>] = []
        var held = false
    }

    private let state = Mutex(State())

    func set(_ url: String, _ answer: Answer) {
        state.withLock { $0.answers[url] = answer }
    }

    func set(
        _ url: String, json: JSONObject, status: HTTPStatus = .ok, fields: [(HTTPFieldName, HTTPFieldValue)] = []
    ) {
        var all = HTTPFields()
        for (name, value) in fields { all.append(name, value) }
        set(url, .success(FetchedDocument(status: status, fields: all, body: JSONValue.object(json).encoded())))
    }

    /// Makes every fetch wait until ``release()``.
    func hold() {
        state.withLock { $0.held = true }
    }

    /// Lets those go that wait now, and with `holdingOn` no others.
    func release(holdingOn: Bool = false) {
        let waiters = state.withLock { state in
            state.held = holdingOn
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The URLs that were asked for, in order.
    var requests: [String] { state.withLock { $0.requests.map(\.url.text) } }
    /// The last request.
    var lastRequest: DocumentRequest? { state.withLock { $0.requests.last } }

    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        await withCheckedContinuation { continuation in
            let held = state.withLock { state in
                state.requests.append(request)
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
    private struct State {
        var time = Duration.zero
        var nextID = 0
        var sleepers: [Int: (wakesAt: Duration, continuation: CheckedContinuation<Void, Never>)] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    /// Moves the time and wakes whoever slept until then.
    func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.time += duration
            let due = state.sleepers.filter { $0.value.wakesAt <= state.time }.sorted { $0.key < $1.key }
            for (id, _) in due { state.sleepers[id] = nil }
            return due.map(\.value.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    var now: Duration { state.withLock { $0.time } }

    /// When the next of those who sleep wakes.
    var nextWake: Duration? { state.withLock { $0.sleepers.values.map(\.wakesAt).min() } }

    /// How many sleep now.
    var sleepers: Int { state.withLock { $0.sleepers.count } }

    var clock: MonotonicClock {
        MonotonicClock(now: { [self] in state.withLock { $0.time } }, sleep: { [self] in await sleep($0) })
    }

    private func sleep(_ duration: Duration) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.sleepers[id] = (state.time + duration, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                if let sleeper = state.sleepers.removeValue(forKey: id) { return Optional(sleeper.continuation) }
                state.cancelled.insert(id)
                return nil
            }
            sleeper?.resume()
        }
    }
}
