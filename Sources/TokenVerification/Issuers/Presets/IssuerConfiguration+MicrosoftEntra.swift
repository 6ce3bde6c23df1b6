internal import JOSE
internal import WireFormat

extension IssuerConfiguration {
    /// One tenant of Microsoft Entra ID, with access tokens of version 2.0.
    ///
    /// Each tenant is an issuer of its own, with its own identifier: for an application of several tenants, list them all,
    /// as in `tenants.map { .microsoftEntra(tenant: $0, application: id) }`. `common` and `organizations` are no issuers,
    /// and a template with a place for any tenant would accept everybody's.
    ///
    /// **In Entra** register the API as an application and set `requestedAccessTokenVersion` to 2 in its manifest. A client
    /// asks for scopes as `<Application ID URI>/<scope>`, and that is how `requiredScopes` spells them; `scp` in the token
    /// holds the last part alone. Tokens of daemons have `roles` and no `scp`: map them with `scopes.claims`. Make the
    /// resource identifier the application's Application ID URI, because Entra refuses a `resource` parameter that does not
    /// fit the scopes (`AADSTS9010010`). It has no dynamic registration and no RFC 8414 location: OpenID Connect Discovery
    /// only.
    ///
    /// The audience is always the application's client id. `azp` is required because access tokens of version 2.0 have it
    /// and ID tokens do not. Source: "Access token claims reference", Microsoft identity platform.
    ///
    /// - Parameters:
    ///   - tenant: The tenant's id, a GUID in lower case.
    ///   - application: The client id of the API's application, a GUID.
    ///   - applicationIDURI: Its Application ID URI; nil for `api://<application>`.
    public static func microsoftEntra(
        tenant: String, application: String, applicationIDURI: String? = nil
    ) -> Self {
        var issuer = Self(
            preset: "https://login.microsoftonline.com/\(tenant)/v2.0", [application],
            requires: [.init("ver", .oneOf(["2.0"])), .init("azp")])
        issuer.scopes.spelling = .withoutPrefix("\(applicationIDURI ?? "api://\(application)")/")
        if !isLowerCaseGUID(tenant) {
            issuer.presetFaults.add(
                "tenant", "is not a tenant id", "write the GUID in lower case, and configure each tenant as an issuer")
        }
        return issuer
    }
}
