internal import JOSE
internal import WireFormat

extension IssuerConfiguration {
    /// A realm of Keycloak.
    ///
    /// **In Keycloak** each client scope of this resource needs an *Audience* mapper whose *Included Custom Audience* is the
    /// resource identifier; without one the tokens name `account` or no audience, and are refused. The `resource` parameter
    /// (RFC 8707) is an experimental feature there (`--features=resource-indicators`), and so are client ID metadata
    /// documents (`--features=cimd`); dynamic registration works once its anonymous access policies admit the client's
    /// host and scopes. Its metadata follows RFC 8414 and OpenID Connect Discovery.
    ///
    /// Tokens have the header `typ` `JWT` and the claim `typ` `Bearer`; an ID token says `ID` there and is refused.
    /// Source: "Integrating with Model Context Protocol (MCP)", Keycloak's guides for securing applications.
    ///
    /// - Parameters:
    ///   - realm: The realm's URL, such as `https://login.example.com/realms/notes`.
    ///   - audiences: What the tokens call this resource, when it is not the resource identifier.
    public static func keycloak(realm: String, audiences: [String] = []) -> Self {
        Self(preset: realm, audiences, requires: [.init("typ", .oneOf(["Bearer"]))])
    }
}
