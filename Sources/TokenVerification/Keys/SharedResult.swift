internal import Synchronization

/// A value that is delivered once to several waiters. Each waiter has its own time limit.
///
/// This is not a `Task`, because awaiting the value of a task continues after the waiter is cancelled.
package final class SharedResult<Value: Sendable>: Sendable {
    private enum Waiter {
        case announced
        case waiting(CheckedContinuation<Value?, Never>)
        case left
    }

    private struct State {
        var value: Value?
        var waiters: [Int: Waiter] = [:]
        var nextID = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Delivers the value to all present and future waiters. Only the first call has an effect.
    package func deliver(_ value: Value) {
        let waiters = state.withLock { state -> [Waiter] in
            guard state.value == nil else { return [] }
            state.value = value
            defer { state.waiters = [:] }
            return state.waiters.sorted { $0.key < $1.key }.map(\.value)
        }
        for case .waiting(let continuation) in waiters { continuation.resume(returning: value) }
    }

    /// Returns the value, or nil when the waiter is cancelled or its time limit ends first. The work that delivers the
    /// value continues.
    package func value(within patience: Duration, _ timing: RefreshTiming) async -> Value? {
        let id = state.withLock { state in
            state.nextID += 1
            state.waiters[state.nextID] = .announced
            return state.nextID
        }
        let timer = Task(executorPreference: timing.executor) { [self] in
            await timing.clock.sleep(patience)
            leave(id)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { wait(id, $0) }
        } onCancel: {
            leave(id)
        }
    }

    private func wait(_ id: Int, _ continuation: CheckedContinuation<Value?, Never>) {
        let isWaiting = state.withLock { state in
            guard state.value == nil, case .announced = state.waiters[id] else { return false }
            state.waiters[id] = .waiting(continuation)
            return true
        }
        if !isWaiting {
            continuation.resume(
                returning: state.withLock {
                    $0.waiters[id] = nil; return $0.value
                })
        }
    }

    private func leave(_ id: Int) {
        let continuation: CheckedContinuation<Value?, Never>? = state.withLock { state in
            switch state.waiters[id] {
            case .waiting(let continuation):
                state.waiters[id] = nil
                return continuation
            case .announced: state.waiters[id] = .left
            case .left, nil: break
            }
            return nil
        }
        continuation?.resume(returning: nil)
    }
}
