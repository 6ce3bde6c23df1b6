internal import JOSE
internal import WireFormat

extension IssuerConfiguration {
    /// Service accounts of Google Cloud, which present ID tokens signed by Google.
    ///
    /// Google's access tokens are opaque and meant for Google's own APIs: **no preset can verify them here**, and
    /// people cannot log in to your server this way. A workload can present an ID token for an audience that it
    /// chooses, from the metadata server or from IAM (`generateIdToken`). It must choose the resource identifier. Such
    /// a token identifies the caller and has no scopes: require none, or grant some with `scopes.claims`.
    ///
    /// Every Google account can get a token for every audience. You must therefore list the acceptable accounts. The ID
    /// token of a user's login contains `at_hash` and is refused. The metadata is found with OpenID Connect Discovery
    /// only.
    ///
    /// Read on 2026-11-29, in part: "Google OpenID Connect API Reference", "projects.serviceAccounts.generateIdToken".
    /// Not read: "Token types", "Get an ID token" (Google Cloud's documentation), which describe the tokens.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameter serviceAccounts: The unique ids of the accounts (`sub`, digits); at least one. Email addresses are
    ///   not used, because an address may belong to another account later.
    public static func google(serviceAccounts: [String]) -> Self {
        Self(
            preset: "https://accounts.google.com",
            requires: [.init("sub", .oneOf(serviceAccounts.map { .string($0) }))],
            hints: [
                "aud_mismatch": "The caller must request its token with the resource identifier as target audience.",
                "sub_mismatch": "The unique id of the service account is not in the list.",
                "not_an_access_token": "It is the ID token of a user's login, which is not accepted.",
            ])
    }
}
