internal import Synchronization
package import TokenVerification

/// A clock that a test advances.
package final class ManualClock: Sendable {
    private struct State {
        var time = Duration.zero
        var nextID = 0
        var sleepers: [Int: (wakesAt: Duration, continuation: CheckedContinuation<Void, Never>)] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Advances the time and wakes the tasks whose deadline has passed.
    package func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.time += duration
            let due = state.sleepers.filter { $0.value.wakesAt <= state.time }.sorted { $0.key < $1.key }
            for (id, _) in due { state.sleepers[id] = nil }
            return due.map(\.value.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    package var now: Duration { state.withLock { $0.time } }

    /// The earliest deadline of the sleeping tasks; nil if no task sleeps.
    package var nextWake: Duration? { state.withLock { $0.sleepers.values.map(\.wakesAt).min() } }

    /// The number of sleeping tasks.
    package var sleepers: Int { state.withLock { $0.sleepers.count } }

    package var clock: MonotonicClock {
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
