/// The pauses in which the endpoint is not asked. It contains no clock.
///
/// A caller can present a token on which the endpoint, or a filter before it, breaks the connection or responds with
/// 429. Therefore a failure with a token that was never good pauses only the requests about such tokens, until another
/// request succeeds. Only the failure of a token that was good before pauses all. In particular, the `Retry-After` of a
/// 429 (RFC 6585 §4) applies to known tokens only if one of them gets a 429.
struct IntrospectionPause: Sendable {
    private typealias Limits = IntrospectionConfiguration.Limits

    /// The end of the present or last pause for all tokens; nil when there was none since the last success.
    private var until: Duration?
    /// The same for tokens that were never good.
    private var strangersUntil: Duration?
    /// The number of pauses for all since the last success.
    private var count = 0
    /// When the endpoint last answered; nil before the first time, and after a failure that concerns all.
    private var answeredAt: Duration?
    /// When a request last started only because the endpoint was in doubt; nil before the first time.
    private var probedAt: Duration?

    /// Whether no request has succeeded since the last outage. Then one request at a time is sent.
    var isProbing: Bool { until != nil || strangersUntil != nil }

    /// Whether the endpoint has answered just now. Then the failure of a stranger's token says nothing about others.
    func hasJustAnswered(_ now: Duration) -> Bool { isRecent(answeredAt, now) }

    /// How long no request may start about a token; zero when it may.
    func timeLeft(isKnown: Bool, _ now: Duration) -> Duration {
        let left = until.map { $0 - now } ?? .zero
        guard !isKnown else { return max(.zero, left) }
        return max(.zero, left, strangersUntil.map { $0 - now } ?? .zero)
    }

    /// Records that a probe starts. Returns false, and the probe must not start, in a pause for all and within
    /// ``IntrospectionConfiguration/Limits/probeInterval`` of the last probe.
    mutating func beginProbe(_ now: Duration) -> Bool {
        guard timeLeft(isKnown: true, now) == .zero, !isRecent(probedAt, now) else { return false }
        probedAt = now
        return true
    }

    /// Records a failure that may concern every token.
    ///
    /// - Parameters:
    ///   - isKnown: Whether the token of the failed request was good before.
    ///   - asked: How long the endpoint asks not to be called (429); nil when it does not say it.
    mutating func begin(isKnown: Bool, asked: Duration?, _ now: Duration) {
        let asked = asked.map { now + min(max($0, Limits.probeInterval), Limits.longestRetryAfter) } ?? now
        guard isKnown else {
            strangersUntil = max(strangersUntil ?? now, now + Limits.probeInterval, asked)
            return
        }
        // This is newer than the last answer, so a failure of a stranger's token belongs to the outage.
        answeredAt = nil
        // Requests that ran at the same time and failed count as one outage.
        if until.map({ $0 <= now }) ?? true {
            until = now + min(.seconds(1 << min(count, 8)), Limits.longestPause)
            count += 1
        }
        until = max(until ?? now, asked)
    }

    /// Records that the endpoint has answered. This ends every pause.
    mutating func end(_ now: Duration) {
        (until, strangersUntil, count, answeredAt) = (nil, nil, 0, now)
    }

    private func isRecent(_ moment: Duration?, _ now: Duration) -> Bool {
        moment.map { now - $0 < Limits.probeInterval } ?? false
    }
}
