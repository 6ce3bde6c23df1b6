internal import JOSE

extension IssuerConfiguration {
    /// Ory Hydra, or the OAuth 2 part of Ory Network.
    ///
    /// **In Hydra** set `strategies.access_token: jwt`, for all clients or for one. By default, access tokens are
    /// opaque and need introspection. The audience must be in the client's `audience` list. Either the client requests
    /// it with the parameter `audience`, or your consent app grants it (`grant_access_token_audience`). Otherwise a
    /// client that sends only `resource` gets `aud: []`, which is refused. Dynamic client registration is a setting
    /// (`oidc.dynamic_client_registration.enabled`). The metadata is found with RFC 8414 and with OpenID Connect
    /// Discovery.
    ///
    /// Scopes are an array `scp`, or have the form that `strategies.jwt.scope_claim` selects; both forms are read. This
    /// preset requires `client_id`, because ID tokens do not have it, as is commonly reported. Read on 2026-11-29:
    /// "Opaque and JWT access tokens", "OAuth2 token audience", "OAuth2 and OpenID Connect discovery" (Ory's
    /// documentation); `fosite/token/jwt/claims_jwt.go` and `spec/config.json` of Hydra's repository.
    ///
    /// **Bound tokens.** Hydra does not issue them. Read on 2026-11-29: issue 3235 of `ory/hydra`, "Support dPoP",
    /// which is open.
    ///
    /// - Parameters:
    ///   - issuer: The value of `urls.self.issuer` in Hydra's configuration, byte for byte.
    ///   - audiences: The values of `aud` that name this resource, if it is not the resource identifier.
    public static func oryHydra(issuer: String, audiences: [String] = []) -> Self {
        Self(
            preset: issuer, audiences, requires: [.init("client_id"), .init("jti")],
            hints: [
                "aud_mismatch":
                    "The client must request the audience, which its audience list allows, or your consent app must "
                    + "grant it.",
                "client_id_missing": "It is an ID token: the client must send the access token.",
            ])
    }
}
