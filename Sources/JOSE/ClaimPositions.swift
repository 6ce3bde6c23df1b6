package import WireFormat

/// The positions of the claims that ``ClaimRules`` judges, found in one walk over the members of a claims set.
///
/// A position belongs to the document that it was found in. It is nil when the claim is absent. The optional claims
/// `sub`, `nbf`, `iat`, `jti` and `client_id` count as absent when they are null: some issuers write every claim that
/// they know. `iss`, `aud`, `exp` and `cnf` protect the token, so their null is judged like any other value.
package struct ClaimPositions: Sendable {
    /// The position of `iss`.
    @TapePosition package private(set) var iss: Int?
    /// The position of `sub`.
    @TapePosition package private(set) var sub: Int?
    /// The position of `aud`.
    @TapePosition package private(set) var aud: Int?
    /// The position of `exp`.
    @TapePosition package private(set) var exp: Int?
    /// The position of `nbf`.
    @TapePosition package private(set) var nbf: Int?
    /// The position of `iat`.
    @TapePosition package private(set) var iat: Int?
    /// The position of `jti`.
    @TapePosition package private(set) var jti: Int?
    /// The position of `cnf`.
    @TapePosition package private(set) var cnf: Int?
    /// The position of `client_id`.
    @TapePosition package private(set) var clientID: Int?
    /// Whether `at_hash`, `c_hash`, `s_hash` or `events` is present: a claim of an ID token or an event token.
    private(set) var hasForeignClaims = false

    /// Finds the claims of an object. Another kind of value has none.
    package init(_ claims: borrowing JSONDocument) {
        claims.forEachMember(named: { name, position, kind in
            let optional = kind == .null ? nil : position
            // A name is its ASCII bytes as one number, the first byte highest: 0x69_73_73 is "iss".
            switch name {
            case 0x69_73_73: iss = position
            case 0x73_75_62: sub = optional
            case 0x61_75_64: aud = position
            case 0x65_78_70: exp = position
            case 0x6E_62_66: nbf = optional
            case 0x69_61_74: iat = optional
            case 0x6A_74_69: jti = optional
            case 0x63_6E_66: cnf = position
            case 0x63_5F_68_61_73_68: hasForeignClaims = true  // c_hash
            case 0x73_5F_68_61_73_68: hasForeignClaims = true  // s_hash
            case 0x61_74_5F_68_61_73_68: hasForeignClaims = true  // at_hash
            case 0x65_76_65_6E_74_73: hasForeignClaims = true  // events
            // 0 is a name that does not fit: longer than 8 bytes, empty, or with a NUL. The name stands one before its
            // value.
            case 0 where claims.isString(at: position - 1, "client_id"): clientID = optional
            default: break
            }
        })
    }
}

/// Stores a position on a tape in four bytes, because a parsed token is moved from one function to the next.
@propertyWrapper
package struct TapePosition: Sendable {
    /// 0, the position of the outermost value, stands for nil.
    private var position: UInt32 = 0

    /// Makes nil.
    package init() {}

    package var wrappedValue: Int? {
        get { position == 0 ? nil : Int(position) }
        // Positions fit, because a text has fewer than 2³² bytes and no more values than bytes.
        set { position = UInt32(truncatingIfNeeded: newValue ?? 0) }
    }
}
