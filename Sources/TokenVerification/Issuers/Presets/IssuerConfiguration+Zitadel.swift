internal import JOSE

extension IssuerConfiguration {
    /// An instance of ZITADEL.
    ///
    /// **In ZITADEL** set the *Auth Token Type* of each application to *JWT*: by default access tokens are opaque, for
    /// introspection. The audience holds client ids and project ids, never a URL; a client of another project asks for
    /// yours with the scope `urn:zitadel:iam:org:project:id:<project>:aud`. Its JWT access tokens have no `scope` claim:
    /// require none, or use introspection. OpenID Connect Discovery.
    ///
    /// `jti` is required, for ID tokens lack it. Sources: "Claims in ZITADEL", "Scopes in ZITADEL", its documentation.
    ///
    /// - Parameters:
    ///   - issuer: The instance's URL, such as `https://example.zitadel.cloud`.
    ///   - project: The id of the project that this resource belongs to.
    public static func zitadel(issuer: String, project: String) -> Self {
        Self(preset: issuer, [project], requires: [.init("jti"), .init("azp")])
    }
}
