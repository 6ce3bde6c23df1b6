internal import Synchronization
internal import TokenVerification

/// Fires the signals of streams at their deadlines. One task waits for the earliest deadline of all streams, so that an
/// idle stream needs neither a task nor a timer for this.
final class StreamAlarm: Sendable {
    private struct State {
        /// Sorted by deadline. The entry of a stream that has ended stays until it is due, or until half of the entries
        /// are such.
        var entries: [(deadline: Double, signal: StreamSignal)] = []
        /// The number of streams.
        var streams = 0
        var wakesAt = Double.infinity
        var sleeper: Task<Void, Never>?
        /// Which sleeper is the present one. An earlier one has been replaced, and does nothing.
        var generation = 0
    }

    /// The time of day, for comparison with `exp`.
    let wallClock: WallClock
    private let clock: MonotonicClock
    private let state = Mutex(State())

    /// The longest wait in seconds. The wall clock may be set while the alarm waits, or the machine may sleep, so it is
    /// asked again.
    private static let longestWait = 60.0

    init(wallClock: WallClock = .system, clock: MonotonicClock = .system) {
        self.wallClock = wallClock
        self.clock = clock
    }

    /// Fires a signal at a deadline, in seconds since 1970. The caller calls ``remove()`` when the stream has ended.
    func set(_ signal: StreamSignal, at deadline: Double) {
        state.withLock { state in
            state.streams += 1
            // A deadline that is not a number has passed.
            guard deadline > wallClock.now() else { return signal.fire(.ofTime) }
            var (low, high) = (0, state.entries.count)
            while low < high {
                let middle = (low + high) / 2
                if state.entries[middle].deadline > deadline { high = middle } else { low = middle + 1 }
            }
            state.entries.insert((deadline, signal), at: low)
            if state.sleeper == nil || deadline < state.wakesAt { sleep(until: deadline, &state) }
        }
    }

    /// Counts one stream less. Its signal must have fired before.
    func remove() {
        state.withLock { state in
            state.streams -= 1
            if state.streams == 0 {
                state.entries = []
                state.sleeper?.cancel()
                (state.sleeper, state.wakesAt) = (nil, .infinity)
            } else if state.entries.count > 2 * state.streams + 16 {
                state.entries.removeAll { $0.signal.isFired }
            }
        }
    }

    private func sleep(until deadline: Double, _ state: inout State) {
        state.sleeper?.cancel()
        state.generation += 1
        state.wakesAt = deadline
        let rest = min(max(deadline - wallClock.now(), 0), Self.longestWait)
        // With the priority of the streams, so that their tasks cannot keep it from running.
        state.sleeper = Task.detached(priority: Task.currentPriority) { [self, generation = state.generation] in
            await clock.sleep(.seconds(rest))
            ring(generation)
        }
    }

    private func ring(_ generation: Int) {
        let due = state.withLock { state -> ArraySlice<(deadline: Double, signal: StreamSignal)> in
            guard state.generation == generation, state.sleeper != nil else { return [] }
            let now = wallClock.now()
            let due = state.entries.prefix { $0.deadline <= now || $0.signal.isFired }
            state.entries.removeFirst(due.count)
            (state.sleeper, state.wakesAt) = (nil, .infinity)
            if let next = state.entries.first { sleep(until: next.deadline, &state) }
            return due
        }
        for (_, signal) in due { signal.fire(.ofTime) }
    }
}
