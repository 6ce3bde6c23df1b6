internal import JOSE
public import WireFormat

/// A DPoP proof before it is signed (RFC 9449 §4.2), which a test can give defects.
///
/// ``DPoPKey/draft(_:_:token:nonce:)`` makes a good one. Any header parameter and any claim can be set, changed or
/// removed (`proof.claims["ath"] = nil`).
public struct DPoPProof: Sendable {
    /// The JOSE header: `typ`, `alg` and `jwk`.
    public var header: JSONDocument.Object
    /// The claims.
    public var claims: JSONDocument.Object
    /// If set, signed instead of ``header``. Any bytes are possible.
    public var headerBytes: [UInt8]?
    /// If set, signed instead of ``claims``. Any bytes are possible.
    public var payloadBytes: [UInt8]?
    /// If set, the proof contains these bytes instead of the signed header.
    public var presentedHeader: [UInt8]?
    /// If set, the proof contains these bytes instead of the signed payload.
    public var presentedPayload: [UInt8]?
    /// The content of the third part.
    public var signature = FakeIssuer.Draft.Signature.good
    /// The key that signs. `jwk` is independent of it.
    public var key: DPoPKey

    init(key: DPoPKey, header: JSONDocument.Object, claims: JSONDocument.Object) {
        self.key = key
        self.header = header
        self.claims = claims
    }

    /// `iat` in seconds since 1970; nil if it is absent or not a number.
    public var issuedAt: Double? {
        get { claims["iat"]?.number?.double }
        set { claims["iat"] = newValue.flatMap(FakeIssuer.Draft.numericDate) }
    }

    /// The compact form: the value of a `DPoP` field.
    public func signed() -> String {
        let header = headerBytes ?? JSONValue.object(header).encoded()
        let payload = payloadBytes ?? JSONValue.object(claims).encoded()
        let parts = [presentedHeader ?? header, presentedPayload ?? payload, signature(over: header, payload)]
        return parts.map { Base64URL.encode($0) }.joined(separator: ".")
    }

    private func signature(over header: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        let input = Array("\(Base64URL.encode(header)).\(Base64URL.encode(payload))".utf8)
        do throws(JOSEError) {
            switch signature {
            case .good: return try key.signing.sign(input)
            case .foreignKey: return try key.other().signing.sign(input)
            case .altered:
                var bytes = try key.signing.sign(input)
                // A bit in the middle, so that the altered value is still in the range of a signature.
                bytes[bytes.count / 2] ^= 0x01
                return bytes
            case .empty: return []
            case .bytes(let bytes): return bytes
            }
        } catch {
            preconditionFailure("libcrypto could not sign a test proof.")
        }
    }
}
