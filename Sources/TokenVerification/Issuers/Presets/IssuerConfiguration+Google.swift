internal import JOSE
internal import WireFormat

extension IssuerConfiguration {
    /// Service accounts of Google Cloud, by their Google-signed ID tokens.
    ///
    /// Google's access tokens are opaque and meant for Google's own APIs: **no preset can verify them here**, and people
    /// cannot log in to your server this way. What a workload can present is an ID token for an audience that it chose
    /// itself, from the metadata server or from IAM (`generateIdToken`): it must ask for the resource identifier. Such a
    /// token says who calls and nothing about permissions: it has no scopes. Require none, or grant some by
    /// `scopes.claims`.
    ///
    /// Every Google account can get a token for every audience, so that the accounts must be named. ID tokens of a login
    /// carry `at_hash` and are refused. OpenID Connect Discovery only.
    ///
    /// Sources: "Token types", "Get an ID token", Google Cloud's documentation of authentication.
    ///
    /// - Parameter serviceAccounts: The unique ids of the accounts (`sub`, digits); an address may be given to another
    ///   account later. At least one.
    public static func google(serviceAccounts: [String]) -> Self {
        Self(
            preset: "https://accounts.google.com",
            requires: [.init("sub", .oneOf(serviceAccounts.map { .string($0) }))])
    }
}
