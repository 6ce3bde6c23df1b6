public import JOSE

/// An issuer whose JWTs a ``JWTTokenVerifier`` accepts, with its own policy, keys and scope mapping.
public struct TrustedIssuer: Sendable {
    /// One object, because an issuer is passed on for every token.
    private final class Content: Sendable {
        let keys: any KeySource
        let validation: JWTValidation
        let scopes: ScopeMapping

        init(_ validation: JWTValidation, _ keys: any KeySource, _ scopes: ScopeMapping) {
            self.keys = keys
            self.validation = validation
            self.scopes = scopes
        }
    }

    private let content: Content

    /// The issuer identifier, byte for byte as in `iss`.
    public var issuer: String { validation.policy.issuer }
    /// The keys that verify the issuer's tokens.
    public var keys: any KeySource { content.keys }
    /// How far the clocks of issuer and server may differ, in seconds.
    package var clockSkew: Int { validation.policy.clockSkew }
    /// The rules for the tokens of this issuer.
    package var policy: JWTPolicy { validation.policy }
    var validation: JWTValidation { content.validation }
    var scopes: ScopeMapping { content.scopes }

    /// Makes an issuer with its policy, its keys and its scope mapping.
    public init(_ validation: JWTValidation, keys: any KeySource, scopes: ScopeMapping = ScopeMapping()) {
        content = Content(validation, keys, scopes)
    }
}
