/// The pause in which the endpoint is not asked, after an outage. It contains no clock.
///
/// A caller can present a token on which the endpoint, or a filter before it, breaks the connection. Therefore a
/// failure with a token that was never good pauses only the requests about such tokens, and one token that was good
/// before is asked about at once: if this request fails too, the pause applies to all tokens.
struct IntrospectionPause: Sendable {
    private typealias Limits = IntrospectionConfiguration.Limits

    /// The end of the present or last pause; nil when the last request was a success.
    private var until: Duration?
    /// The number of pauses since the last success.
    private var count = 0
    /// Whether the pause also applies to tokens that were good before.
    private(set) var includesKnown = false

    /// Whether no request has succeeded since the last outage. Then one request at a time is sent.
    var isProbing: Bool { until != nil }

    /// How long no request may start about a token; zero when it may.
    func timeLeft(isKnown: Bool, _ now: Duration) -> Duration {
        guard let until, includesKnown || !isKnown else { return .zero }
        return max(.zero, until - now)
    }

    /// Records a failure that concerns every token.
    ///
    /// - Parameters:
    ///   - isKnown: Whether the token of the failed request was good before.
    ///   - asked: How long the endpoint asks not to be called (429); nil when it does not say it.
    mutating func begin(isKnown: Bool, asked: Duration?, _ now: Duration) {
        // Requests that ran at the same time and failed count as one outage.
        if until.map({ $0 <= now }) ?? true {
            until = now + min(.seconds(1 << min(count, 8)), Limits.longestPause)
            count += 1
            includesKnown = false
        }
        if isKnown { includesKnown = true }
        if let asked {
            // The endpoint itself asks for the pause, so it applies to all tokens.
            includesKnown = true
            until = max(until ?? now, now + min(max(asked, .seconds(1)), Limits.longestRetryAfter))
        }
    }

    /// Records an answer about a token.
    mutating func end() { self = IntrospectionPause() }
}
