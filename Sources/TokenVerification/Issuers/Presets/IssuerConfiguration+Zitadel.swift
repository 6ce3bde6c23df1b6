internal import JOSE

extension IssuerConfiguration {
    /// An instance of ZITADEL.
    ///
    /// **In ZITADEL** set the *Auth Token Type* of each application to *JWT*. By default, access tokens are opaque and
    /// need introspection. The audience contains client ids and project ids, never a URL. A client of another project
    /// requests your project with the scope `urn:zitadel:iam:org:project:id:<project>:aud`. JWT access tokens have no
    /// `scope` claim: require no scope, use introspection, or map the project's roles, which are the member names of
    /// the claim `urn:zitadel:iam:org:project:roles`, with `scopes.claims`. The metadata is found with OpenID Connect
    /// Discovery.
    ///
    /// This preset requires `jti`, because ID tokens do not have it. Read on 2026-11-29: "Claims", "OpenID Connect
    /// Endpoints" (ZITADEL's documentation). Not read: "Scopes", which describes the scope for the audience.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameters:
    ///   - issuer: The instance's URL, such as `https://example.zitadel.cloud`.
    ///   - project: The id of the project to which this resource belongs.
    public static func zitadel(issuer: String, project: String) -> Self {
        Self(
            preset: issuer, [project], requires: [.init("jti"), .init("azp")],
            hints: [
                "aud_mismatch": "The client must request the scope urn:zitadel:iam:org:project:id:<project>:aud.",
                "jti_missing": "It is an ID token: the client must send the access token.",
            ])
    }
}
