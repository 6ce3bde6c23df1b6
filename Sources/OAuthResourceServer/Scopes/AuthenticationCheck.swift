internal import TokenVerification
internal import WireFormat

/// Decides whether the user of a token was authenticated as a request needs (RFC 9470 §3).
struct AuthenticationCheck: Sendable {
    let skews: IssuerClockSkews
    /// The time of day. Tests replace it.
    var clock: WallClock

    /// What the client must request; nil when the token meets all requirements.
    func missing(_ requirements: [ScopeRequirement.Authentication], of principal: Principal) -> ScopeRequirement
        .Authentication?
    {
        guard let first = requirements.first(where: { !isMet($0, by: principal) }) else { return nil }
        // One login must suffice: what all of them accept, and the shortest age.
        let lists = requirements.map(\.acrValues).filter { !$0.isEmpty }
        let common = lists.first?.filter { value in
            lists.allSatisfy { $0.contains(where: value.hasSameBytes) }
        }
        let values = common?.isEmpty == false ? common : lists.first
        return ScopeRequirement.Authentication(
            acrValues: values ?? first.acrValues, maximumAge: requirements.compactMap(\.maximumAge).min())
    }

    private func isMet(_ requirement: ScopeRequirement.Authentication, by principal: Principal) -> Bool {
        guard let claims = principal.accessToken?.claims.root else { return false }
        if !requirement.acrValues.isEmpty {
            guard let value = claims["acr"]?.string, requirement.acrValues.contains(where: value.hasSameBytes) else {
                return false
            }
        }
        guard let age = requirement.maximumSeconds else { return true }
        guard let time = claims["auth_time"], time.kind == .number, let authenticated = time.double,
            authenticated.isFinite
        else { return false }
        let skew = Double(skews.skew(of: principal.issuer))
        let elapsed = clock.now() - authenticated
        // A time that is not yet cannot be that of a login.
        return elapsed <= Double(age) + skew && elapsed >= -skew
    }
}
