internal import JOSE

extension IssuerConfiguration {
    /// An environment of WorkOS AuthKit.
    ///
    /// **In WorkOS** (Connect › Configuration) add the resource identifier to the *MCP resource indicators*, and switch
    /// on *Dynamic Client Registration* or *Client ID Metadata Document*. The token of a client that does not send the
    /// parameter `resource`, or sends one that is not on the list, has the client id as audience and is refused.
    /// AuthKit publishes RFC 8414 metadata. Its scopes are those of OpenID Connect (`openid`, `profile`, `email`,
    /// `offline_access`): require none of your own.
    ///
    /// Session tokens of AuthKit's user management have another issuer (`https://api.workos.com/…`) and are refused.
    /// Read on 2026-11-29, in part: "Model Context Protocol", "Metadata" (WorkOS' documentation), for the metadata and
    /// the scopes. The rest of the first page, which describes the settings and the tokens, was not read again; what is
    /// said here of them is commonly reported.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameter domain: The AuthKit domain, such as `example.authkit.app`, or your own domain.
    public static func workOSAuthKit(domain: String) -> Self {
        Self(
            preset: "https://\(domain)", requires: [.init("sub")],
            hints: [
                "aud_mismatch":
                    "Add the resource identifier to the MCP resource indicators, and let the client send the "
                    + "parameter resource.",
                "unknown_issuer": "It is a session of AuthKit's user management, or a token of another environment.",
            ])
    }
}
