/// The issuer's keys cannot decide now: there is no usable set, or a newer set that may hold the token's key could not
/// be fetched.
public struct KeySourceError: Error, Sendable, Hashable {
    /// Seconds until a retry makes sense.
    public let retryAfter: Int

    /// Makes an error. `retryAfter` is in seconds.
    public init(retryAfter: Int) {
        self.retryAfter = retryAfter
    }
}
