internal import JOSE

extension IssuerConfiguration {
    /// An application of authentik, in its default issuer mode: an issuer for each application.
    ///
    /// **In authentik** choose a *Signing Key* for the provider, or its tokens are signed with the client's secret (HS256),
    /// which is never accepted. The audience is always the provider's client id. Its access tokens have no scopes of
    /// themselves: add a scope mapping with the expression `return {"scope": " ".join(token.scope)}`, or require none.
    /// OpenID Connect Discovery behind the issuer; the setting *Same identifier is used for all providers* makes
    /// `https://<host>/` the issuer, for which there is no preset.
    ///
    /// Access tokens are ID tokens with `azp` and `uid` added, so that both are required. Sources: "OAuth 2.0 provider",
    /// authentik's documentation; issue 6668 of its repository for the scope mapping.
    ///
    /// - Parameters:
    ///   - host: Such as `login.example.com`.
    ///   - application: The slug of the application.
    ///   - client: The client id of the provider.
    public static func authentik(host: String, application: String, client: String) -> Self {
        Self(
            preset: "https://\(host)/application/o/\(application)/", [client], requires: [.init("azp"), .init("uid")])
    }
}
