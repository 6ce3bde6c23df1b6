/// A parser under test: its name, and the check of the properties that must hold for every input.
struct FuzzTarget: Sendable {
    /// The name of the target and of its folder in `Tests/Fuzz/Corpus`.
    let name: String
    /// Throws the violated property if the input violates one.
    let check: @Sendable ([UInt8]) throws(Violation) -> Void

    /// All targets.
    static let all: [FuzzTarget] = [
        FuzzTarget(name: "base64url", check: Base64URLProperties.check),
        FuzzTarget(name: "json", check: JSONProperties.check),
        FuzzTarget(name: "url", check: URLProperties.check),
        FuzzTarget(name: "jws", check: TokenProperties.check(token:)),
        FuzzTarget(name: "jws-header", check: TokenProperties.check(header:)),
        FuzzTarget(name: "claims", check: ClaimProperties.check),
        FuzzTarget(name: "scope", check: ScopeProperties.check),
        FuzzTarget(name: "jwks", check: KeySetProperties.check),
        FuzzTarget(name: "challenge", check: ChallengeProperties.check),
        FuzzTarget(name: "authorization", check: AuthorizationProperties.check),
        FuzzTarget(name: "resource-uri", check: ResourceRuleProperties.check),
        FuzzTarget(name: "session-id", check: SessionProperties.check),
        FuzzTarget(name: "http-head", check: HTTPHeadProperties.check),
        FuzzTarget(name: "http-connection", check: HTTPConnectionProperties.check),
    ]
}

/// A property that does not hold.
struct Violation: Error, Equatable {
    /// The property, as a statement.
    let property: String
}

/// Throws unless the property holds.
func require(_ condition: Bool, _ property: StaticString) throws(Violation) {
    guard condition else { throw Violation(property: "\(property)") }
}
