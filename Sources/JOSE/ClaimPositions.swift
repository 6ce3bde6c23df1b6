package import WireFormat

/// The positions of the claims that ``ClaimRules`` judges, found in one walk over the members of a claims set.
///
/// A position belongs to the document that it was found in. It is nil when the claim is absent. The optional claims
/// `sub`, `nbf`, `iat`, `jti` and `client_id` count as absent when they are null: some issuers write every claim that
/// they know. `iss`, `aud`, `exp` and `cnf` protect the token, so their null is judged like any other value.
package struct ClaimPositions: Sendable {
    /// The position of `iss`.
    package private(set) var iss: Int?
    /// The position of `sub`.
    package private(set) var sub: Int?
    /// The position of `aud`.
    package private(set) var aud: Int?
    /// The position of `exp`.
    package private(set) var exp: Int?
    /// The position of `nbf`.
    package private(set) var nbf: Int?
    /// The position of `iat`.
    package private(set) var iat: Int?
    /// The position of `jti`.
    package private(set) var jti: Int?
    /// The position of `cnf`.
    package private(set) var cnf: Int?
    /// The position of `client_id`.
    package private(set) var clientID: Int?
    /// Whether `at_hash`, `c_hash`, `s_hash` or `events` is present: a claim of an ID token or an event token.
    private(set) var hasForeignClaims = false

    /// Finds the claims of an object. Another kind of value has none.
    package init(_ claims: JSONDocument) {
        claims.forEachMember(named: { name, position in
            let optional = claims.kind(at: position) == .null ? nil : position
            switch name.count {
            case 3: take(Self.packed(name), position, optional: optional)
            case 6 where Self.equals(name, "c_hash") || Self.equals(name, "s_hash") || Self.equals(name, "events"):
                hasForeignClaims = true
            case 7 where Self.equals(name, "at_hash"): hasForeignClaims = true
            case 9 where Self.equals(name, "client_id"): clientID = optional
            default: break
            }
        })
    }

    /// Compares a name of three bytes as one number: a chain of text comparisons costs more than the rest of the walk.
    ///
    /// - Parameter optional: The position for a claim that counts as absent when it is null.
    private mutating func take(_ name: UInt32, _ position: Int, optional: Int?) {
        switch name {
        case 0x69_73_73: iss = position
        case 0x73_75_62: sub = optional
        case 0x61_75_64: aud = position
        case 0x65_78_70: exp = position
        case 0x6E_62_66: nbf = optional
        case 0x69_61_74: iat = optional
        case 0x6A_74_69: jti = optional
        case 0x63_6E_66: cnf = position
        default: break
        }
    }

    /// The first three bytes of a name as a number, the first byte highest.
    static func packed(_ name: Span<UInt8>) -> UInt32 {
        UInt32(name[0]) << 16 | UInt32(name[1]) << 8 | UInt32(name[2])
    }

    /// Whether a name has the bytes of `wanted`. Both must have the same length.
    static func equals(_ name: Span<UInt8>, _ wanted: StaticString) -> Bool {
        wanted.withUTF8Buffer { wanted in
            for index in name.indices where unsafe name[index] != wanted[index] { return false }
            return true
        }
    }
}
