internal import JOSE

extension IssuerConfiguration {
    /// Ory Hydra, or the OAuth2 part of Ory Network.
    ///
    /// **In Hydra** set `strategies.access_token: jwt`, for all clients or for one: by default access tokens are opaque, for
    /// introspection. The audience must be in the client's `audience` list and is asked for with the parameter `audience`,
    /// or granted by your consent app (`grant_access_token_audience`); a client that sends only `resource` gets `aud: []`
    /// otherwise, which is refused. Dynamic registration is a switch (`oidc.dynamic_client_registration.enabled`).
    /// OpenID Connect Discovery.
    ///
    /// Scopes are an array `scp`, or as `strategies.jwt.scope_claim` says; both forms are read. `client_id` is required,
    /// for ID tokens lack it. Sources: "Opaque and JWT access tokens", "Advanced OAuth2 and OpenID Connect Flows", Ory's
    /// documentation.
    ///
    /// - Parameters:
    ///   - issuer: `urls.self.issuer` of its configuration, byte for byte.
    ///   - audiences: What the tokens call this resource, when it is not the resource identifier.
    public static func oryHydra(issuer: String, audiences: [String] = []) -> Self {
        Self(preset: issuer, audiences, requires: [.init("client_id"), .init("jti")])
    }
}
