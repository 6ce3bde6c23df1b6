internal import JOSE

extension IssuerConfiguration {
    /// A tenant of FusionAuth.
    ///
    /// **In FusionAuth** set the *Issuer* of the tenant (Tenants › General), and choose an asymmetric *Access token
    /// signing key* (Applications › JWT, or Tenants › JWT). The audience is the client id of the application whose
    /// users log in: list the applications of this resource. The token of a client with a metadata document
    /// (Enterprise, 1.70) has the client's URL and the resource as its audience, if the resource is an *Authorized
    /// resource URI* of the CIMD domain: list the resource identifier too.
    ///
    /// | what most often goes wrong | refused with |
    /// |---|---|
    /// | The token is signed with the default HMAC key (HS256). | `alg_not_allowed` |
    /// | The tenant's *Issuer* is still `acme.com`, or another one than configured here. | `unknown_issuer` |
    /// | The token is for another application of the tenant. | `aud_mismatch` |
    /// | It is an ID token (`at_hash`, `c_hash`). | `not_an_access_token` |
    ///
    /// The issuer may be any text. Clients that discover FusionAuth compare it with the URL (RFC 8414 §3.3), so that
    /// for them the *Issuer* must be the URL. Roles of the application are in `roles`: map them with `scopes.claims`.
    /// FusionAuth has no dynamic client registration. Read on 2026-11-29: "Tokens", "OAuth Client Registration", "OAuth
    /// Issuer Validation" (FusionAuth Docs). Not read: "Tenants", which describes the settings.
    ///
    /// **Bound tokens.** DPoP is a feature of the Enterprise plan. Read on 2026-11-29: "OAuth DPoP" (FusionAuth's
    /// documentation).
    ///
    /// - Parameters:
    ///   - url: The URL of FusionAuth, without a slash at the end, such as `https://auth.example.com`.
    ///   - issuer: The *Issuer* of the tenant; nil when it is the URL.
    ///   - applications: The values of `aud` that are accepted, which are the ids of applications; at least one.
    public static func fusionAuth(url: String, issuer: String? = nil, applications: [String]) -> Self {
        var configuration = Self(
            preset: issuer ?? url, applications, requires: [.init("sub")],
            hints: [
                "aud_mismatch":
                    "The token is for another application of the tenant: list its id, if it serves this resource.",
                "alg_not_allowed":
                    "The token is signed with the default HMAC key: choose an RSA or EC key for access tokens.",
                "unknown_issuer": "The Issuer of the tenant is another one than configured; the default is acme.com.",
                "not_an_access_token": "It is an ID token: the client must send the access token.",
            ])
        configuration.keys = .url("\(url)/.well-known/jwks.json")
        configuration.authorizationServer = url
        configuration.checkBase(url, "url")
        if applications.isEmpty {
            configuration.presetFaults.add(
                "applications", "is empty, and tokens never name the resource", "list the ids of the applications")
        }
        return configuration
    }
}
