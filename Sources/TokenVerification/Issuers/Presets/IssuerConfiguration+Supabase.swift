internal import JOSE

extension IssuerConfiguration {
    /// The OAuth 2.1 server of a Supabase project.
    ///
    /// Every token of a project has the audience `authenticated`, for each client and for the sessions of your own app.
    /// **In Supabase** switch on the OAuth server, choose an asymmetric signing key (JWT Keys; a token that is signed
    /// with the legacy secret is HS256, which this library never accepts), and add a *Custom Access Token Hook* that
    /// sets `aud` to the resource identifier when `client_id` is one of a client of this resource. Without the hook,
    /// add `authenticated` to `policy.audiences`: then **every OAuth client of the project** is accepted, for any
    /// purpose that its user agreed to.
    ///
    /// This preset requires `client_id`, which the sessions of your own app do not have. The scopes are those of OpenID
    /// Connect, in a string `scope` that older versions leave out: require none of your own.
    ///
    /// Read on 2026-11-29: "Token Security and Row Level Security", "Model Context Protocol (MCP) Authentication", "JWT
    /// Claims Reference", "JWT Signing Keys" (Supabase Docs); `internal/api/jwks.go` and `internal/tokens/service.go`
    /// of `supabase/auth`.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameter project: The reference of the project, such as `abcdefghijklmnopqrst`.
    public static func supabase(project: String) -> Self {
        Self(
            preset: "https://\(project).supabase.co/auth/v1", requires: [.init("client_id"), .init("session_id")],
            hints: [
                "aud_mismatch": "Add a Custom Access Token Hook that sets aud to the resource identifier.",
                "client_id_missing": "It is a session of the project's own app, not a token of an OAuth client.",
                "alg_not_allowed": "The project signs with the legacy secret: choose an asymmetric signing key.",
            ])
    }
}
