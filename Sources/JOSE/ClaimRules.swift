package import WireFormat

/// The rules of the registered claims (RFC 7519 §4.1), each in one place.
///
/// ``JWTValidation`` applies the rules to a JWT. The introspection verifier applies them to the answer of an
/// introspection endpoint (RFC 7662 §2.2).
///
/// **Checks** the JSON type and the value of a claim that is present.
/// **Does not check** that a claim is present: the caller decides which claims it requires. A caller that never calls a
/// rule accepts every value of that claim.
///
/// Every rule reads the claim at a position that ``ClaimPositions`` found in the same document. Every rule throws
/// ``JOSEError/claim(_:_:)`` with the name of its claim.
package struct ClaimRules: Sendable {
    /// The accepted issuer in UTF-8.
    let issuer: [UInt8]
    private let audiences: [[UInt8]]
    private let skew: Double
    private let confirmations: Set<KeyConfirmation.Method>

    /// Takes the issuer, the audiences, the clock skew and the key bindings of a policy. The policy is not checked
    /// here.
    package init(_ policy: JWTPolicy) {
        issuer = Array(policy.issuer.utf8)
        audiences = policy.acceptedAudiences
        skew = Double(policy.clockSkew)
        confirmations = policy.confirmations
    }

    // MARK: exp, nbf, iat

    /// RFC 7519 §2, NumericDate: a JSON number, integer or fraction, |x| < 2^53.
    ///
    /// - Returns: Seconds since 1970; nil when the claim is absent.
    package static func numericDate(
        _ name: @autoclosure () -> JOSEError.ClaimName, in claims: JSONDocument, at position: Int?
    ) throws(JOSEError) -> Double? {
        guard let position else { return nil }
        guard let seconds = claims.double(at: position), seconds.magnitude < 9_007_199_254_740_992 else {
            throw .claim(name(), .wrongType)
        }
        return seconds
    }

    /// RFC 7519 §4.1.4: `now` must be before `exp`. The clock skew extends the lifetime.
    ///
    /// - Returns: `exp` in seconds since 1970, without the skew; nil when the claim is absent.
    package func expirationTime(
        in claims: JSONDocument, at position: Int?, now: Double
    ) throws(JOSEError) -> Double? {
        guard let expiresAt = try Self.numericDate(.exp, in: claims, at: position) else { return nil }
        guard now < expiresAt + skew else { throw .claim(.exp, .expired) }
        return expiresAt
    }

    /// RFC 7519 §4.1.5: `nbf` must not be after `now`, apart from the clock skew. An absent claim passes.
    package func checkNotBefore(in claims: JSONDocument, at position: Int?, now: Double) throws(JOSEError) {
        guard let notBefore = try Self.numericDate(.nbf, in: claims, at: position) else { return }
        guard notBefore <= now + skew else { throw .claim(.nbf, .notYetValid) }
    }

    /// `iat` must not be after `now`, apart from the clock skew. This is stricter than RFC 7519 §4.1.6: only a wrong
    /// clock or a faulty signer issues a token in the future.
    ///
    /// - Parameter future: Whether a time in the future is refused.
    /// - Returns: `iat` in seconds since 1970; nil when the claim is absent.
    package func issuedAt(
        in claims: JSONDocument, at position: Int?, now: Double, future: JWTPolicy.Leniency
    ) throws(JOSEError) -> Double? {
        guard let issuedAt = try Self.numericDate(.iat, in: claims, at: position) else { return nil }
        if future == .refused, issuedAt > now + skew { throw .claim(.iat, .issuedInFuture) }
        return issuedAt
    }

    /// The longest time since `iat`, and the longest time between `iat` and `exp`, in seconds; nil for no limit. The
    /// clock skew extends the age but not the lifetime, which is a difference between two times of the same issuer.
    func checkAge(issuedAt: Double, expiresAt: Double, now: Double, _ policy: JWTPolicy) throws(JOSEError) {
        if let age = policy.maximumAge, now - issuedAt > Double(age) + skew { throw .claim(.iat, .tooOld) }
        if let lifetime = policy.maximumLifetime, expiresAt - issuedAt > Double(lifetime) {
            throw .claim(.exp, .lifetimeTooLong)
        }
    }

    // MARK: iss, aud

    /// RFC 7519 §4.1.1, RFC 8414 §3.3: `iss` is a string of the same bytes as the configured issuer, without
    /// normalization.
    package func checkIssuer(in claims: JSONDocument, at position: Int) throws(JOSEError) {
        guard claims.isString(at: position, issuer.span) else {
            throw .claim(.iss, claims.kind(at: position) == .string ? .mismatch : .wrongType)
        }
    }

    /// RFC 7519 §4.1.3, RFC 8707 §2: `aud` is a string, or an array of strings, and one of them is an accepted
    /// audience.
    package func checkAudience(in claims: JSONDocument, at position: Int) throws(JOSEError) {
        // The usual form is one string, which is compared without making a node.
        if audiences.contains(where: { claims.isString(at: position, $0.span) }) { return }
        try checkAudience(claims.root.node(at: position), .aud)
    }

    /// The same rule for the claim that a policy names in place of `aud`.
    package func checkAudience(_ claim: JSONDocument.Node, _ name: JOSEError.ClaimName) throws(JOSEError) {
        if claim.kind == .string {
            guard isAccepted(claim) else { throw .claim(name, .mismatch) }
            return
        }
        guard claim.kind == .array else { throw .claim(name, .wrongType) }
        var allStrings = true
        var found = false
        claim.forEachElement { element in
            allStrings = element.kind == .string
            found = found || isAccepted(element)
            return allStrings
        }
        guard allStrings else { throw .claim(name, .wrongType) }
        guard found else { throw .claim(name, .mismatch) }
    }

    private func isAccepted(_ audience: JSONDocument.Node) -> Bool {
        audiences.contains { audience.isString($0.span) }
    }

    // MARK: sub, client_id, jti, cnf

    /// RFC 7519 §4.1.2 and §4.1.7, RFC 8693 §4.3: `sub`, `jti` and `client_id` are strings.
    package static func checkIdentity(
        _ name: @autoclosure () -> JOSEError.ClaimName, in claims: JSONDocument, at position: Int
    ) throws(JOSEError) {
        guard claims.kind(at: position) == .string else { throw .claim(name(), .wrongType) }
    }

    /// RFC 7800 §3.1: a token with `cnf`, even null, is bound to a key. It is acceptable only when the caller checks
    /// every method that it names.
    ///
    /// - Returns: The binding for the caller to check; nil when the claim is absent.
    package func confirmation(in claims: JSONDocument, at position: Int?) throws(JOSEError) -> KeyConfirmation? {
        guard let position else { return nil }
        guard !confirmations.isEmpty else { throw .claim(.cnf, .unsatisfied) }
        let confirmation: KeyConfirmation
        do throws(JOSEError.ClaimDefect) {
            confirmation = try KeyConfirmation(claims.root.node(at: position))
        } catch {
            throw .claim(.cnf, error)
        }
        guard confirmation.methods.isSubset(of: confirmations) else { throw .claim(.cnf, .unsatisfied) }
        return confirmation
    }
}
