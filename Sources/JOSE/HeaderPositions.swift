internal import WireFormat

/// The positions of the header parameters (RFC 7515 §4.1) that the library reads, found in one walk over the header.
///
/// `jwk`, `jku`, `x5u`, `x5c` and `x5t` are ignored: a token never supplies its own key (RFC 8725 §3.10).
struct HeaderPositions {
    private(set) var alg: Int?
    private(set) var kid: Int?
    private(set) var typ: Int?
    private(set) var crit: Int?
    private(set) var b64: Int?
    private(set) var cty: Int?
    /// Whether `enc` or `zip` is present.
    private(set) var isEncryptedOrCompressed = false

    init(_ header: borrowing JSONDocument) {
        header.forEachMember(named: { name, position in
            switch name {
            case "alg": alg = position
            case "kid": kid = position
            case "typ": typ = position
            case "b64": b64 = position
            case "cty": cty = position
            case "crit": crit = position
            case "enc", "zip": isEncryptedOrCompressed = true
            default: break
            }
        })
    }
}
