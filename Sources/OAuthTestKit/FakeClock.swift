internal import Synchronization
public import TokenVerification

/// A wall clock whose time changes only when a test changes it.
///
/// ```swift
/// let clock = FakeClock()
/// let issuer = try FakeIssuer(clock: clock.wallClock)
/// clock.advance(by: 3_700)
/// ```
public final class FakeClock: Sendable {
    private let seconds: Mutex<Double>

    /// Makes a clock with this time, in seconds since 1970. The default is 2023-11-14T22:13:20Z.
    public init(_ secondsSince1970: Double = 1_700_000_000) {
        seconds = Mutex(secondsSince1970)
    }

    /// The current time of the clock, in seconds since 1970.
    public var now: Double { seconds.withLock { $0 } }

    /// The clock as an issuer or a verifier takes it.
    public var wallClock: WallClock {
        WallClock { [self] in now }
    }

    /// Moves the clock by this number of seconds; a negative number moves it back.
    public func advance(by interval: Double) {
        seconds.withLock { $0 += interval }
    }
}
