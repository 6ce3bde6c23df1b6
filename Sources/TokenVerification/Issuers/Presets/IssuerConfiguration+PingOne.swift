internal import JOSE

extension IssuerConfiguration {
    /// An environment of PingOne.
    ///
    /// **In PingOne** (Applications › Resources) add a custom resource whose *Audience* is the resource identifier,
    /// with its scopes, and grant them to the applications. A token for PingOne's own API has the audience
    /// `https://api.pingone.com` and is refused. The permissions of a user are in `p1.permissions`, if the resource
    /// includes them; map them with `scopes.claims`. The metadata is found with OpenID Connect Discovery at a path that
    /// is appended to the issuer. PingOne has no dynamic client registration.
    ///
    /// Access tokens have `client_id` and a string `scope`; ID tokens have no `client_id`, so this preset requires it.
    /// From 2027-03-02 on, the header of each one has the `typ` `at+jwt`, which is accepted today. Read on 2026-11-29,
    /// in part: "Token claims" (PingOne Platform APIs), for the header. The rest is commonly reported.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameters:
    ///   - environment: The id of the environment, a UUID.
    ///   - host: The host of your region (`auth.pingone.com`, `auth.pingone.eu`, `auth.pingone.ca`, `auth.pingone.asia`
    ///     or `auth.pingone.com.au`), or your own domain.
    ///   - audiences: The audience of the custom resource, if it is not the resource identifier.
    public static func pingOne(
        environment: String, host: String = "auth.pingone.com", audiences: [String] = []
    ) -> Self {
        Self(
            preset: "https://\(host)/\(environment)/as", audiences, requires: [.init("client_id")],
            hints: [
                "aud_mismatch":
                    "Add a custom resource whose Audience is the resource identifier, and grant its scopes to the "
                    + "application.",
                "client_id_missing": "It is an ID token: the client must send the access token.",
            ])
    }
}
