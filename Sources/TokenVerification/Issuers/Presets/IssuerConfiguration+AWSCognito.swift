internal import JOSE
internal import WireFormat

extension IssuerConfiguration {
    /// A user pool of Amazon Cognito.
    ///
    /// Access tokens of Cognito have no `aud` unless the client asked for a resource, so that the claim `client_id` stands
    /// in for it: a token of any of these app clients is accepted, **for whatever resource it was meant**. Let them be
    /// clients of this resource alone. `token_use` must be `access`; ID tokens say `id`.
    ///
    /// **In Cognito** define a resource server with the scopes (requested as `<resource server>/<scope>`, and spelled so in
    /// the token's string `scope`) and app clients that may ask for them. With the Essentials or Plus plan and managed
    /// login, *resource binding* sets `aud` to the `resource` parameter: set `policy.audienceClaim` to `aud` then, which is
    /// safer. No dynamic registration; OpenID Connect Discovery behind the issuer.
    ///
    /// Source: "Understanding the access token", "Scopes, M2M, and resource servers", Amazon Cognito Developer Guide.
    ///
    /// - Parameters:
    ///   - region: Such as `eu-central-1`.
    ///   - userPool: Such as `eu-central-1_EXAMPLE`.
    ///   - clients: The ids of the app clients whose tokens are accepted; at least one.
    public static func awsCognito(region: String, userPool: String, clients: [String]) -> Self {
        var issuer = Self(
            preset: "https://cognito-idp.\(region).amazonaws.com/\(userPool)", clients,
            requires: [.init("token_use", .oneOf(["access"]))])
        issuer.policy.audienceClaim = "client_id"
        return issuer
    }
}
