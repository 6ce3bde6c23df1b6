public import WireFormat

/// A JWT that passed every check of a ``JWTValidation``. Only a validation makes it.
///
/// Properties that the policy guarantees are not optional. All claims are in ``claims``: as values, or as
/// ``WireFormat/JSONDocument/bytes`` for a decoder of your choice. Its descriptions do not show the claims.
public struct VerifiedJWT: Sendable, CustomStringConvertible, CustomReflectable {
    /// The claims that RFC 9068 §2.2 requires beyond the default profile.
    public struct RFC9068Claims: Sendable, CustomReflectable {
        /// `sub`
        public let subject: String
        /// `client_id`
        public let clientID: String
        /// `jti`
        public let tokenID: String
        /// `iat`, seconds since 1970.
        public let issuedAt: Double

        /// Shows no member.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// The claims: strict JSON, an object.
    public let claims: JSONDocument
    /// The configured issuer, which is equal to `iss`.
    public var issuer: String { validation.policy.issuer }
    /// `exp`, seconds since 1970.
    public let expiresAt: Double
    /// The keys to which the token is bound, whose proofs the caller must check; nil when it is not bound.
    public let confirmation: KeyConfirmation?
    private let validation: JWTValidation

    init(_ claims: JSONDocument, by validation: JWTValidation, expiresAt: Double, confirmation: KeyConfirmation?) {
        self.claims = claims
        self.validation = validation
        self.expiresAt = expiresAt
        self.confirmation = confirmation
    }

    /// The audiences, at least one, from the claim that the policy names.
    public var audience: [String] {
        guard let claim = claims.root[validation.policy.audienceClaim] else { return [] }
        if let only = claim.string { return [only] }
        var audience: [String] = []
        claim.forEachElement { element in
            if let name = element.string { audience.append(name) }
            return true
        }
        return audience
    }

    /// `sub`; nil when the token has none.
    public var subject: String? { claims.root["sub"]?.string }
    /// `jti`; nil when the token has none.
    public var tokenID: String? { claims.root["jti"]?.string }
    /// `iat`, seconds since 1970; nil when the token has none.
    public var issuedAt: Double? { claims.root["iat"]?.double }
    /// `nbf`, seconds since 1970; nil when the token has none.
    public var notBefore: Double? { claims.root["nbf"]?.double }

    /// The claims of the profile; nil under ``JWTPolicy/Profile-swift.enum/default``.
    public var rfc9068: RFC9068Claims? {
        guard validation.policy.profile == .rfc9068, let subject, let tokenID, let issuedAt,
            let clientID = claims.root["client_id"]?.string
        else { return nil }
        return RFC9068Claims(subject: subject, clientID: clientID, tokenID: tokenID, issuedAt: issuedAt)
    }

    /// Does not show the claims.
    public var description: String { "<verified JWT>" }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
