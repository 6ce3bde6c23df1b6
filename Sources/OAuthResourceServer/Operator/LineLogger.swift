internal import Synchronization
public import TokenVerification
internal import WireFormat

/// A ready-made observer. It writes one line for each event to the standard error: a time stamp, the level, the name of
/// the event, `key=value` pairs, and a hint that says what to do.
///
/// ```swift
/// let resourceServer = try ResourceServer(…, observer: LineLogger.standardError.observe)
/// ```
///
/// ```
/// 2026-11-20T17:35:00.250Z warning denied reason=token_in_query token=none method=POST path=/mcp hint="The token is …"
/// ```
///
/// A token is named by its fingerprint, which is the same in all events of that token. In a second, at most
/// ``linesPerSecond`` lines are written for each reason. Further lines are counted, and a line with their count is
/// written when the second is over. The logger never waits for a slow reader: a line that cannot be written at once is
/// counted as dropped. Text from outside is escaped, and a line is cut after ``bytesPerLine`` bytes.
public final class LineLogger: Sendable {
    /// Which events get a line.
    public enum Detail: Sendable, Hashable {
        /// All events but those of requests that were let through.
        case withoutAllowed
        /// All events.
        case everything
    }

    /// The maximum number of lines for each reason in a second.
    public static let linesPerSecond = 10
    /// The maximum length of a line in bytes, without the line feed.
    public static let bytesPerLine = 1_024
    /// The maximum number of reasons that are counted separately. All others share one count.
    static let reasons = 256

    /// A logger to the standard error that leaves out requests that were let through.
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

    /// A logger with a destination of your own.
    ///
    /// - Parameters:
    ///   - detail: Which events get a line.
    ///   - wallClock: The clock for the time stamps.
    ///   - clock: The clock that measures the seconds.
    ///   - write: Writes a line, line feed included, without waiting. It returns false when it would have to wait. It
    ///     is called by one task at a time, and must not call this logger.
    public init(
        _ detail: Detail, wallClock: WallClock = .system, clock: MonotonicClock = .system,
        write: @escaping @Sendable ([UInt8]) -> Bool
    ) {
        self.detail = detail
        self.wallClock = wallClock
        self.clock = clock
        self.write = write
    }

    /// Takes an event. Pass this function as the `observer` of a ``ResourceServer``.
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
                put(event.line, &state)
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

    /// Writes the counts of suppressed lines, since no further event of the same reason may come.
    private func closeSeconds() {
        state.withLock { state in
            // Only one task waits at a time, so this runs at most once a second. Seconds that are not over continue to
            // count.
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
        if suppressed > 0 { put("warning \(reason) suppressed=\(suppressed)", &state) }
    }

    private func put(_ text: String, _ state: inout State) {
        if state.dropped > 0 {
            guard write(line("warning dropped count=\(state.dropped)")) else {
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
