/// The health of a ``ReplayStore``.
public enum ReplayStoreHealth: Sendable, Hashable {
    /// The store decides, as far as it is known. A store that was not used yet is healthy.
    case healthy
    /// The store cannot decide: what needs it is refused as unavailable. `since` is the time for which this has been
    /// so.
    case unavailable(since: Duration)
    /// The store cannot decide, and its settings accept every identifier in this case: a replay is not noticed. `since`
    /// is the time for which this has been so.
    case acceptingWithoutStore(since: Duration)
}
