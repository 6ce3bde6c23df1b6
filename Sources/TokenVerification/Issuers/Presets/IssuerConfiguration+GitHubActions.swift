internal import JOSE
internal import WireFormat

extension IssuerConfiguration {
    /// Workflows of GitHub Actions, by their OpenID Connect tokens.
    ///
    /// For jobs that call your server, not for people: nobody can log in there, and the tokens carry no scopes: require none, or
    /// grant some by `scopes.claims`. A job needs `permissions: id-token: write` and asks for its token with the resource identifier
    /// as audience (`core.getIDToken(audience)`); the default audience is the owner's URL, which is refused.
    ///
    /// Every repository of the world can get a token for every audience, so that the repositories must be named. Narrow
    /// further with required claims such as `ref`, `environment` or `job_workflow_ref`; a repository that was renamed or
    /// deleted frees its name, which `repository_id` survives. OpenID Connect Discovery only.
    ///
    /// Source: "OpenID Connect reference", GitHub Docs.
    ///
    /// - Parameter repositories: Whose workflows may call, as `owner/name`; at least one.
    public static func gitHubActions(repositories: [String]) -> Self {
        Self(
            preset: "https://token.actions.githubusercontent.com",
            requires: [.init("repository", .oneOf(repositories.map { .string($0) }))])
    }
}
