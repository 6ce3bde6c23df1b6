/// The clocks of a guard: one for the times in tokens, one for ages and waits. The test kit replaces both.
package struct Clocks: Sendable {
    package var wall: WallClock
    package var monotonic: MonotonicClock
    /// How many times longer than in production a fetch may take. In a test, a busy machine is not an outage.
    private let patience: Int

    package init(wall: WallClock, monotonic: MonotonicClock, patience: Int = 1) {
        self.wall = wall
        self.monotonic = monotonic
        self.patience = patience
    }

    /// The system's clocks.
    package static let system = Clocks(wall: .system, monotonic: .system)

    /// The clock of a source that fetches. It sleeps only for the time limits of fetches, and of callers that wait.
    package var fetching: MonotonicClock {
        guard patience != 1 else { return monotonic }
        return MonotonicClock(now: monotonic.now) { [monotonic, patience] in await monotonic.sleep($0 * patience) }
    }

    /// The timing of a source that fetches.
    package var timing: RefreshTiming { RefreshTiming(clock: fetching, wallClock: wall) }
}
