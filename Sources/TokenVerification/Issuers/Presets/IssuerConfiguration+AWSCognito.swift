internal import JOSE
internal import WireFormat

extension IssuerConfiguration {
    /// A user pool of Amazon Cognito.
    ///
    /// An access token of Cognito has no `aud` unless the client requested a resource. This preset therefore compares
    /// the claim `client_id` instead: a token of any of these app clients is accepted, **even if it was issued for
    /// another resource**. Use app clients that serve this resource only. `token_use` must be `access`; an ID token has
    /// `id` there.
    ///
    /// **In Cognito** define a resource server with its scopes, and app clients that may request them. Clients request
    /// a scope as `<resource server>/<scope>`, and the token's string `scope` spells it in the same way. With the
    /// Essentials or Plus plan and managed login, *resource binding* sets `aud` to the `resource` parameter. Then set
    /// `policy.audienceClaim` to `aud`, which is safer. Cognito has no dynamic client registration. OpenID Connect
    /// Discovery finds the metadata at a path that is appended to the issuer.
    ///
    /// Read on 2026-11-29: "Using the access token", "Verifying a JSON Web Token" (Amazon Cognito Developer Guide, in
    /// its version of 2023; of the present one only the beginnings). Not read: "Scopes, M2M, and resource servers",
    /// which describes resource servers and resource binding.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameters:
    ///   - region: The AWS region, such as `eu-central-1`.
    ///   - userPool: The id of the user pool, such as `eu-central-1_EXAMPLE`.
    ///   - clients: The ids of the app clients whose tokens are accepted; at least one.
    public static func awsCognito(region: String, userPool: String, clients: [String]) -> Self {
        var issuer = Self(
            preset: "https://cognito-idp.\(region).amazonaws.com/\(userPool)", clients,
            requires: [.init("token_use", .oneOf(["access"]))],
            hints: [
                "client_id_mismatch":
                    "The app client of the token is not in the list: add it, if it serves this resource only.",
                "claim_mismatch": "It is an ID token: the client must send the access token.",
            ])
        issuer.policy.audienceClaim = "client_id"
        return issuer
    }
}
