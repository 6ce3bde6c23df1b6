internal import WireFormat

/// Where the claims that the validation looks at stand in a payload; found in one walk over its members.
struct ClaimPositions: Sendable {
    private(set) var iss: Int?
    private(set) var sub: Int?
    private(set) var aud: Int?
    private(set) var exp: Int?
    private(set) var nbf: Int?
    private(set) var iat: Int?
    private(set) var jti: Int?
    private(set) var cnf: Int?
    private(set) var clientID: Int?
    /// Whether there is `at_hash`, `c_hash`, `s_hash` or `events`.
    private(set) var hasForeignClaims = false

    init(_ payload: JSONDocument) {
        payload.forEachMember(named: { name, position in
            switch name.count {
            case 3: take(Self.packed(name), position)
            case 6 where Self.equals(name, "c_hash") || Self.equals(name, "s_hash") || Self.equals(name, "events"):
                hasForeignClaims = true
            case 7 where Self.equals(name, "at_hash"): hasForeignClaims = true
            case 9 where Self.equals(name, "client_id"): clientID = position
            default: break
            }
        })
    }

    /// The names as numbers, because a chain of comparisons of texts costs more than the rest of the walk.
    private mutating func take(_ name: UInt32, _ position: Int) {
        switch name {
        case 0x69_73_73: iss = position
        case 0x73_75_62: sub = position
        case 0x61_75_64: aud = position
        case 0x65_78_70: exp = position
        case 0x6E_62_66: nbf = position
        case 0x69_61_74: iat = position
        case 0x6A_74_69: jti = position
        case 0x63_6E_66: cnf = position
        default: break
        }
    }

    /// Three ASCII characters as a number.
    static func packed(_ name: Span<UInt8>) -> UInt32 {
        UInt32(name[0]) << 16 | UInt32(name[1]) << 8 | UInt32(name[2])
    }

    static func equals(_ name: Span<UInt8>, _ wanted: StaticString) -> Bool {
        wanted.withUTF8Buffer { wanted in
            for index in name.indices where unsafe name[index] != wanted[index] { return false }
            return true
        }
    }
}

/// Where the header parameters that are read stand; found in one walk. `jwk`, `jku`, `x5u`, `x5c` and `x5t` are not
/// among them: a token does not bring its own key (RFC 8725 §3.10).
struct HeaderPositions {
    private(set) var alg: Int?
    private(set) var kid: Int?
    private(set) var typ: Int?
    private(set) var crit: Int?
    private(set) var b64: Int?
    private(set) var cty: Int?
    /// Whether there is `enc` or `zip`.
    private(set) var isEncryptedOrCompressed = false

    init(_ header: JSONDocument) {
        header.forEachMember(named: { name, position in
            if name.count == 3 {
                switch ClaimPositions.packed(name) {
                case 0x61_6C_67: alg = position
                case 0x6B_69_64: kid = position
                case 0x74_79_70: typ = position
                case 0x62_36_34: b64 = position
                case 0x63_74_79: cty = position
                case 0x65_6E_63, 0x7A_69_70: isEncryptedOrCompressed = true
                default: break
                }
            } else if name.count == 4, ClaimPositions.equals(name, "crit") {
                crit = position
            }
        })
    }
}
