internal import JOSE

extension IssuerConfiguration {
    /// A tenant of Auth0. Its issuer identifier ends with a slash, which this preset adds.
    ///
    /// **In Auth0** create an API whose *Identifier* is the resource identifier, with RS256, and add its permissions,
    /// which are the scopes. Switch on *Resource Parameter Compatibility Profile* (Settings › Advanced). Without it,
    /// Auth0 reads only its own `audience` parameter, and a client that sends `resource` gets an opaque token. Dynamic
    /// client registration is a setting of the tenant, which allows every client to register. Client ID metadata
    /// documents can be imported manually.
    ///
    /// Tokens have `azp`, a string `scope` and an array `aud`. After a login with `openid`, `aud` contains `/userinfo`
    /// besides the API. An API with the *RFC 9068* token profile sends `at+jwt` and `client_id`; then set
    /// `policy.profile` to `.rfc9068`.
    ///
    /// Read on 2026-11-29: "Access Token Profiles", "Enable Resource Parameter Compatibility Profile" (Auth0's
    /// documentation). Not read again: pages about client registration.
    ///
    /// **Bound tokens.** Auth0 issues tokens that are bound by DPoP or to a client certificate, when sender
    /// constraining is configured for the client and for the API. Read on 2026-11-29: "Sender Constraining", "Configure
    /// Sender Constraining" (Auth0's documentation).
    ///
    /// - Parameters:
    ///   - domain: The tenant's domain, such as `example.eu.auth0.com`, or your own domain.
    ///   - audiences: The API's identifier, if it is not the resource identifier.
    public static func auth0(domain: String, audiences: [String] = []) -> Self {
        Self(
            preset: "https://\(domain)/", audiences,
            hints: [
                "aud_mismatch":
                    "Create an API whose identifier is the resource identifier, and switch on the tenant's Resource "
                    + "Parameter Compatibility Profile.",
                "token_encrypted":
                    "The client named no API, so that Auth0 sent an opaque token: switch on the Resource Parameter "
                    + "Compatibility Profile.",
                "issuer_differs_by_trailing_slash": "The issuer of Auth0 ends with a slash.",
            ])
    }
}
