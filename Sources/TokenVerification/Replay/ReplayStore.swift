/// Remembers which single-use identifiers were seen, so that each is accepted once: the `jti` of a client assertion
/// (RFC 7523 §3) or of a DPoP proof (RFC 9449 §11.1).
///
/// Several instances of one server must share a store; otherwise each instance accepts an identifier once.
///
/// Many requests call it at the same time.
public protocol ReplayStore: Sendable {
    /// Records an identifier, unless it is recorded already, in one atomic step.
    ///
    /// - Parameters:
    ///   - identifier: What to record.
    ///   - lifetime: How long it must be remembered. After this time the caller refuses it because of its age.
    /// - Returns: Whether this call recorded it. If two calls with one identifier run at the same time, exactly one of
    ///   them gets ``ReplayVerdict/first``.
    /// - Throws: ``ReplayStoreError`` when the store cannot decide. A store never forgets an identifier to make room.
    func record(_ identifier: ReplayIdentifier, for lifetime: Duration) async throws(ReplayStoreError) -> ReplayVerdict

    /// Whether the store can decide, for a health check of the program. It returns at once: it asks no other machine.
    var health: ReplayStoreHealth { get }
}

extension ReplayStore {
    /// Healthy, as for a store in the process's memory.
    public var health: ReplayStoreHealth { .healthy }
}

/// The answer of a ``ReplayStore``.
public enum ReplayVerdict: Sendable, Hashable {
    /// The identifier was not recorded before.
    case first
    /// The identifier is recorded: what carries it was used before.
    case replayed
}

/// A replay store cannot decide.
public enum ReplayStoreError: String, Error, Sendable, Hashable {
    /// The store has no room for another identifier.
    case full
    /// The store cannot be reached, or does not answer in time.
    case unavailable

    /// A stable, bounded code for events and metrics.
    public var code: String { "replay_store_" + rawValue }
}
