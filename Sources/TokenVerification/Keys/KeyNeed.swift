/// The reason why a newer set is needed.
public enum KeyNeed: Sendable, Hashable {
    /// There is no present set.
    case noKeys
    /// The present set has no key with the token's `kid`.
    case unknownKey
}
