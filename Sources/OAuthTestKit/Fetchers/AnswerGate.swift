internal import HTTPMessages
internal import Synchronization

/// Records the requests to a fetcher of the kit, and lets them wait while a test wants that.
final class AnswerGate: Sendable {
    private struct State {
        var requests: [DocumentRequest] = []
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isHeld = false
    }

    private let state = Mutex(State())

    /// The requests in order.
    var requests: [DocumentRequest] { state.withLock { $0.requests } }

    /// Records a request. Returns at once, or when the gate is opened.
    func pass(_ request: DocumentRequest) async {
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                state.requests.append(request)
                if state.isHeld { state.waiters.append(continuation) }
                return state.isHeld
            }
            if !isHeld { continuation.resume() }
        }
    }

    /// Makes every request wait.
    func hold() {
        state.withLock { $0.isHeld = true }
    }

    /// Lets the waiting requests continue.
    ///
    /// - Parameter holdingOn: Whether later requests wait again.
    func release(holdingOn: Bool) {
        let waiters = state.withLock { state in
            state.isHeld = holdingOn
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
