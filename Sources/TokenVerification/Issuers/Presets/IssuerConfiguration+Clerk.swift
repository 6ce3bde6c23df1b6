internal import JOSE

extension IssuerConfiguration {
    /// An instance of Clerk, with its OAuth access tokens.
    ///
    /// **In Clerk** (OAuth applications) leave *Generate access tokens as JWTs* on; opaque tokens (`oat_…`) cannot be
    /// verified here. Switch on *Dynamic client registration*, or *Client ID Metadata Documents* (beta). Add your own
    /// scopes under *Scopes*, and assign them to the applications.
    ///
    /// | what most often goes wrong | refused with |
    /// |---|---|
    /// | The client sends no parameter `resource`, so that the token has no `aud`. | `aud_missing` |
    /// | It is a session token of your own app (`sid`, `azp`), which has no `aud` either. | `aud_missing` |
    /// | It is a token of a JWT template with `aud`, which is not an OAuth token. | `client_id_missing` |
    /// | It is a token of the development instance (`….clerk.accounts.dev`). | `unknown_issuer` |
    ///
    /// The audience is the value of `resource`, as clients report it: Clerk's documentation does not name it. This
    /// preset requires `client_id`, which session tokens do not have. Read on 2026-11-29: "How Clerk implements OAuth",
    /// "Session tokens" (Clerk Docs); the OAuth access token in the tests of `clerk/javascript`.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameters:
    ///   - frontendAPI: The host of the Frontend API, such as `clerk.example.com`.
    ///   - audiences: The values of `resource` that clients send, if they differ from the resource identifier.
    public static func clerk(frontendAPI: String, audiences: [String] = []) -> Self {
        Self(
            preset: "https://\(frontendAPI)", audiences, requires: [.init("client_id"), .init("sub")],
            hints: [
                "aud_missing":
                    "The client sent no parameter resource, or it is a session token: send an OAuth access token for "
                    + "this resource.",
                "client_id_missing": "It is a token of a JWT template, not an OAuth access token.",
                "unknown_issuer": "The token is of another instance, such as the development one.",
            ])
    }
}
