internal import JOSE

extension IssuerConfiguration {
    /// A custom authorization server of Okta.
    ///
    /// **In Okta** (Security › API) create an authorization server, or take `default`, and add the scopes and an access
    /// policy. Its *Audience* is one text for all of its tokens: the resource identifier, or what you name in `audiences`
    /// (`default` says `api://default`). Tokens of the org authorization server, without `/oauth2/` in their issuer, are
    /// for Okta itself and cannot be verified here. Metadata stands behind the issuer (OpenID Connect Discovery), not at the
    /// place that RFC 8414 inserts.
    ///
    /// Access tokens have `cid`, `uid` and an array `scp`, and no `typ` in the header; `cid` is required, for ID tokens
    /// lack it. Sources: "Validate access tokens", Okta's developer guides; the read-me of its JWT verifiers.
    ///
    /// - Parameters:
    ///   - domain: Such as `example.okta.com`, or your own domain.
    ///   - authorizationServer: The id of the authorization server.
    ///   - audiences: Its audience, when it is not the resource identifier.
    public static func okta(
        domain: String, authorizationServer: String = "default", audiences: [String] = []
    ) -> Self {
        Self(preset: "https://\(domain)/oauth2/\(authorizationServer)", audiences, requires: [.init("cid")])
    }
}
