/// Random fractions, so that many servers do not fetch at the same moment. Tests replace them.
package struct Jitter: Sendable {
    private let draw: @Sendable () -> Double

    /// Makes a source of fractions. Values outside 0…1 are clamped.
    package init(_ draw: @escaping @Sendable () -> Double) {
        self.draw = draw
    }

    /// The next fraction; 0…1.
    func next() -> Double {
        let fraction = draw()
        return fraction >= 0 ? min(fraction, 1) : 0
    }

    /// The system's random numbers.
    package static let system = Jitter { Double.random(in: 0..<1) }
}

/// The clock, random numbers and executor of a source that fetches. Tests replace all of them.
package struct RefreshTiming: Sendable {
    package var clock: MonotonicClock
    package var jitter: Jitter
    /// The executor of its tasks; nil for the global executor.
    package var executor: (any TaskExecutor)?
    /// The time of day, which is compared with the `Date` of responses.
    package var wallClock: WallClock

    package init(
        clock: MonotonicClock, jitter: Jitter = .system, executor: (any TaskExecutor)? = nil,
        wallClock: WallClock = .system
    ) {
        self.clock = clock
        self.jitter = jitter
        self.executor = executor
        self.wallClock = wallClock
    }
}
