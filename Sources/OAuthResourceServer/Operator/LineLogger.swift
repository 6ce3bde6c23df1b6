internal import Synchronization
public import TokenVerification
internal import WireFormat

/// A ready-made observer: one line an event, `key=value` pairs behind a time stamp, to the standard error.
///
/// ```swift
/// let resourceServer = try ResourceServer(…, observer: LineLogger.standardError.observe)
/// ```
///
/// ```
/// 2026-11-20T17:35:00.250Z denied reason=aud_mismatch token=ba7816bf8f01cfea
/// ```
///
/// A token is named by its fingerprint, the same one in all events of that token. Of each reason at most
/// ``linesPerSecond`` lines are written a second; the others are counted, and the count stands in a line of its own when
/// the second is over. Nothing waits for a slow reader: a line that cannot be written at once is counted too. What comes
/// from outside is escaped, and a line ends after ``bytesPerLine`` bytes.
public final class LineLogger: Sendable {
    /// Which events get a line.
    public enum Detail: Sendable, Hashable {
        /// All but requests that were let through.
        case withoutAllowed
        /// All.
        case everything
    }

    /// The most lines of one reason in a second.
    public static let linesPerSecond = 10
    /// The longest line in bytes, without its end.
    public static let bytesPerLine = 1_024
    /// The most reasons that are told apart; all others share one count.
    static let reasons = 256

    /// Writes to the standard error; requests that were let through are left out.
    public static let standardError = LineLogger(.withoutAllowed)

    private struct Second {
        var end: Duration
        var written = 0
        var suppressed = 0
    }

    private struct State {
        var seconds: [String: Second] = [:]
        var dropped = 0
        var awaitsEnd = false
    }

    private let state = Mutex(State())
    private let detail: Detail
    private let wallClock: WallClock
    private let clock: MonotonicClock
    private let write: @Sendable ([UInt8]) -> Bool

    /// A logger to the standard error.
    public convenience init(_ detail: Detail) {
        self.init(detail) { StandardError.write($0) }
    }

    /// A logger to somewhere else.
    ///
    /// - Parameters:
    ///   - detail: Which events get a line.
    ///   - wallClock: For the time stamps.
    ///   - clock: For the seconds.
    ///   - write: Writes a line with its end, at once; false when that would have to wait. Called by one task at a time; it
    ///     must not call this logger.
    public init(
        _ detail: Detail, wallClock: WallClock = .system, clock: MonotonicClock = .system,
        write: @escaping @Sendable ([UInt8]) -> Bool
    ) {
        self.detail = detail
        self.wallClock = wallClock
        self.clock = clock
        self.write = write
    }

    /// Takes an event: this is the `observer` to give to a ``ResourceServer``.
    public func observe(_ event: ResourceServerEvent) {
        if detail == .withoutAllowed, event.isAllowed { return }
        let now = clock.now()
        let mustWake = state.withLock { state in
            var reason = event.group
            if state.seconds[reason] == nil, state.seconds.count >= Self.reasons {
                state.seconds = state.seconds.filter { $0.value.end > now || $0.value.suppressed > 0 }
                if state.seconds.count >= Self.reasons { reason = "other" }
            }
            var second = state.seconds[reason] ?? Second(end: now + .seconds(1))
            if second.end <= now {
                report(second.suppressed, of: reason, &state)
                second = Second(end: now + .seconds(1))
            }
            if second.written < Self.linesPerSecond {
                second.written += 1
                put(event.description, &state)
            } else {
                second.suppressed += 1
            }
            state.seconds[reason] = second
            let mustWake = second.suppressed > 0 && !state.awaitsEnd
            if mustWake { state.awaitsEnd = true }
            return mustWake
        }
        guard mustWake else { return }
        Task.detached { [self] in
            await clock.sleep(.seconds(1))
            closeSeconds()
        }
    }

    /// Tells what was suppressed in seconds that are over, although no other event of that reason came.
    private func closeSeconds() {
        state.withLock { state in
            // One task at a time, so one a second at most. A count goes on in a second that is not over.
            state.awaitsEnd = false
            for (reason, second) in state.seconds {
                report(second.suppressed, of: reason, &state)
                state.seconds[reason]?.suppressed = 0
            }
            let now = clock.now()
            state.seconds = state.seconds.filter { $0.value.end > now }
        }
    }

    private func report(_ suppressed: Int, of reason: String, _ state: inout State) {
        if suppressed > 0 { put("\(reason) suppressed=\(suppressed)", &state) }
    }

    private func put(_ text: String, _ state: inout State) {
        if state.dropped > 0 {
            guard write(line("dropped count=\(state.dropped)")) else {
                state.dropped += 1
                return
            }
            state.dropped = 0
        }
        if !write(line(text)) { state.dropped += 1 }
    }

    private func line(_ text: String) -> [UInt8] {
        var line = Array(TimeStamp.text(wallClock.now()).utf8)
        line.append(0x20)
        LogText.append(text, to: &line, limit: Self.bytesPerLine)
        line.append(0x0A)
        return line
    }
}
