public import WireFormat

/// A JWS whose signature was verified with a key of a ``JSONWebKeySet``. The payload is arbitrary bytes.
///
/// **Checks** what ``JSONWebKeySet/verify(jws:algorithms:limit:)`` checks.
/// **Does not check** the content: neither claims, nor that the payload is JSON, nor that its `iss` is the issuer of
/// the keys, nor `typ`. A caller that accepts one kind of JWS compares the kind with ``hasType(_:)``: otherwise a token
/// of another kind, signed with the same key, passes for it (RFC 8725 §3.11).
///
/// Its descriptions show neither header nor payload.
public struct VerifiedJWS: Sendable, CustomStringConvertible, CustomReflectable {
    /// The signed content, at least one byte.
    public let payload: [UInt8]
    /// The algorithm of the signature: the one that `alg` names.
    public let algorithm: SignatureAlgorithm
    /// The header: strict JSON, an object. Its `jwk`, `jku`, `x5u`, `x5c` and `x5t` were not used.
    public let header: JSONDocument

    init(_ jws: CompactJWS, payload: [UInt8], algorithm: SignatureAlgorithm) {
        self.payload = payload
        self.algorithm = algorithm
        header = jws.header.document
    }

    /// `kid`, at most 512 bytes; nil when the header has none.
    public var keyID: String? { header.root["kid"]?.string }

    /// `typ` as in the header; nil when the header has none. Compare it with ``hasType(_:)``.
    public var type: String? { header.root["typ"]?.string }

    /// Whether `typ` is this media type. Case and an `application/` prefix are ignored on both sides (RFC 7515 §4.1.9).
    ///
    /// - Parameter mediaType: Such as `JWT` or `resource-metadata+jwt`.
    /// - Returns: False when the header has no `typ`.
    public func hasType(_ mediaType: String) -> Bool {
        type.map { CompactJWS.isMediaType($0, mediaType) } ?? false
    }

    /// Shows neither header nor payload.
    public var description: String { "<verified JWS>" }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
