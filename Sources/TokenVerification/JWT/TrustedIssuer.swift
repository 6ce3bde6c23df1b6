public import JOSE

/// An issuer whose JWTs a ``JWTTokenVerifier`` accepts, with its own policy, keys and scope mapping.
public struct TrustedIssuer: Sendable {
    /// The issuer identifier, byte for byte as in `iss`.
    public var issuer: String { validation.policy.issuer }
    /// The keys that verify the issuer's tokens.
    public let keys: any KeySource
    /// How far the clocks of issuer and server may differ, in seconds.
    package var clockSkew: Int { validation.policy.clockSkew }
    /// The rules for the tokens of this issuer.
    package var policy: JWTPolicy { validation.policy }
    let validation: JWTValidation
    let scopes: ScopeMapping

    /// Makes an issuer with its policy, its keys and its scope mapping.
    public init(_ validation: JWTValidation, keys: any KeySource, scopes: ScopeMapping = ScopeMapping()) {
        self.validation = validation
        self.keys = keys
        self.scopes = scopes
    }
}
