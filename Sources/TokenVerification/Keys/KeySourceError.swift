internal import JOSE

/// The issuer's keys cannot decide now: there is no usable set, or a newer set that may hold the token's key could not
/// be fetched.
public struct KeySourceError: Error, Sendable, Hashable {
    /// Seconds until a retry makes sense.
    public let retryAfter: Int
    /// Why the last fetch failed. Nil when it did not fail, or when the source fetches nothing.
    public let failure: RemoteKeySet.FetchFailure?

    /// Makes an error. `retryAfter` is in seconds.
    public init(retryAfter: Int, failure: RemoteKeySet.FetchFailure? = nil) {
        self.retryAfter = retryAfter
        self.failure = failure
    }
}

extension KeySourceError: CustomStringConvertible {
    /// One line: the code of the failure, for a set without a usable key the position and reason of each entry, and the
    /// seconds until a retry.
    public var description: String {
        var text = "the issuer's keys are unavailable"
        if let failure { text += ": \(failure.code)" }
        if case .noUsableKey(let skipped) = failure, !skipped.isEmpty {
            text += " (" + skipped.map { "key \($0.index): \($0.reason.rawValue)" }.joined(separator: ", ") + ")"
        }
        return text + "; retry after \(retryAfter) s"
    }
}
