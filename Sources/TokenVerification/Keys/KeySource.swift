public import JOSE

/// The source of one issuer's keys.
///
/// Many requests call it at the same time. The present set is available without suspension, so that a token with a
/// known key never waits.
public protocol KeySource: Sendable {
    /// The set to verify with now, or nil when there is no set that may be used.
    ///
    /// While no key is added or removed, the source must return the same set, with the same
    /// ``JOSE/JSONWebKeySet/identity``. Caches of verified tokens compare the identity. A source that parses the set at
    /// each call is correct, but makes these caches useless.
    func presentKeys() -> JSONWebKeySet?

    /// Whether the set that ``presentKeys()`` returns now is the one with this identity. A verifier asks this before it
    /// uses a cached verdict.
    ///
    /// Return at once, and do not call the verifier: it asks for each request, on the thread of the connection. By
    /// default, it asks ``presentKeys()``. A source may answer without handing out its set. Do everything else that
    /// ``presentKeys()`` does, such as a refresh in the background.
    func presents(_ identity: JSONWebKeySet.Identity) -> Bool

    /// Returns a newer set, because the present one is missing or does not verify the token.
    ///
    /// A token whose key is not in the returned set is invalid (401). If the returned set is not the one that lacked
    /// the key before, the verifier first asks once more with ``KeyNeed/unknownKey``. Throw if you could not ask the
    /// issuer for a newer set, unless the present set is certainly its newest.
    ///
    /// For ``KeyNeed/badSignature``, return the present set if you could not ask: the token is bad by that set. Any
    /// caller can make tokens with bad signatures, so limit how often they cause a fetch.
    ///
    /// - Throws: ``KeySourceError`` when there is no set, or the issuer could not be asked for a newer one.
    func keys(for need: KeyNeed) async throws(KeySourceError) -> JSONWebKeySet

    /// The health of the source. Reading it does not start a fetch.
    ///
    /// By default, the source is healthy when it has keys. This is right for a source whose keys do not expire.
    var health: KeySourceHealth { get }

    /// The time since the issuer last confirmed the present keys; nil without keys, and for a source whose keys have no
    /// age. Reading it does not start a fetch.
    var age: Duration? { get }

    /// The source of the issuer's metadata, when this source reads it; nil by default.
    var discovery: IssuerDiscovery? { get }
}

extension KeySource {
    /// Healthy when there are keys.
    public var health: KeySourceHealth { presentKeys() == nil ? .unavailable(since: .zero) : .healthy }

    /// Compares with ``presentKeys()``.
    public func presents(_ identity: JSONWebKeySet.Identity) -> Bool { presentKeys()?.identity == identity }

    /// Nil: the keys have no age.
    public var age: Duration? { nil }

    /// Nil: the source reads no metadata.
    public var discovery: IssuerDiscovery? { nil }

    /// Fetches the first keys before the first request needs them. If the issuer is down, a program may start anyway:
    /// the source fetches the keys when a request needs them.
    ///
    /// - Throws: ``KeySourceError`` when the keys are not available now.
    public func prepare() async throws(KeySourceError) {
        if presentKeys() == nil { _ = try await keys(for: .noKeys) }
    }
}
