internal import JOSE

extension IssuerConfiguration {
    /// Authelia as an OpenID Connect provider.
    ///
    /// **In Authelia** set `access_token_signed_response_alg: 'RS256'` for each client. By default, access tokens are
    /// opaque (`authelia_at_…`) and need introspection. List the resource identifier in the client's `audience`; the
    /// client names it with the parameter `resource` or `audience`. Otherwise the token has no audience and is refused,
    /// unless the client has `requested_audience_mode: 'implicit'`. Clients are configured in a file: there is no
    /// dynamic client registration. The metadata is found with RFC 8414 and with OpenID Connect Discovery.
    ///
    /// The tokens follow RFC 9068, so this preset selects that profile: an ID token is refused. Scopes are an array
    /// `scp`. Read on 2026-11-29: "Introduction", "Clients" and "Provider" of OpenID Connect 1.0 (Authelia's
    /// documentation); `internal/oidc` of its repository.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameter host: The host of Authelia, such as `auth.example.com`.
    public static func authelia(host: String) -> Self {
        var issuer = Self(
            preset: "https://\(host)",
            hints: [
                "aud_mismatch":
                    "List the resource identifier in the client's audience, and let the client name it with the "
                    + "parameter resource.",
                "typ_not_acceptable": "It is an ID token, or the client has no access_token_signed_response_alg.",
            ])
        issuer.policy.profile = .rfc9068
        return issuer
    }
}
