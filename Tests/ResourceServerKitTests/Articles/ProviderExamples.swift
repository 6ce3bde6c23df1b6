import ResourceServerKit

// The code of the article "Set up your authorization server": `ArticleExampleTests` makes a guard with each issuer.

/// The beginning of the article.
func notesConfiguration() -> ResourceServerConfiguration {
    let configuration = ResourceServerConfiguration(
        resource: "https://mcp.example.com/mcp",
        issuers: [.keycloak(realm: "https://login.example.com/realms/notes")],
        requiredScopes: ["mcp:use"])
    return configuration
}

/// The line of each section.
func providerExamples() -> [IssuerConfiguration] {
    var issuers: [IssuerConfiguration] = []
    do {
        let issuer = IssuerConfiguration.adfs(host: "adfs.example.com")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.auth0(domain: "example.eu.auth0.com")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.authelia(host: "auth.example.com")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.authentik(
            host: "login.example.com", application: "notes", client: "notes-api")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.awsCognito(
            region: "eu-central-1", userPool: "eu-central-1_EXAMPLE",
            clients: ["3n4b5urk1ft4fl3mg5e62d9ado"])
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.clerk(frontendAPI: "clerk.example.com")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.descope(
            project: "P2abcEXAMPLE", server: "MS2abcEXAMPLE")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.dex(
            issuer: "https://dex.example.com", client: "notes-api")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.fusionAuth(
            url: "https://auth.example.com",
            applications: ["9a6dfd7c-5f5d-4b73-9b1a-0f8f3e7b2d11"])
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.gitHubActions(repositories: [
            "octo-org/notes"
        ])
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.google(serviceAccounts: [
            "113456789012345678901"
        ])
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.keycloak(
            realm: "https://login.example.com/realms/notes")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.kubernetes(
            issuer: "https://oidc.example.com/cluster",
            serviceAccounts: ["notes:importer"])
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.microsoftEntra(
            tenant: "11111111-2222-3333-4444-555555555555",
            application: "66666666-7777-8888-9999-000000000000",
            applicationIDURI: "https://mcp.example.com/mcp")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.okta(
            domain: "example.okta.com", authorizationServer: "notes")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.oryHydra(
            issuer: "https://hydra.example.com")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.pingOne(
            environment: "11111111-2222-3333-4444-555555555555",
            host: "auth.pingone.eu")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.scalekit(
            environment: "https://example.scalekit.com", server: "res_92015146095")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.stytch(
            domain: "login.example.com", project: "project-live-EXAMPLE")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.supabase(project: "abcdefghijklmnopqrst")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.workOSAuthKit(
            domain: "example.authkit.app")
        issuers.append(issuer)
    }
    do {
        let issuer = IssuerConfiguration.zitadel(
            issuer: "https://example.zitadel.cloud", project: "287654321098765432")
        issuers.append(issuer)
    }
    return issuers
}

/// Opaque tokens: the issuer's endpoint judges them.
func introspection(_ secret: ClientSecret) -> ResourceServerConfiguration {
    var configuration = ResourceServerConfiguration(
        resource: "https://mcp.example.com/mcp")
    configuration.metadata.authorizationServers = ["https://login.example.com"]
    configuration.tokens.introspection = IntrospectionConfiguration(
        issuer: "https://login.example.com", resource: nil,
        credentials: .discovered(clientID: "notes-api", secret))
    return configuration
}

/// An issuer of a product that has no preset.
func unknownProduct() -> IssuerConfiguration {
    var issuer = IssuerConfiguration(
        "https://login.example.com", audiences: ["api://notes"])
    issuer.policy.algorithms = [.es256, .edDSA]
    issuer.policy.requiredClaims = [.init("token_use", .oneOf(["access"]))]
    issuer.scopes.claims = [.init(["permissions"], spelling: .asRequested)]
    return issuer
}
