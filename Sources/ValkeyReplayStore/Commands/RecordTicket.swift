internal import Synchronization

/// What became of a command.
enum RecordOutcome: Sendable, Hashable {
    /// The server has recorded the identifier.
    case first
    /// The identifier was recorded already.
    case replayed
    /// The server is absent: ``ValkeyReplayStore/Settings/whenDown`` decides.
    case unreachable
    /// Anything else. The identifier is not accepted.
    case undecided
}

/// The outcome of one command, for which its caller waits. It is resolved once: by the store's thread, or by the
/// caller's cancellation.
final class RecordTicket: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<RecordOutcome, Never>)
        case resolved(RecordOutcome)
        case delivered
    }

    private let state = Mutex(State.open)

    /// Whether the outcome is known. A command of this ticket need not be sent.
    var isResolved: Bool {
        state.withLock { state in
            switch state {
            case .open, .awaited: false
            case .resolved, .delivered: true
            }
        }
    }

    /// Sets the outcome. Only the first call has an effect.
    func resolve(_ outcome: RecordOutcome) {
        let waiter: CheckedContinuation<RecordOutcome, Never>? = state.withLock { state in
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

    /// The outcome, when it is known. It must be called once.
    func outcome() async -> RecordOutcome {
        await withCheckedContinuation { waiter in
            let known: RecordOutcome? = state.withLock { state in
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
