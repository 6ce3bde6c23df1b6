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
        claims.forEachMember(named: { name, position in
            var unlessNull: Int? { claims.kind(at: position) == .null ? nil : position }
            switch name {
            case "iss": iss = position
            case "sub": sub = unlessNull
            case "aud": aud = position
            case "exp": exp = position
            case "nbf": nbf = unlessNull
            case "iat": iat = unlessNull
            case "jti": jti = unlessNull
            case "cnf": cnf = position
            case "c_hash", "s_hash", "at_hash", "events": hasForeignClaims = true
            case nil where claims.isMember(at: position, named: "client_id"): clientID = unlessNull
            default: break
            }
        })
    }
}
