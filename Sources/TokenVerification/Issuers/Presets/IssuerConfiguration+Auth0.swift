internal import JOSE

extension IssuerConfiguration {
    /// A tenant of Auth0. Its issuer ends with a slash, which is added here.
    ///
    /// **In Auth0** create an API whose *Identifier* is the resource identifier, with RS256, and add its permissions (the
    /// scopes). Switch on *Resource Parameter Compatibility Profile* (Settings › Advanced): otherwise Auth0 reads only its
    /// own `audience` parameter, and a client that sends `resource` gets an opaque token. Dynamic registration is a switch
    /// of the tenant, and opens it to everybody; client ID metadata documents can be imported by hand.
    ///
    /// Tokens have `azp`, a string `scope` and an array `aud` (with `/userinfo` beside the API after a login with
    /// `openid`). An API with the *RFC 9068* token profile sends `at+jwt` and `client_id`; set `policy.profile` to
    /// `.rfc9068` then. Sources: "Access Token Profiles", "Resource Parameter Compatibility Profile", Auth0's documentation.
    ///
    /// - Parameters:
    ///   - domain: Such as `example.eu.auth0.com`, or your own domain.
    ///   - audiences: The API's identifier, when it is not the resource identifier.
    public static func auth0(domain: String, audiences: [String] = []) -> Self {
        Self(preset: "https://\(domain)/", audiences)
    }
}
