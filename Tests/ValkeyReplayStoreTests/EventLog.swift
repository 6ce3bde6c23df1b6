import Synchronization
import ValkeyReplayStore

/// The events of a store, and the wait for one of them.
final class EventLog: Sendable {
    typealias Event = ValkeyReplayStore.Event

    private struct Waiter {
        let matches: @Sendable (Event) -> Bool
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var events: [Event] = []
        var waiters: [Waiter] = []
    }

    private let state = Mutex(State())

    var events: [Event] { state.withLock { $0.events } }

    /// The reasons of losses, in order.
    var losses: [ValkeyReplayStore.Reason] {
        events.compactMap { if case .lost(let reason) = $0 { reason } else { nil } }
    }

    var observer: @Sendable (Event) -> Void {
        { [self] event in
            let woken = state.withLock { state in
                state.events.append(event)
                let isOver = { (waiter: Waiter) in state.events.count(where: waiter.matches) >= waiter.count }
                let woken = state.waiters.filter(isOver)
                state.waiters.removeAll(where: isOver)
                return woken
            }
            for waiter in woken { waiter.continuation.resume() }
        }
    }

    /// Returns when this many events have matched, those before the call included.
    func wait(count: Int = 1, for matches: @escaping @Sendable (Event) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.events.count(where: matches) >= count { return true }
                state.waiters.append(Waiter(matches: matches, count: count, continuation: continuation))
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    func waitForLoss(_ reason: ValkeyReplayStore.Reason? = nil, count: Int = 1) async {
        await wait(count: count) {
            if case .lost(let found) = $0 { reason == nil || found == reason } else { false }
        }
    }

    func waitForReturn(count: Int = 1) async {
        await wait(count: count) { if case .regained = $0 { true } else { false } }
    }
}
