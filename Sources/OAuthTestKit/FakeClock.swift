internal import Synchronization
public import TokenVerification

/// A clock whose time passes only when a test says so: the time of day and the time for ages and waits together.
///
/// An issuer, a server and a client key that were made with one clock agree about the time. Tokens expire, key sets and
/// cached verdicts age, and event streams end when the test moves it:
///
/// ```swift
/// let clock = FakeClock()
/// let issuer = FakeIssuer(clock: clock)
/// let server = try ResourceServer(testing: issuer)
/// clock.advance(by: .seconds(3_700))
/// ```
///
/// A task that waits for this clock waits until the test moves it. Any number of tasks may use one clock.
public final class FakeClock: Sendable {
    private struct State {
        var elapsed = Duration.zero
        var secondsSince1970: Double
        var nextID = 0
        var sleepers: [Int: (wakesAt: Duration, continuation: CheckedContinuation<Void, Never>)] = [:]
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    /// Makes a clock with this time of day, in seconds since 1970. The default is 2023-11-14T22:13:20Z.
    public init(_ secondsSince1970: Double = 1_700_000_000) {
        state = Mutex(State(secondsSince1970: secondsSince1970))
    }

    /// The time of day, in seconds since 1970.
    public var now: Double { state.withLock { $0.secondsSince1970 } }

    /// The time that has passed since the clock was made.
    public var elapsed: Duration { state.withLock { $0.elapsed } }

    /// The number of tasks that wait for the clock.
    public var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// The earliest deadline of the waiting tasks; nil when no task waits.
    package var nextWake: Duration? { state.withLock { $0.sleepers.values.map(\.wakesAt).min() } }

    /// The time of day, as issuers and verifiers take it.
    public var wallClock: WallClock {
        WallClock { [self] in now }
    }

    /// The time for ages and waits, as key sources, caches and stores take it.
    public var monotonicClock: MonotonicClock {
        MonotonicClock(now: { [self] in elapsed }, sleep: { [self] in await sleep($0) })
    }

    var clocks: Clocks { Clocks(wall: wallClock, monotonic: monotonicClock) }

    /// Lets this time pass, and wakes the tasks that have waited long enough. The time must not be negative.
    public func advance(by time: Duration) {
        precondition(time >= .zero, "Time does not pass backwards: setBack(by:) changes the time of day.")
        let woken = state.withLock { state in
            state.elapsed += time
            state.secondsSince1970 += time / .seconds(1)
            let due = state.sleepers.filter { $0.value.wakesAt <= state.elapsed }.sorted { $0.key < $1.key }
            for (id, _) in due { state.sleepers[id] = nil }
            return due.map(\.value.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Sets the time of day back, as an operator or NTP does when a machine's clock was wrong. Ages do not change.
    /// A negative time sets it forward.
    public func setBack(by time: Duration) {
        state.withLock { $0.secondsSince1970 -= time / .seconds(1) }
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
                    state.sleepers[id] = (state.elapsed + duration, continuation)
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
