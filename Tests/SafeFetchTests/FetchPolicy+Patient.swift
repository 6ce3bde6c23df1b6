@testable import SafeFetch

extension FetchPolicy {
    /// The same policy for a machine that is busy: no time-out and no idle time ends before a test does.
    var patient: FetchPolicy {
        var policy = self
        policy.connectTimeout = .seconds(60)
        policy.totalTimeout = .seconds(240)
        policy.idleMilliseconds = 120_000
        return policy
    }
}
