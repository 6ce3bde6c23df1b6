internal import JOSE
internal import WireFormat

extension IssuerConfiguration {
    /// One tenant of Microsoft Entra ID, with access tokens of version 2.0.
    ///
    /// Each tenant is a separate issuer with its own identifier. For an application with several tenants, list them
    /// all, for example with `tenants.map { .microsoftEntra(tenant: $0, application: id) }`. `common` and
    /// `organizations` are not issuers. A template with a placeholder for the tenant is not supported, because it would
    /// accept the tokens of every tenant.
    ///
    /// **In Entra** register the API as an application and set `requestedAccessTokenVersion` (once
    /// `accessTokenAcceptedVersion`) to 2 in its manifest. A client requests a scope as `<Application ID URI>/<scope>`,
    /// and `requiredScopes` uses the same spelling. The claim `scp` contains only the last part. The token of a daemon
    /// has `roles` and no `scp`: map the roles with `scopes.claims`. Use the resource identifier as the application's
    /// Application ID URI, because Entra refuses a `resource` parameter that does not match the scopes
    /// (`AADSTS9010010`). Entra has no dynamic client registration and no RFC 8414 location: the metadata is found with
    /// OpenID Connect Discovery only.
    ///
    /// The audience is always the application's client id. This preset requires `azp`, because access tokens of version
    /// 2.0 have it and ID tokens do not. Read on 2026-11-29: "Access token claims reference", "Access tokens in the
    /// Microsoft identity platform", "OpenID Connect on the Microsoft identity platform". Not read: a page about
    /// `AADSTS9010010`, and the claims of ID tokens; both are commonly reported.
    ///
    /// **Bound tokens.** Entra ID has methods of its own, which this library does not check: signed HTTP requests, and
    /// tokens for a client certificate with the scheme `MTLS_POP`. Tokens for DPoP are not mentioned. Read on
    /// 2026-11-29: "Proof-of-possession tokens" (MSAL.NET) and "Certificate token binding" (Microsoft Identity Web),
    /// both of Microsoft Learn.
    ///
    /// - Parameters:
    ///   - tenant: The tenant's id, a GUID in lower case.
    ///   - application: The client id of the API's application, a GUID.
    ///   - applicationIDURI: The Application ID URI of the application; nil means `api://<application>`.
    public static func microsoftEntra(
        tenant: String, application: String, applicationIDURI: String? = nil
    ) -> Self {
        var issuer = Self(
            preset: "https://login.microsoftonline.com/\(tenant)/v2.0", [application],
            requires: [.init("ver", .oneOf(["2.0"])), .init("azp")],
            hints: [
                "unknown_issuer":
                    "Set requestedAccessTokenVersion to 2 in the manifest of the API's application, or configure the "
                    + "tenant of the token too.",
                "aud_mismatch":
                    "The client must request a scope of this API: a token for Microsoft Graph cannot be used here.",
                "claim_missing": "It is an ID token: the client must send the access token.",
                "claim_mismatch": "Set requestedAccessTokenVersion to 2 in the manifest of the API's application.",
            ])
        issuer.nameTenant(tenant, applicationIDURI ?? "api://\(application)")
        return issuer
    }

    /// One tenant of Microsoft Entra ID, with access tokens of version 1.0, for an application whose manifest cannot be
    /// changed. Prefer ``microsoftEntra(tenant:application:applicationIDURI:)``.
    ///
    /// The issuer is `https://sts.windows.net/<tenant>/`, whose keys are at `login.microsoftonline.com`. The audience
    /// is the Application ID URI or the client id, as the client requested it. This preset requires `appid`, because
    /// access tokens of version 1.0 have it and ID tokens do not. Read on 2026-11-29: the same pages.
    ///
    /// - Parameters:
    ///   - tenant: The tenant's id, a GUID in lower case.
    ///   - application: The client id of the API's application, a GUID.
    ///   - applicationIDURI: The Application ID URI of the application; nil means `api://<application>`.
    public static func microsoftEntraVersion1(
        tenant: String, application: String, applicationIDURI: String? = nil
    ) -> Self {
        let identifier = applicationIDURI ?? "api://\(application)"
        var issuer = Self(
            preset: "https://sts.windows.net/\(tenant)/", [identifier, application],
            requires: [.init("ver", .oneOf(["1.0"])), .init("appid")],
            hints: [
                "unknown_issuer": "The token is of version 2.0: use the preset microsoftEntra, or another tenant's.",
                "aud_mismatch":
                    "The client must request a scope of this API: a token for Microsoft Graph cannot be used here.",
                "claim_missing": "It is an ID token: the client must send the access token.",
            ])
        issuer.keys = .url("https://login.microsoftonline.com/\(tenant)/discovery/keys")
        issuer.nameTenant(tenant, identifier)
        return issuer
    }

    /// A client requests `<Application ID URI>/<scope>`, and `scp` has only the last part.
    private mutating func nameTenant(_ tenant: String, _ applicationIDURI: String) {
        scopes.spelling = .withoutPrefix("\(applicationIDURI)/")
        guard !Self.isLowerCaseGUID(tenant) else { return }
        let names = ["common", "organizations", "consumers"]
        presetFaults.add(
            "tenant",
            names.contains { $0.hasSameBytes(as: tenant) }
                ? "stands for every tenant, so that anyone with a Microsoft account would be let in"
                : "is not a tenant id",
            "write the GUID of your tenant in lower case, and configure each tenant as an issuer")
    }
}
