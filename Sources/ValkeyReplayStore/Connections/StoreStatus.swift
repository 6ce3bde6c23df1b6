internal import Synchronization
internal import TokenVerification

/// Whether the server decides, and the events about it. The store's thread changes it; any task reads it.
final class StoreStatus: Sendable {
    typealias Event = ValkeyReplayStore.Event
    typealias Reason = ValkeyReplayStore.Reason

    private struct State {
        var lostAt: Duration?
        var reason: Reason?
        var refused = 0
        var accepted = 0
        var eviction: ServerAnswer.Eviction?
        var tooManyAt: Duration?
        var acceptedAt: Duration?
        var hasReportedPlainText = false
    }

    private let clock: MonotonicClock
    private let observer: @Sendable (Event) -> Void
    private let state = Mutex(State())
    /// The shortest time between two equal events about too many commands, or about accepted ones.
    private static let quietTime = Duration.seconds(10)

    init(clock: MonotonicClock, observer: @escaping @Sendable (Event) -> Void) {
        self.clock = clock
        self.observer = observer
    }

    /// The time since the server was lost; nil when it is not.
    var timeSinceLoss: Duration? {
        let lostAt = state.withLock { $0.lostAt }
        return lostAt.map { max(.zero, clock.now() - $0) }
    }

    // The observer is called without the lock: it may ask for the health.

    /// No connection can be used.
    func lost(_ reason: Reason) {
        let now = clock.now()
        let isNews = state.withLock { state in
            let isNews = state.lostAt == nil || state.reason != reason
            if state.lostAt == nil { state.lostAt = now }
            state.reason = reason
            return isNews
        }
        if isNews { observer(.lost(reason)) }
    }

    /// A connection can be used.
    func connected(_ eviction: ServerAnswer.Eviction) {
        let now = clock.now()
        let events = state.withLock { state in
            var events: [Event] = []
            if let lostAt = state.lostAt {
                events.append(
                    .regained(after: now - lostAt, refused: state.refused, acceptedWithoutStore: state.accepted))
            }
            if state.eviction != eviction {
                switch eviction {
                case .none: break
                case .evicts(let policy): events.append(.mayForget(policy: policy))
                case .unknown: events.append(.evictionUnknown)
                }
            }
            state.eviction = eviction
            (state.lostAt, state.reason, state.refused, state.accepted) = (nil, nil, 0, 0)
            return events
        }
        events.forEach(observer)
    }

    /// One connection has failed, and another one can be used.
    func connectionLost(_ reason: Reason) {
        observer(.connectionLost(reason))
    }

    /// The server is on another machine, and the connection is not encrypted.
    func notEncrypted() {
        let isNews = state.withLock { state in
            defer { state.hasReportedPlainText = true }
            return !state.hasReportedPlainText
        }
        if isNews { observer(.notEncrypted) }
    }

    /// A command was refused because too many wait.
    func tooManyWaiting() {
        let now = clock.now()
        let isNews = state.withLock { state in
            if let last = state.tooManyAt, now - last < Self.quietTime { return false }
            state.tooManyAt = now
            return true
        }
        if isNews { observer(.tooManyWaiting) }
    }

    /// An identifier was refused.
    func countRefused() {
        state.withLock { if $0.lostAt != nil { $0.refused += 1 } }
    }

    /// An identifier was accepted without the server.
    func countAccepted() {
        let now = clock.now()
        let isNews = state.withLock { state in
            state.accepted += 1
            // While the server is lost, the operator knows. The event about its return has the number.
            guard state.lostAt == nil else { return false }
            if let last = state.acceptedAt, now - last < Self.quietTime { return false }
            state.acceptedAt = now
            return true
        }
        if isNews { observer(.acceptedWithoutStore) }
    }
}
