public import JOSE
public import OAuthMetadata
public import WireFormat

/// What a verified access token says. Made by a ``TokenVerifier`` after every check.
public struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// The issuer, as configured; nil for tokens that have none.
    public let issuer: String?
    /// `exp`, seconds since 1970; nil when the verifier knows no end.
    public let expiresAt: Double?
    /// The scopes of `scope`, else of `scp`; none when they are of the wrong type.
    public let scopes: ScopeSet
    /// Whether the claim that should name the scopes is of the wrong type, so that there are none.
    public let hasMalformedScopes: Bool
    /// The claims: strict JSON, an object.
    public let claims: JSONDocument

    /// The token of a verified JWT.
    public init(_ jwt: VerifiedJWT) {
        self.init(issuer: jwt.issuer, expiresAt: jwt.expiresAt, claims: jwt.claims)
    }

    /// What a custom verifier learned. The caller vouches for it.
    public init(issuer: String?, expiresAt: Double?, claims: JSONDocument) {
        self.issuer = issuer
        self.expiresAt = expiresAt
        self.claims = claims
        let scopes = Self.scopes(of: claims.root)
        self.scopes = scopes ?? ScopeSet()
        hasMalformedScopes = scopes == nil
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

    /// RFC 9068 §2.2.3 `scope`, a string split on spaces (an array is accepted too), else `scp` of either form.
    /// Nil for a claim of another form.
    private static func scopes(of claims: JSONNode) -> ScopeSet? {
        guard let claim = claims["scope"] ?? claims["scp"] else { return ScopeSet() }
        if let text = claim.string { return ScopeSet(keepingValidOf: text) }
        guard claim.kind == .array else { return nil }
        var scopes: [String] = []
        var allStrings = true
        claim.forEachElement { element in
            guard let scope = element.string else {
                allStrings = false
                return false
            }
            scopes.append(scope)
            return true
        }
        return allStrings ? ScopeSet(keepingValid: scopes) : nil
    }
}
