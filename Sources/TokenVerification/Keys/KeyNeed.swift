/// The reason why a newer set is needed.
public enum KeyNeed: Sendable, Hashable {
    /// There is no present set.
    case noKeys
    /// The present set has no key with the token's `kid`.
    case unknownKey
    /// The token's signature is bad for the key of the present set that its `kid` names. The issuer may have a new key
    /// under its old `kid`.
    case badSignature
}
