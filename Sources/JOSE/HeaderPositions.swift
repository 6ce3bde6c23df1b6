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
        header.forEachMember(named: { name, position, _ in
            // A name is its ASCII bytes as one number, the first byte highest: 0x61_6C_67 is "alg".
            switch name {
            case 0x61_6C_67: alg = position
            case 0x6B_69_64: kid = position
            case 0x74_79_70: typ = position
            case 0x62_36_34: b64 = position
            case 0x63_74_79: cty = position
            case 0x63_72_69_74: crit = position
            case 0x65_6E_63, 0x7A_69_70: isEncryptedOrCompressed = true  // enc, zip
            default: break
            }
        })
    }
}
