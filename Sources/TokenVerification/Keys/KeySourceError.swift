/// There is no usable key of the issuer.
public struct KeySourceError: Error, Sendable, Hashable {
    /// Seconds until a retry makes sense.
    public let retryAfter: Int

    /// Makes an error. `retryAfter` is in seconds.
    public init(retryAfter: Int) {
        self.retryAfter = retryAfter
    }
}
