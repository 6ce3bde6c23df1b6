package import HTTPMessages
internal import Synchronization
package import WireFormat

/// A fetcher that returns prepared answers and records the requests.
package final class ScriptedFetcher: DocumentFetcher {
    package typealias Answer = Result<FetchedDocument, FetchError>

    private struct State {
        var answers: [String: Answer] = [:]
        var requests: [DocumentRequest] = []
        var waiters: [CheckedContinuation<Void, Never>] = []
        var held = false
    }

    private let state = Mutex(State())

    package init() {}

    package func set(_ url: String, _ answer: Answer) {
        state.withLock { $0.answers[url] = answer }
    }

    package func set(
        _ url: String, json: JSONDocument.Object, status: HTTPStatus = .ok,
        fields: [(HTTPFields.Name, HTTPFields.Value)] = []
    ) {
        var all = HTTPFields()
        for (name, value) in fields { all.append(name, value) }
        set(url, .success(FetchedDocument(status: status, fields: all, body: JSONValue.object(json).encoded())))
    }

    /// Makes every fetch wait until ``release()``.
    package func hold() {
        state.withLock { $0.held = true }
    }

    /// Resumes the waiting fetches. With `holdingOn`, later fetches wait again.
    package func release(holdingOn: Bool = false) {
        let waiters = state.withLock { state in
            state.held = holdingOn
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The requested URLs in order.
    package var requests: [String] { state.withLock { $0.requests.map(\.url.text) } }
    /// The last request.
    package var lastRequest: DocumentRequest? { state.withLock { $0.requests.last } }

    package func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
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
