import Synchronization

/// Waits for the first of several answers. The later ones are dropped.
final class FirstAnswer<Value: Sendable>: Sendable {
    private struct State {
        var answer: Value?
        var waiter: CheckedContinuation<Value, Never>?
    }

    private let state = Mutex(State())

    /// Answers. May be called from any thread, and any number of times.
    func give(_ value: Value) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
            guard state.answer == nil else { return nil }
            state.answer = value
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: value)
    }

    /// Answers after this time. It is dropped when there is an answer before.
    func give(_ value: Value, after time: Duration) -> Task<Void, Never> {
        Task {
            guard (try? await Task.sleep(for: time)) != nil else { return }
            give(value)
        }
    }

    /// The first answer. One task may wait, once.
    var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Value? in
                    if state.answer == nil { state.waiter = continuation }
                    return state.answer
                }
                if let answer { continuation.resume(returning: answer) }
            }
        }
    }
}
