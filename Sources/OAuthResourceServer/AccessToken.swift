public import JOSE
public import OAuthMetadata
public import WireFormat

/// What a verified access token says. Made by a ``TokenVerifier`` after every check.
public struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// The issuer, as configured; nil for tokens that have none.
    public let issuer: String?
    /// `exp`, seconds since 1970; nil when the verifier knows no end.
    public let expiresAt: Double?
    /// The scopes of `scope`, else of `scp`, and those that the issuer's ``ScopeMapping`` finds in other claims; in the
    /// spelling in which clients request them.
    public let scopes: ScopeSet
    /// Whether a claim that should name scopes is of the wrong type or holds too many, so that it grants none.
    public let hasMalformedScopes: Bool
    /// The claims: strict JSON, an object.
    public let claims: JSONDocument

    /// The token of a verified JWT; its scopes as the mapping says.
    public init(_ jwt: VerifiedJWT, scopes mapping: ScopeMapping = ScopeMapping()) {
        self.init(issuer: jwt.issuer, expiresAt: jwt.expiresAt, claims: jwt.claims, scopes: mapping)
    }

    /// What a custom verifier learned; its scopes as the mapping says. The caller vouches for it.
    public init(
        issuer: String?, expiresAt: Double?, claims: JSONDocument, scopes mapping: ScopeMapping = ScopeMapping()
    ) {
        self.issuer = issuer
        self.expiresAt = expiresAt
        self.claims = claims
        let scopes = TokenScopes(of: claims.root, mapping)
        self.scopes = scopes.scopes
        hasMalformedScopes = scopes.hasMalformedClaim
    }

    /// `sub`.
    public var subject: String? { claims.root["sub"]?.string }

    /// `client_id`, else `azp`, else `cid`, else `appid`; never `sub`.
    public var clientID: String? {
        for name in ["client_id", "azp", "cid", "appid"] {
            if let clientID = claims.root[name]?.string { return clientID }
        }
        return nil
    }

    /// `jti`.
    public var tokenID: String? { claims.root["jti"]?.string }

    /// Says nothing about the claims.
    public var description: String { "<verified access token>" }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
