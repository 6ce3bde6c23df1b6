internal import JOSE
internal import WireFormat

extension IssuerConfiguration {
    /// A realm of Keycloak.
    ///
    /// **In Keycloak** add an *Audience* mapper to each client scope of this resource. Its *Included Custom Audience*
    /// is the resource identifier. Without a mapper, the tokens name `account` or no audience, and are refused. In
    /// Keycloak the `resource` parameter (RFC 8707) is an experimental feature (`--features=resource-indicators`).
    /// Client ID metadata documents are experimental too (`--features=cimd`). Dynamic client registration works when
    /// the policies for anonymous access allow the client's host and scopes. The metadata is found with RFC 8414 and
    /// with OpenID Connect Discovery.
    ///
    /// An access token has the header `typ` `JWT` and the claim `typ` `Bearer`. An ID token has the claim `typ` `ID`
    /// and is refused. The guides do not name these two: they are commonly reported. Read on 2026-11-29: "Integrating
    /// with Model Context Protocol (MCP)", "Securing applications and services with OpenID Connect" (Keycloak's guides
    /// for securing applications).
    ///
    /// **Bound tokens.** DPoP is supported since Keycloak 26.4: a client that sends a proof gets a bound token, and the
    /// switch *Require DPoP bound tokens* of a client makes this necessary. Read on 2026-11-29: "Official Support for
    /// DPoP in Keycloak 26.4", "Securing applications with DPoP".
    ///
    /// - Parameters:
    ///   - realm: The realm's URL, such as `https://login.example.com/realms/notes`.
    ///   - audiences: The values of `aud` that name this resource, if it is not the resource identifier.
    public static func keycloak(realm: String, audiences: [String] = []) -> Self {
        Self(
            preset: realm, audiences, requires: [.init("typ", .oneOf(["Bearer"]))],
            hints: [
                "aud_missing": "Add an Audience mapper with the resource identifier to a client scope of the client.",
                "aud_mismatch": "Add an Audience mapper with the resource identifier to a client scope of the client.",
                "claim_mismatch": "It is an ID token or a refresh token: the client must send the access token.",
            ])
    }
}
