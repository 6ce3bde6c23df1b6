internal import Synchronization

/// One request to elsewhere that several callers wait for, each no longer than it wants to.
///
/// Not a task that is awaited: awaiting a task's value goes on when the waiter is cancelled.
final class SharedFlight<Landing: Sendable>: Sendable {
    /// How the wait ended.
    enum Outcome: Sendable {
        case landed(Landing)
        case failed
        /// The waiter was cancelled, or its patience is over. The flight goes on.
        case left
    }

    private enum Waiter {
        case announced
        case waiting(CheckedContinuation<Outcome, Never>)
        case left
    }

    private struct State {
        var outcome: Outcome?
        var waiters: [Int: Waiter] = [:]
        var nextID = 0
    }

    private let state = Mutex(State())

    /// Ends the flight for everybody who waits, now or later.
    func end(_ outcome: Outcome) {
        let waiters = state.withLock { state in
            state.outcome = outcome
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for case .waiting(let continuation) in waiters { continuation.resume(returning: outcome) }
    }

    /// Waits for the end of the flight, `patience` at most.
    func outcome(within patience: Duration, _ clock: MonotonicClock) async -> Outcome {
        let id = state.withLock { state in
            state.nextID += 1
            state.waiters[state.nextID] = .announced
            return state.nextID
        }
        let timer = Task { [self] in
            await clock.sleep(patience)
            leave(id)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { wait(id, $0) }
        } onCancel: {
            leave(id)
        }
    }

    private func wait(_ id: Int, _ continuation: CheckedContinuation<Outcome, Never>) {
        let ended: Outcome? = state.withLock { state in
            if let outcome = state.outcome { return outcome }
            if case .left = state.waiters[id] {
                state.waiters[id] = nil
                return .left
            }
            state.waiters[id] = .waiting(continuation)
            return nil
        }
        if let ended { continuation.resume(returning: ended) }
    }

    private func leave(_ id: Int) {
        let continuation: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            switch state.waiters[id] {
            case .waiting(let continuation):
                state.waiters[id] = nil
                return continuation
            case .announced: state.waiters[id] = .left
            case .left, nil: break
            }
            return nil
        }
        continuation?.resume(returning: .left)
    }
}
