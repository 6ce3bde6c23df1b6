internal import JOSE

extension IssuerConfiguration {
    /// A project of Stytch with Connected Apps, on its own domain or the project's domain of Stytch.
    ///
    /// **In Stytch** (Connected Apps) allow dynamic client registration, and set the URL of the page on which users
    /// consent. Every token of a project has the project id as its audience: a token of **every Connected App of the
    /// project** is accepted.
    ///
    /// | what most often goes wrong | refused with |
    /// |---|---|
    /// | It is a session JWT, which has the same issuer and audience. | `client_id_missing` |
    /// | The token was fetched from `stytch.com`: use ``stytchSharedDomain(project:domain:)``. | `unknown_issuer` |
    /// | It is a token of the test project (`project-test-…`). | `aud_mismatch` or `unknown_issuer` |
    ///
    /// This preset requires `client_id`, which only tokens of Connected Apps have. Scopes are a string `scope`. Read on
    /// 2026-11-29: "Connected App Access Token Object", "Custom domain", "FAQ" (Stytch Docs). Not read: a page about
    /// session JWTs.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameters:
    ///   - domain: The domain of the project, such as `login.example.com` or `example.customers.stytch.com`.
    ///   - project: The id of the project, such as `project-live-…`.
    public static func stytch(domain: String, project: String) -> Self {
        Self(
            preset: "https://\(domain)", [project], requires: [.init("client_id"), .init("sub")],
            hints: stytchHints)
    }

    /// A project of Stytch whose tokens come from `stytch.com`. Their issuer is `stytch.com/<project>`, which is not a
    /// URL. See ``stytch(domain:project:)`` for everything else.
    ///
    /// - Parameters:
    ///   - project: The id of the project. It begins with `project-live-` or `project-test-`.
    ///   - domain: The domain of the project, at which clients log in.
    public static func stytchSharedDomain(project: String, domain: String) -> Self {
        var issuer = Self(
            preset: "stytch.com/\(project)", [project], requires: [.init("client_id"), .init("sub")],
            hints: stytchHints)
        let host = project.utf8.starts(with: "project-test-".utf8) ? "test.stytch.com" : "api.stytch.com"
        issuer.keys = .url("https://\(host)/v1/sessions/jwks/\(project)")
        issuer.authorizationServer = "https://\(domain)"
        return issuer
    }

    private static let stytchHints: KeyValuePairs = [
        "client_id_missing": "It is a session JWT: the client must send the access token of a Connected App.",
        "aud_mismatch": "The token is of another project, such as the test project.",
        "unknown_issuer":
            "The issuer is the domain at which the client fetched the token: stytch.com/<project>, or your own domain.",
    ]
}
