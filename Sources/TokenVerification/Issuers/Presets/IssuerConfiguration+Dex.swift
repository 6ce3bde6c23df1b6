internal import JOSE

extension IssuerConfiguration {
    /// Dex.
    ///
    /// An access token of Dex is made like an ID token, with `at_hash`. This preset therefore accepts **ID tokens of
    /// the same clients too**, because the two cannot be told apart. The audience is always a client id.
    ///
    /// **In Dex** add a client for this resource to `staticClients`, with the clients that may call it as its
    /// `trustedPeers`. They request the scope `audience:server:client_id:<client>`. Otherwise the audience of the token
    /// is the requesting client, and the token is refused. Dex has no scopes of your own: require none, or grant some
    /// by `groups` with `scopes.claims`. It ignores the parameter `resource` and has no dynamic client registration.
    /// The metadata is found with OpenID Connect Discovery at a path that is appended to the issuer.
    ///
    /// Read on 2026-11-29: "Scopes and Claims", "Tokens", "OpenID Connect" (Dex's documentation); `SignAccessToken` in
    /// `server/tokens/issuer.go` and `server/discovery/discovery.go` of its repository.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameters:
    ///   - issuer: The value of `issuer` in Dex's configuration, byte for byte.
    ///   - client: The id of the client that stands for this resource.
    public static func dex(issuer: String, client: String) -> Self {
        var issuer = Self(
            preset: issuer, [client],
            hints: [
                "aud_mismatch":
                    "The client must request the scope audience:server:client_id:<client>, and be one of its "
                    + "trustedPeers."
            ])
        issuer.policy.idTokens = .dangerouslyAccepted
        return issuer
    }
}
