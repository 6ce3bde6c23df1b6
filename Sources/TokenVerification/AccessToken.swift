public import JOSE
public import OAuthMetadata
public import WireFormat

/// What a verified access token says. Made by a ``TokenVerifier`` after every check.
public struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// One object: a token is handed on several times per request.
    private final class Content: Sendable {
        let issuer: String?
        let expiresAt: Double?
        let scopes: TokenScopes
        let claims: JSONDocument

        init(issuer: String?, expiresAt: Double?, scopes: TokenScopes, claims: JSONDocument) {
            self.issuer = issuer
            self.expiresAt = expiresAt
            self.scopes = scopes
            self.claims = claims
        }
    }

    private let content: Content

    /// The issuer, as configured; nil for tokens that have none.
    public var issuer: String? { content.issuer }
    /// `exp`, seconds since 1970; nil when the verifier knows no end.
    public var expiresAt: Double? { content.expiresAt }
    /// The scopes of `scope`, else of `scp`, and those that the issuer's ``ScopeMapping`` finds in other claims; in the
    /// spelling in which clients request them.
    public var scopes: ScopeSet { content.scopes.scopes }
    /// Whether a claim that should name scopes is of the wrong type or holds too many, so that it grants none.
    public var hasMalformedScopes: Bool { content.scopes.hasMalformedClaim }
    /// The claims: strict JSON, an object.
    public var claims: JSONDocument { content.claims }

    /// The token of a verified JWT; its scopes as the mapping says.
    public init(_ jwt: VerifiedJWT, scopes mapping: ScopeMapping = ScopeMapping()) {
        self.init(issuer: jwt.issuer, expiresAt: jwt.expiresAt, claims: jwt.claims, scopes: mapping)
    }

    /// What a custom verifier learned; its scopes as the mapping says. The caller vouches for it.
    public init(
        issuer: String?, expiresAt: Double?, claims: JSONDocument, scopes mapping: ScopeMapping = ScopeMapping()
    ) {
        content = Content(
            issuer: issuer, expiresAt: expiresAt, scopes: TokenScopes(of: claims.root, mapping), claims: claims)
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
