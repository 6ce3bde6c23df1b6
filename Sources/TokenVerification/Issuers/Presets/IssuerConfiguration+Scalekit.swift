internal import JOSE

extension IssuerConfiguration {
    /// An MCP server in an environment of Scalekit.
    ///
    /// **In Scalekit** (MCP servers) add a server whose *Server URL* is the resource identifier, with its scopes, and
    /// leave dynamic client registration or client ID metadata documents on.
    ///
    /// | what most often goes wrong | refused with |
    /// |---|---|
    /// | The token is for another MCP server of the environment. | `aud_mismatch` |
    /// | The token is of another environment, such as the development one (`….scalekit.dev`). | `unknown_issuer` |
    /// | It is an ID token, whose audience is the client. | `aud_mismatch` |
    ///
    /// The issuer of the tokens is the environment, and the audience is the id of the MCP server, beside its *Server
    /// URL*. Clients log in at `<environment>/resources/<id>`. Scopes are a string `scope` or an array `scopes`; both
    /// are read. Read on 2026-11-29: "Quickstart" and "xmcp quickstart" of MCP Auth, "M2M JWT verification with JWKS
    /// and OAuth scopes" (Scalekit Docs).
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameters:
    ///   - environment: The URL of the environment, without a slash at the end, such as `https://example.scalekit.com`.
    ///   - server: The id of the MCP server, such as `res_92015146095`.
    public static func scalekit(environment: String, server: String) -> Self {
        var issuer = Self(
            preset: environment, [server], requires: [.init("sub")],
            hints: [
                "aud_mismatch": "The token is for another MCP server of the environment, or it is an ID token.",
                "unknown_issuer": "The token is of another environment.",
            ])
        issuer.keys = .url("\(environment)/keys")
        issuer.checkBase(environment, "environment")
        issuer.authorizationServer = "\(environment)/resources/\(server)"
        issuer.scopes.claims = [.init(["scopes"], spelling: .asRequested)]
        return issuer
    }
}
