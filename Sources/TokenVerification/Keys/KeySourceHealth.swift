/// The health of a key source.
public enum KeySourceHealth: Sendable, Hashable {
    /// Its keys are fresh.
    case healthy
    /// Its keys are past their soft lifetime and still in use. `age` is the time since they were fetched.
    case stale(age: Duration)
    /// It has no usable keys. `since` is the time for which this has been so.
    case unavailable(since: Duration)
}
