/// The clocks of a guard: one for the times in tokens, one for ages and waits. The test kit replaces both.
package struct Clocks: Sendable {
    package var wall: WallClock
    package var monotonic: MonotonicClock

    package init(wall: WallClock, monotonic: MonotonicClock) {
        self.wall = wall
        self.monotonic = monotonic
    }

    /// The system's clocks.
    package static let system = Clocks(wall: .system, monotonic: .system)

    /// The timing of a source that fetches.
    package var timing: RefreshTiming { RefreshTiming(clock: monotonic, wallClock: wall) }
}
