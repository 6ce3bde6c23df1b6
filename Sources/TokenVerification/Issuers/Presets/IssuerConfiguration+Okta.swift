internal import JOSE

extension IssuerConfiguration {
    /// A custom authorization server of Okta.
    ///
    /// **In Okta** (Security › API) create an authorization server, or use `default`. Add the scopes and an access
    /// policy. An authorization server has one *Audience* for all of its tokens: the resource identifier, or the value
    /// that you list in `audiences` (`api://default` for `default`). The issuer of the org authorization server has no
    /// `/oauth2/`. Its tokens are for Okta itself and cannot be verified here. The metadata is found with RFC 8414
    /// (`/.well-known/oauth-authorization-server/oauth2/<id>`) and with OpenID Connect Discovery.
    ///
    /// An access token has `cid`, `uid` and an array `scp`. This preset requires `cid`, because ID tokens do not have
    /// it. Read on 2026-11-29: "Authorization servers", "OAuth 2.0 claims and scopes", "Validate access tokens", "Key
    /// rotation" (Okta Developer). That its header has no `typ` and ID tokens no `cid` is commonly reported.
    ///
    /// **Bound tokens.** DPoP is a setting of the client application: *Require Demonstrating Proof of Possession (DPoP)
    /// header in token requests*. Read on 2026-11-29: "Configure OAuth 2.0 Demonstrating Proof-of-Possession" (Okta
    /// Developer).
    ///
    /// - Parameters:
    ///   - domain: The domain of the organization, such as `example.okta.com`, or your own domain.
    ///   - authorizationServer: The id of the authorization server.
    ///   - audiences: Its audience, if it is not the resource identifier.
    public static func okta(
        domain: String, authorizationServer: String = "default", audiences: [String] = []
    ) -> Self {
        Self(
            preset: "https://\(domain)/oauth2/\(authorizationServer)", audiences, requires: [.init("cid")],
            hints: [
                "aud_mismatch":
                    "Set the Audience of the authorization server to the resource identifier, or list it in "
                    + "audiences.",
                "unknown_issuer":
                    "The token is of another authorization server; tokens of the org authorization server cannot be "
                    + "verified.",
                "claim_missing": "It is an ID token: the client must send the access token.",
            ])
    }
}
