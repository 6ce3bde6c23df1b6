internal import Synchronization

/// Tells the task that waits for a stream why it ends: once, whichever comes first.
final class StreamSignal: Sendable {
    enum End: Sendable {
        /// The stream has ended.
        case ofStream
        /// Its deadline has passed.
        case ofTime
    }

    private enum State {
        case pending
        case awaited(CheckedContinuation<End, Never>)
        case fired(End)
    }

    private let state = Mutex(State.pending)

    var isFired: Bool {
        state.withLock { state in
            if case .fired = state { true } else { false }
        }
    }

    /// Resumes the task that waits, unless the signal has been fired before.
    func fire(_ end: End) {
        let waiting = state.withLock { state -> CheckedContinuation<End, Never>? in
            switch state {
            case .fired: return nil
            case .pending:
                state = .fired(end)
                return nil
            case .awaited(let continuation):
                state = .fired(end)
                return continuation
            }
        }
        waiting?.resume(returning: end)
    }

    /// Waits for the signal. One task calls it, once.
    func wait() async -> End {
        await withCheckedContinuation { continuation in
            let end = state.withLock { state -> End? in
                if case .fired(let end) = state { return end }
                state = .awaited(continuation)
                return nil
            }
            if let end { continuation.resume(returning: end) }
        }
    }
}
