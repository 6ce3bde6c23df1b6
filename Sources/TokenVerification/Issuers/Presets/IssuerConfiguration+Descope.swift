internal import JOSE

extension IssuerConfiguration {
    /// An MCP server that is registered in Descope. Each one is an issuer of its own.
    ///
    /// **In Descope** (Agentic Identity Hub › MCP Servers › Settings) set *MCP Server URL* to the resource identifier.
    /// It becomes the audience of the tokens; without it, every token is refused. Define the scopes there, and choose
    /// how clients register. The metadata is found with OpenID Connect Discovery at a path that is appended to the
    /// issuer. All MCP servers of a project share their keys, so the issuer is what tells their tokens apart.
    ///
    /// Session tokens of the project have the project id as issuer and are refused. Read on 2026-11-29, in part: "MCP
    /// Servers", "Gateway Integrations", "Python MCP SDK" (Descope's documentation).
    ///
    /// **Bound tokens.** Inbound Apps and Agentic Clients get tokens that are bound by DPoP when they send a proof.
    /// Read on 2026-11-29: "DPoP Sender-Constrained Tokens" (Descope's documentation).
    ///
    /// - Parameters:
    ///   - project: The id of the project, such as `P2abc…`.
    ///   - server: The id of the MCP server, such as `MS2abc…`.
    ///   - host: The host of Descope's API, or your own domain for it.
    public static func descope(project: String, server: String, host: String = "api.descope.com") -> Self {
        Self(
            preset: "https://\(host)/v1/apps/agentic/\(project)/\(server)", requires: [.init("sub")],
            hints: [
                "aud_mismatch": "Set the MCP Server URL of the server to the resource identifier.",
                "aud_missing": "Set the MCP Server URL of the server to the resource identifier.",
                "unknown_issuer": "It is a session of the project, or a token for another MCP server.",
            ])
    }
}
