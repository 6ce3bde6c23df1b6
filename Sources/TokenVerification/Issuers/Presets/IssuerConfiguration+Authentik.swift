internal import JOSE

extension IssuerConfiguration {
    /// An application of authentik in its default issuer mode, in which each application has its own issuer.
    ///
    /// **In authentik** choose a *Signing Key* for the provider. Without one, tokens are signed with the client's
    /// secret (HS256), which this library never accepts. The audience is always the provider's client id. By default,
    /// access tokens contain no scopes: add a scope mapping with the expression `return {"scope": "
    /// ".join(token.scope)}`, or require no scope. OpenID Connect Discovery finds the metadata at a path that is
    /// appended to the issuer. The setting *Same identifier is used for all providers* makes `https://<host>/` the
    /// issuer, for which there is no preset.
    ///
    /// An access token is an ID token with `azp` and `uid` added, so this preset requires both.
    ///
    /// Read on 2026-11-29: "OAuth 2.0 provider" (authentik's documentation); `providers/oauth2/id_token.py` and
    /// `views/jwks.py` of its repository. Issue 6668 there describes the scope mapping; it was not read again.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameters:
    ///   - host: The host of authentik, such as `login.example.com`.
    ///   - application: The slug of the application.
    ///   - client: The client id of the provider.
    public static func authentik(host: String, application: String, client: String) -> Self {
        Self(
            preset: "https://\(host)/application/o/\(application)/", [client], requires: [.init("azp"), .init("uid")],
            hints: [
                "aud_mismatch":
                    "The token is for another provider: give the client id of the provider of this application.",
                "unknown_issuer":
                    "The token is of another application, or the provider does not use the issuer mode per "
                    + "application.",
                "claim_missing": "It is an ID token: the client must send the access token.",
            ])
    }
}
