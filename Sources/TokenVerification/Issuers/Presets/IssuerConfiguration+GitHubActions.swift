internal import JOSE
internal import WireFormat

extension IssuerConfiguration {
    /// Workflows of GitHub Actions, which present OpenID Connect tokens.
    ///
    /// This preset is for jobs that call your server. People cannot log in this way. The tokens have no scopes: require
    /// none, or grant some with `scopes.claims`. A job needs `permissions: id-token: write`. It must request its token
    /// with the resource identifier as audience (`core.getIDToken(audience)`). The default audience is the owner's URL,
    /// which is refused.
    ///
    /// Every repository on GitHub can get a token for every audience. You must therefore list the acceptable
    /// repositories. Restrict them further with required claims such as `ref`, `environment` or `job_workflow_ref`.
    /// After a repository is renamed or deleted, another owner can take its name. A required `repository_id` protects
    /// against that. The metadata is found with OpenID Connect Discovery only. The subject of a repository that was
    /// created, renamed or transferred after 2026-07-15 contains the ids of the owner and the repository
    /// (`repo:octo-org@123456/octo-repo@456789:…`).
    ///
    /// Read on 2026-11-29: "OpenID Connect reference" (GitHub Docs).
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameter repositories: The repositories whose workflows are accepted, as `owner/name`; at least one.
    public static func gitHubActions(repositories: [String]) -> Self {
        Self(
            preset: "https://token.actions.githubusercontent.com",
            requires: [.init("repository", .oneOf(repositories.map { .string($0) }))],
            hints: [
                "aud_mismatch": "The workflow must request its token with the resource identifier as audience.",
                "claim_mismatch": "The repository of the workflow is not in the list, which is compared byte for byte.",
            ])
    }
}
