internal import HTTPMessages
internal import Synchronization

/// The result of one fetch, for which its caller waits. It is resolved once: by the worker, or by the caller's
/// cancellation if that comes first.
final class FetchTicket: Sendable {
    typealias Outcome = Result<FetchedDocument, FetchError>

    private enum State {
        case open
        case awaited(CheckedContinuation<Outcome, Never>)
        case resolved(Outcome)
        case delivered
    }

    private let state = Mutex(State.open)

    /// Whether the result is known. Work for this ticket is then useless.
    var isResolved: Bool {
        state.withLock { state in
            switch state {
            case .open, .awaited: false
            case .resolved, .delivered: true
            }
        }
    }

    /// Sets the result. Only the first call has an effect.
    func resolve(_ outcome: Outcome) {
        let waiter: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            switch state {
            case .open:
                state = .resolved(outcome)
                return nil
            case .awaited(let waiter):
                state = .delivered
                return waiter
            case .resolved, .delivered:
                return nil
            }
        }
        waiter?.resume(returning: outcome)
    }

    /// The result, when it is known. It must be called once.
    func outcome() async -> Outcome {
        await withCheckedContinuation { waiter in
            let known: Outcome? = state.withLock { state in
                if case .resolved(let outcome) = state {
                    state = .delivered
                    return outcome
                }
                state = .awaited(waiter)
                return nil
            }
            if let known { waiter.resume(returning: known) }
        }
    }
}
