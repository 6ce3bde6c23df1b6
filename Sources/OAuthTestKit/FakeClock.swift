internal import Synchronization
public import TokenVerification

/// A wall clock that stands still until a test moves it.
///
/// ```swift
/// let clock = FakeClock()
/// let issuer = try FakeIssuer(clock: clock.wallClock)
/// clock.advance(by: 3_700)
/// ```
public final class FakeClock: Sendable {
    private let seconds: Mutex<Double>

    /// A clock that shows this time, in seconds since 1970; by default 2023-11-14T22:13:20Z.
    public init(_ secondsSince1970: Double = 1_700_000_000) {
        seconds = Mutex(secondsSince1970)
    }

    /// The time it shows, in seconds since 1970.
    public var now: Double { seconds.withLock { $0 } }

    /// The clock for whatever reads the time: an issuer, a verifier.
    public var wallClock: WallClock {
        WallClock { [self] in now }
    }

    /// Moves the clock by so many seconds; backwards when negative.
    public func advance(by interval: Double) {
        seconds.withLock { $0 += interval }
    }
}
