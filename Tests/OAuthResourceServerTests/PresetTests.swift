import HTTPMessages
import JOSE
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("Presets", .serialized)
struct PresetTests {
    /// An authorization server, with tokens like those in its documentation.
    struct Product: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let preset: IssuerConfiguration
        /// `typ` of the header; nil if the product sends none.
        var type: JSONValue? = "JWT"
        /// The claims besides `iss`, `iat` and `exp`.
        let claims: JSONDocument.Object
        /// Scopes that a request may require because the token grants them.
        var scopes: [String] = []
        /// The issuer that clients log in to, if the configuration must name it.
        var server: String?
        /// Claims that replace good ones (null removes the claim), and the reason of the refusal. The first one is the
        /// most frequent fault.
        let refusals: [(String, JSONDocument.Object, code: String)]
    }

    private static let resource = "https://mcp.example.com/mcp"
    private static let tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
    private static let application = "00001111-aaaa-2222-bbbb-3333cccc4444"

    static let products: [Product] = [
        Product(
            testDescription: "Keycloak", preset: .keycloak(realm: "https://login.example.com/realms/notes"),
            claims: [
                "jti": "onrtac:1a2b", "aud": .string(resource), "sub": "f3a1b6f0-3b0a-4c4e-9a40-2f2ffb1b6b11",
                "typ": "Bearer", "azp": "mcp-client", "sid": "0b7e", "acr": "1",
                "allowed-origins": ["https://app.example.com"], "realm_access": ["roles": ["offline_access"]],
                "resource_access": ["account": ["roles": ["view-profile"]]], "scope": "mcp:tools profile email",
                "email_verified": true, "preferred_username": "ann",
            ],
            scopes: ["mcp:tools"],
            refusals: [
                ("without an audience mapper", ["aud": .null], "aud_missing"),
                ("for the account console", ["aud": "account"], "aud_mismatch"),
                ("of another realm", ["iss": "https://login.example.com/realms/other"], "unknown_issuer"),
                ("an ID token", ["typ": "ID"], "claim_mismatch"),
                ("a refresh token", ["typ": "Refresh"], "claim_mismatch"),
            ]),
        Product(
            testDescription: "Microsoft Entra ID",
            preset: .microsoftEntra(tenant: tenant, application: application),
            claims: [
                "aud": .string(application), "aio": "AXQAi/8TAAAA", "azp": "11112222-bbbb-3333-cccc-4444dddd5555",
                "azpacr": "0", "name": "Ann", "oid": "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb",
                "preferred_username": "ann@example.com", "rh": "0.AAAA", "scp": "notes.read notes.write",
                "sub": "aAaAaAaAbBbBbBbBcCcC", "tid": .string(tenant), "uti": "AbcdeFGHijKL", "ver": "2.0",
            ],
            scopes: ["api://\(application)/notes.read"],
            refusals: [
                (
                    "of another tenant",
                    ["iss": "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222ffff/v2.0"],
                    "unknown_issuer"
                ),
                ("of the template", ["iss": "https://login.microsoftonline.com/{tenantid}/v2.0"], "unknown_issuer"),
                ("of version 1.0", ["iss": .string("https://sts.windows.net/\(tenant)/")], "unknown_issuer"),
                ("of version 1.0 by the claim", ["ver": "1.0"], "claim_mismatch"),
                ("an ID token of the same application", ["azp": .null], "claim_missing"),
                ("for Microsoft Graph", ["aud": "00000003-0000-0000-c000-000000000000"], "aud_mismatch"),
                ("for the Application ID URI", ["aud": .string("api://\(application)")], "aud_mismatch"),
            ]),
        Product(
            testDescription: "Okta", preset: .okta(domain: "example.okta.com", audiences: ["api://default"]),
            type: nil,
            claims: [
                "ver": 1, "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE", "aud": "api://default",
                "cid": "nmdP1fcyvdVO11AL7ECm", "uid": "00ujmkLgagxeRrAg20g3", "scp": ["notes:read", "openid"],
                "auth_time": 1_467_145_094, "sub": "ann@example.com",
            ],
            scopes: ["notes:read"],
            refusals: [
                ("of the org authorization server", ["iss": "https://example.okta.com"], "unknown_issuer"),
                ("of another authorization server", ["iss": "https://example.okta.com/oauth2/aus1"], "unknown_issuer"),
                ("for Okta itself", ["aud": "https://example.okta.com"], "aud_mismatch"),
                ("an ID token", ["cid": .null, "aud": "nmdP1fcyvdVO11AL7ECm", "at_hash": "x"], "aud_mismatch"),
                ("an ID token for the audience", ["cid": .null], "claim_missing"),
            ]),
        Product(
            testDescription: "Auth0", preset: .auth0(domain: "example.eu.auth0.com"),
            claims: [
                "sub": "auth0|123456", "aud": [.string(resource), "https://example.eu.auth0.com/userinfo"],
                "azp": "my_client_id", "scope": "openid profile notes:read",
            ],
            scopes: ["notes:read"],
            refusals: [
                ("without its slash", ["iss": "https://example.eu.auth0.com"], "issuer_differs_by_trailing_slash"),
                ("of another tenant", ["iss": "https://example.us.auth0.com/"], "unknown_issuer"),
                ("for userinfo alone", ["aud": ["https://example.eu.auth0.com/userinfo"]], "aud_mismatch"),
                ("an ID token", ["aud": "my_client_id"], "aud_mismatch"),
            ]),
        Product(
            testDescription: "Auth0, RFC 9068 profile", preset: rfc9068Auth0, type: "at+jwt",
            claims: [
                "sub": "auth0|123456", "aud": [.string(resource), "https://example.eu.auth0.com/userinfo"],
                "client_id": "my_client_id", "jti": "73WakrfVbNJBaAmhQtEeDv", "scope": "openid notes:read",
            ],
            scopes: ["notes:read"],
            refusals: [("without client_id", ["client_id": .null], "client_id_missing")]),
        Product(
            testDescription: "Amazon Cognito",
            preset: .awsCognito(region: "us-east-1", userPool: "us-east-1_EXAMPLE", clients: ["xxexample"]), type: nil,
            claims: [
                "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "cognito:groups": ["testgroup"], "version": 2,
                "client_id": "xxexample", "origin_jti": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeef", "token_use": "access",
                "scope": "phone openid https://mcp.example.com/mcp/notes.read", "auth_time": 1_676_313_851,
                "jti": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeed", "username": "my-test-user",
            ],
            scopes: ["https://mcp.example.com/mcp/notes.read"],
            refusals: [
                ("of another app client", ["client_id": "other"], "client_id_mismatch"),
                ("without an app client", ["client_id": .null], "client_id_missing"),
                ("an ID token", ["token_use": "id"], "claim_mismatch"),
                (
                    "of another user pool", ["iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_OTHER"],
                    "unknown_issuer"
                ),
            ]),
        Product(
            testDescription: "Google", preset: .google(serviceAccounts: ["107517467455664443765"]),
            claims: [
                "aud": .string(resource), "azp": "107517467455664443765",
                "email": "caller@example.iam.gserviceaccount.com", "email_verified": true,
                "sub": "107517467455664443765",
            ],
            refusals: [
                ("for another service", ["aud": "https://other.example.com"], "aud_mismatch"),
                ("of an account that is not named", ["sub": "107517467455664443766"], "sub_mismatch"),
                ("of a login", ["at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q"], "not_an_access_token"),
                ("with the issuer of old", ["iss": "accounts.google.com"], "unknown_issuer"),
            ]),
        Product(
            testDescription: "GitHub Actions", preset: .gitHubActions(repositories: ["octo-org/octo-repo"]),
            claims: [
                "jti": "example-id", "sub": "repo:octo-org/octo-repo:environment:prod", "environment": "prod",
                "aud": .string(resource), "ref": "refs/heads/main", "sha": "example-sha",
                "repository": "octo-org/octo-repo", "repository_owner": "octo-org", "actor_id": "12",
                "repository_visibility": "private", "repository_id": "74", "repository_owner_id": "65",
                "run_id": "example-run-id", "run_number": "10", "run_attempt": "2",
                "runner_environment": "github-hosted",
                "actor": "octocat", "workflow": "example-workflow", "head_ref": "", "base_ref": "",
                "event_name": "workflow_dispatch", "ref_type": "branch",
                "job_workflow_ref": "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
            ],
            refusals: [
                ("for the default audience", ["aud": "https://github.com/octo-org"], "aud_mismatch"),
                ("of another repository", ["repository": "octo-org/fork"], "claim_mismatch"),
                ("of a repository in other case", ["repository": "Octo-Org/octo-repo"], "claim_mismatch"),
            ]),
        Product(
            testDescription: "Ory Hydra", preset: .oryHydra(issuer: "https://example.projects.oryapis.com"),
            claims: [
                "aud": [.string(resource)], "client_id": "7d2ea8f3", "ext": [:], "jti": "f5a3", "sub": "ann",
                "nbf": 1_500_000_000, "scp": ["notes:read", "offline"],
            ],
            scopes: ["notes:read"],
            refusals: [
                ("whose client asked for no audience", ["aud": []], "aud_mismatch"),
                ("an ID token", ["client_id": .null], "client_id_missing"),
                ("of another project", ["iss": "https://other.projects.oryapis.com"], "unknown_issuer"),
            ]),
        Product(
            testDescription: "authentik",
            preset: .authentik(host: "login.example.com", application: "notes", client: "xGVTJpEYAxTn"),
            claims: [
                "sub": "c2f1", "aud": "xGVTJpEYAxTn", "auth_time": 1_700_000_000,
                "acr": "goauthentik.io/providers/oauth2/default", "sid": "ab12", "azp": "xGVTJpEYAxTn", "uid": "8Nw2",
                "scope": "openid notes:read",
            ],
            scopes: ["notes:read"],
            refusals: [
                ("of another application", ["iss": "https://login.example.com/application/o/wiki/"], "unknown_issuer"),
                ("of another provider", ["aud": "other"], "aud_mismatch"),
                ("an ID token", ["azp": .null, "uid": .null], "claim_missing"),
                ("an ID token with azp", ["uid": .null], "claim_missing"),
            ]),
        Product(
            testDescription: "ZITADEL",
            preset: .zitadel(issuer: "https://example.zitadel.cloud", project: "69234237810729019"),
            claims: [
                "aud": ["69234237810729234", "69234237810729019"], "azp": "69234237810729234",
                "jti": "69234237813329048", "nbf": 1_500_000_000, "sub": "77776025198584418",
            ],
            refusals: [
                ("of another project", ["aud": ["69234237810729234"]], "aud_mismatch"),
                ("an ID token", ["jti": .null], "jti_missing"),
                ("of another instance", ["iss": "https://other.zitadel.cloud"], "unknown_issuer"),
            ]),
        Product(
            testDescription: "Microsoft Entra ID, version 1.0",
            preset: .microsoftEntraVersion1(tenant: tenant, application: application),
            claims: [
                "aud": .string("api://\(application)"), "acr": "1", "aio": "AXQAi/8TAAAA", "amr": ["pwd"],
                "appid": "11112222-bbbb-3333-cccc-4444dddd5555", "appidacr": "0", "ipaddr": "192.0.2.1",
                "name": "Ann", "oid": "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb", "rh": "0.AAAA",
                "scp": "notes.read notes.write", "sub": "aAaAaAaAbBbBbBbBcCcC", "tid": .string(tenant),
                "unique_name": "ann@example.com", "upn": "ann@example.com", "uti": "AbcdeFGHijKL", "ver": "1.0",
            ],
            scopes: ["api://\(application)/notes.read"],
            refusals: [
                (
                    "of version 2.0", ["iss": .string("https://login.microsoftonline.com/\(tenant)/v2.0")],
                    "unknown_issuer"
                ),
                ("of version 2.0 by the claim", ["ver": "2.0"], "claim_mismatch"),
                (
                    "without the slash", ["iss": .string("https://sts.windows.net/\(tenant)")],
                    "issuer_differs_by_trailing_slash"
                ),
                ("an ID token of the same application", ["appid": .null], "claim_missing"),
                ("for Microsoft Graph", ["aud": "00000003-0000-0000-c000-000000000000"], "aud_mismatch"),
            ]),
        Product(
            testDescription: "WorkOS AuthKit", preset: .workOSAuthKit(domain: "example.authkit.app"),
            claims: [
                "aud": .string(resource), "sub": "user_01HBEQKA6K4QJAS93VPE39W1JT", "org_id": "org_01HRDMC6CM357W30",
                "sid": "app_consent_01HXYZ", "jti": "01J5VQ1A2B3C4D5E6F7G8H9J0K",
            ],
            refusals: [
                ("whose client named no resource", ["aud": "client_01HBEQAMP8WVZJQ1"], "aud_mismatch"),
                ("for another resource", ["aud": "https://other.example.com/mcp"], "aud_mismatch"),
                (
                    "a session of user management", ["iss": "https://api.workos.com/user_management/client_01"],
                    "unknown_issuer"
                ),
                ("without a user", ["sub": .null], "sub_missing"),
            ]),
        Product(
            testDescription: "Descope", preset: .descope(project: "P2UlpUAmFrJEXAMPLE", server: "MS2abcEXAMPLE"),
            claims: [
                "aud": [.string(resource)], "sub": "U2UlpUAmFrJEXAMPLE", "azp": "TPA2abcEXAMPLE",
                "client_id": "TPA2abcEXAMPLE", "scope": "notes:read", "amr": ["email"], "drn": "DS",
            ],
            scopes: ["notes:read"],
            refusals: [
                ("without the MCP server's URL", ["aud": ["P2UlpUAmFrJEXAMPLE"]], "aud_mismatch"),
                ("without an audience", ["aud": .null], "aud_missing"),
                (
                    "of another MCP server",
                    ["iss": "https://api.descope.com/v1/apps/agentic/P2UlpUAmFrJEXAMPLE/MS2other"], "unknown_issuer"
                ),
                ("a session of the project", ["iss": "https://api.descope.com/P2UlpUAmFrJEXAMPLE"], "unknown_issuer"),
            ]),
        Product(
            testDescription: "PingOne",
            preset: .pingOne(environment: "abfba8f6-49eb-49f5-a5d9-80ad5c98f9f6", host: "auth.pingone.eu"), type: nil,
            claims: [
                "client_id": "3fdf11ca-c9f4-4f3d-8b39-8e8a3d2f1f11", "aud": [.string(resource)],
                "sub": "d8b0c2d4-5a1e-4e7c-9a4e-2f2ffb1b6b11", "scope": "notes:read openid",
                "sid": "b7c7a4b0-e5f5-4c36-bf4d-b5bd3f0a8c11", "jti": "a1b2",
            ],
            scopes: ["notes:read"],
            refusals: [
                ("for PingOne's API", ["aud": ["https://api.pingone.eu"]], "aud_mismatch"),
                ("an ID token", ["client_id": .null, "aud": "3fdf11ca-c9f4-4f3d-8b39-8e8a3d2f1f11"], "aud_mismatch"),
                ("an ID token for the audience", ["client_id": .null], "client_id_missing"),
                (
                    "of another region", ["iss": "https://auth.pingone.com/abfba8f6-49eb-49f5-a5d9-80ad5c98f9f6/as"],
                    "unknown_issuer"
                ),
            ]),
        Product(
            testDescription: "Supabase", preset: .supabase(project: "abcdefghijklmnopqrst"),
            claims: [
                "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "role": "authenticated", "aud": .string(resource),
                "user_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "email": "ann@example.com",
                "client_id": "9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d", "aal": "aal1",
                "amr": [["method": "password", "timestamp": 1_735_815_600]],
                "session_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeef",
            ],
            refusals: [
                ("without the hook", ["aud": "authenticated"], "aud_mismatch"),
                ("a session of the project's own app", ["client_id": .null], "client_id_missing"),
                ("of another project", ["iss": "https://other.supabase.co/auth/v1"], "unknown_issuer"),
            ]),
        Product(
            testDescription: "Authelia", preset: .authelia(host: "auth.example.com"), type: "at+jwt",
            claims: [
                "sub": "7b1e0b0a-6d5e-4d8e-9c54-0d6f8b2f3a11", "client_id": "mcp-client",
                "aud": [.string(resource)], "jti": "d2c2a1e0-0f4b-4a2b-9d50-1e9b2f3a4b5c", "nbf": 1_500_000_000,
                "scp": ["openid", "notes:read"],
            ],
            scopes: ["notes:read"],
            refusals: [
                ("whose client named no audience", ["aud": []], "aud_mismatch"),
                ("of another host", ["iss": "https://login.example.com"], "unknown_issuer"),
                ("without its id", ["jti": .null], "jti_missing"),
            ]),
        Product(
            testDescription: "Dex", preset: .dex(issuer: "https://dex.example.com/dex", client: "notes"), type: nil,
            claims: [
                "sub": "CgcyMzQyNzQ5EgZnaXRodWI", "aud": ["notes", "web-app"], "azp": "web-app",
                "at_hash": "bbxBCQ8bUVd7Xd1oPZJm0A", "email": "ann@example.com", "email_verified": true,
                "groups": ["team"],
            ],
            refusals: [
                ("whose client named no audience", ["aud": "web-app", "azp": .null], "aud_mismatch"),
                ("of another instance", ["iss": "https://other.example.com/dex"], "unknown_issuer"),
            ]),
        Product(
            testDescription: "Clerk", preset: .clerk(frontendAPI: "clerk.example.com"), type: "at+jwt",
            claims: [
                "aud": .string(resource), "client_id": "4Yr8x2fXJ3pKkQ1a", "jti": "oat_2xKa9Bgv7NxMRDFyQw",
                "nbf": 1_500_000_000, "scope": "profile email notes:read", "sub": "user_2vYVtestTESTtest",
            ],
            scopes: ["notes:read"],
            refusals: [
                ("whose client named no resource", ["aud": .null], "aud_missing"),
                (
                    "a session of the instance's own app",
                    ["aud": .null, "client_id": .null, "azp": "https://app.example.com", "sid": "sess_2v", "v": 2],
                    "aud_missing"
                ),
                ("of a JWT template with the audience", ["client_id": .null, "scope": .null], "client_id_missing"),
                ("of the development instance", ["iss": "https://your-site.clerk.accounts.dev"], "unknown_issuer"),
                ("for another resource", ["aud": "https://other.example.com/mcp"], "aud_mismatch"),
            ]),
        Product(
            testDescription: "Stytch", preset: .stytch(domain: "login.example.com", project: stytch), type: "JWT",
            claims: stytchClaims, scopes: ["notes:read"],
            refusals: [
                (
                    "a session",
                    ["client_id": .null, "scope": .null, "https://stytch.com/session": ["id": "session-live-1"]],
                    "client_id_missing"
                ),
                ("fetched from stytch.com", ["iss": .string("stytch.com/\(stytch)")], "unknown_issuer"),
                ("of the test project", ["aud": ["project-test-c60c0abe"]], "aud_mismatch"),
            ]),
        Product(
            testDescription: "Stytch at stytch.com",
            preset: .stytchSharedDomain(project: stytch, domain: "login.example.com"),
            claims: stytchClaims, scopes: ["notes:read"],
            refusals: [
                ("fetched from the domain", ["iss": "https://login.example.com"], "unknown_issuer"),
                ("with the scheme", ["iss": .string("https://stytch.com/\(stytch)")], "unknown_issuer"),
                ("a session", ["client_id": .null], "client_id_missing"),
            ]),
        Product(
            testDescription: "FusionAuth",
            preset: .fusionAuth(url: "https://auth.example.com", issuer: "acme.com", applications: [application]),
            claims: [
                "applicationId": .string(application), "aud": .string(application), "auth_time": 1_700_000_000,
                "authenticationType": "PASSWORD", "jti": "1e3b1b6f", "roles": ["editor"], "scope": "openid notes:read",
                "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "tid": .string(tenant),
            ],
            scopes: ["notes:read"],
            refusals: [
                ("of a tenant with another Issuer", ["iss": "https://auth.example.com"], "unknown_issuer"),
                ("for another application", ["aud": "11112222-bbbb-3333-cccc-4444dddd5555"], "aud_mismatch"),
                ("an ID token", ["at_hash": "bbxBCQ8bUVd7Xd1oPZJm0A", "scope": .null], "not_an_access_token"),
            ]),
        Product(
            testDescription: "Kubernetes",
            preset: .kubernetes(
                issuer: "https://kubernetes.default.svc.cluster.local", apiServer: "https://kubernetes.default.svc",
                serviceAccounts: ["default:caller"]),
            type: nil, claims: kubernetesClaims, server: "https://login.example.com",
            refusals: [
                (
                    "the pod's default token", ["aud": ["https://kubernetes.default.svc.cluster.local"]],
                    "aud_mismatch"
                ),
                ("of a Secret", ["aud": .null, "kubernetes.io": .null], "aud_missing"),
                ("of another account", ["sub": "system:serviceaccount:default:default"], "sub_mismatch"),
                ("of another namespace", ["sub": "system:serviceaccount:other:caller"], "sub_mismatch"),
                ("of another cluster", ["iss": "https://kubernetes.default.svc"], "unknown_issuer"),
                ("of an old Secret", ["iss": "kubernetes/serviceaccount"], "unknown_issuer"),
            ]),
        Product(
            testDescription: "Kubernetes, managed",
            preset: .kubernetes(
                issuer: "https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE", serviceAccounts: ["default:caller"]),
            type: nil, claims: kubernetesClaims,
            refusals: [("the pod's default token", ["aud": ["https://kubernetes.default.svc"]], "aud_mismatch")]),
        Product(
            testDescription: "AD FS", preset: .adfs(host: "adfs.example.com"),
            claims: [
                "aud": .string(resource), "apptype": "Public", "appid": .string(application),
                "authmethod": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
                "auth_time": "2026-11-28T10:00:00.000Z", "scp": "notes:read openid", "sub": "eYV3jdldNyFY1qFFH4oAdBvD",
                "upn": "ann@example.com", "ver": "1.0",
            ],
            scopes: ["notes:read"],
            refusals: [
                ("whose client named no resource", ["aud": "urn:microsoft:userinfo", "scp": "openid"], "aud_mismatch"),
                (
                    "for the application by its client id",
                    ["aud": .string("microsoft:identityserver:\(application)")], "aud_mismatch"
                ),
                (
                    "an ID token", ["iss": "https://adfs.example.com/adfs", "aud": .string(application)],
                    "unknown_issuer"
                ),
                ("with https", ["iss": "https://adfs.example.com/adfs/services/trust"], "issuer_differs_by_scheme"),
                ("without its client", ["appid": .null], "claim_missing"),
            ]),
        Product(
            testDescription: "Scalekit",
            preset: .scalekit(environment: "https://example.scalekit.com", server: "res_92015146095"),
            claims: [
                "aud": ["res_92015146095", .string(resource + "/")], "client_id": "m2m_client", "sub": "usr_123456",
                "jti": "tkn_1", "nbf": 1_500_000_000, "scopes": ["notes:read"], "xoid": "ext_1",
            ],
            scopes: ["notes:read"],
            refusals: [
                ("for another server", ["aud": ["res_2", "https://other.example.com/mcp"]], "aud_mismatch"),
                ("of another environment", ["iss": "https://example.scalekit.dev"], "unknown_issuer"),
                (
                    "of the server as issuer", ["iss": "https://example.scalekit.com/resources/res_92015146095"],
                    "unknown_issuer"
                ),
            ]),
    ]

    private static let stytch = "project-live-c60c0abe-c25a-4472-a9ed-320c6667d317"
    private static let stytchClaims: JSONDocument.Object = [
        "aud": [.string(stytch)], "client_id": "connected-app-live-d731954d", "jti": "LOe49j3s9d9dmacslUvrb15ZIjPbptMm",
        "nbf": 1_500_000_000, "scope": "openid notes:read", "sub": "user-live-16d9ba61",
    ]
    private static let kubernetesClaims: JSONDocument.Object = [
        "aud": [.string(resource)], "jti": "ea28ed49", "nbf": 1_500_000_000,
        "kubernetes.io": [
            "namespace": "default", "pod": ["name": "caller-1", "uid": "900f80ed"],
            "serviceaccount": ["name": "caller", "uid": "a709ef71"],
        ], "sub": "system:serviceaccount:default:caller",
    ]

    private static var rfc9068Auth0: IssuerConfiguration {
        var issuer = IssuerConfiguration.auth0(domain: "example.eu.auth0.com")
        issuer.policy.profile = .rfc9068
        return issuer
    }

    @Test(
        "A token shaped like the product's is accepted with its scopes, and each near one refused with its reason",
        arguments: products)
    func shapes(_ product: Product) async throws {
        let issuer = FakeIssuer(
            product.preset.authorizationServer ?? product.server ?? product.preset.issuer, algorithms: [.rs256])
        let log = EventLog()
        var configuration = ResourceServerConfiguration(
            resource: Self.resource, issuers: [product.preset], requiredScopes: product.scopes)
        configuration.metadata.authorizationServers = product.server.map { [$0] }
        let fetcher = try Self.fetcher(issuer)
        if case .url(let url) = product.preset.keys { fetcher.set(url, json: issuer.jwks) }
        let server = try ResourceServer(configuration, fetcher: fetcher, observer: { log.append($0) })

        #expect(try await server.admits(Self.token(product, [:], issuer)))
        for (name, changes, code) in product.refusals {
            #expect(try await !server.admits(Self.token(product, changes, issuer)), "\(name)")
            #expect(log.denials.last == code, "\(name)")
        }
        #expect(log.denials.count { $0 != "keys_unavailable" } == product.refusals.count)
        #expect(server.metadata.authorizationServers.map(\.text) == [issuer.url])

        // The sentences about a fault are reported with its first refusal, once for each reason.
        let hints = log.all.compactMap { event -> (code: String, sentences: [String])? in
            guard case .refusalExplained(let code, let sentences) = event else { return nil }
            return (code, sentences)
        }
        #expect(Set(hints.map(\.code)).count == hints.count)
        for (code, sentences) in hints {
            #expect(!sentences.isEmpty)
            #expect(sentences == product.preset.hints.filter { $0.code == code }.map(\.sentence))
            #expect(sentences.allSatisfy { $0.hasSuffix(".") && $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } })
        }
        let frequent = try #require(product.refusals.first)
        if product.testDescription != Self.variant {
            #expect(hints.contains { $0.code == frequent.code }, "no hint for the most frequent fault")
        }
    }

    /// A product whose most frequent fault is the one of another row.
    private static let variant = "Auth0, RFC 9068 profile"

    @Test(
        "A fault outside of the claims has its hint too",
        arguments: [
            ("FusionAuth", #"{"alg":"HS256","typ":"JWT"}"#, "alg_not_allowed"),
            ("Supabase", #"{"alg":"HS256","typ":"JWT"}"#, "alg_not_allowed"),
            ("Auth0", #"{"alg":"dir","enc":"A256GCM"}"#, "token_encrypted"),
            ("Authelia", #"{"alg":"RS256","typ":"JWT"}"#, "typ_not_acceptable"),
        ])
    func headers(name: String, header: String, code: String) async throws {
        let product = try #require(Self.products.first { $0.testDescription == name })
        let log = EventLog()
        let configuration = ResourceServerConfiguration(resource: Self.resource, issuers: [product.preset])
        let server = try ResourceServer(configuration, fetcher: ScriptedFetcher(), observer: { log.append($0) })
        let claims = JSONValue.object(["iss": .string(product.preset.issuer)]).encoded()
        let parts = [Array(header.utf8), claims, [1]].map { Base64URL.encode($0) }
        let token = parts.joined(separator: ".") + (code == "token_encrypted" ? ".AQ.AQ" : "")
        #expect(try await !server.admits(token))
        let sentences = product.preset.hints.filter { $0.code == code }.map(\.sentence)
        #expect(sentences.count == 1)
        let lines = log.all.map { $0.name == "denied" ? "\($0)" : "\($0) hint=\"\($0.hint ?? "")\"" }
        #expect(lines.count == 2)
        #expect(lines.last == "refusal_explained reason=\(code) hint=\"\(sentences.joined())\"")
    }

    @Test("A hint is one line after the first refusal with its reason, also in shadow mode")
    func hints() async throws {
        let preset = IssuerConfiguration.keycloak(realm: "https://login.example.com/realms/notes")
        let issuer = FakeIssuer(preset.issuer, algorithms: [.rs256])
        let hint =
            #"refusal_explained reason=aud_missing hint="Add an Audience mapper with the resource identifier to a "#
            + #"client scope of the client.""#
        for mode in [ResourceServer.Mode.enforced, .shadow] {
            let log = EventLog()
            var configuration = ResourceServerConfiguration(resource: Self.resource, issuers: [preset])
            configuration.mode = mode
            let server = try ResourceServer(
                configuration, fetcher: try Self.fetcher(issuer), observer: { log.append($0) })
            for _ in 1...3 { _ = try await server.admits(Self.token(Self.products[0], ["aud": .null], issuer)) }
            let lines = log.all.map { $0.name == "refusal_explained" ? "\($0) hint=\"\($0.hint ?? "")\"" : "\($0)" }
            #expect(lines.filter { $0.hasPrefix("refusal_explained") } == [hint])
            let denied = try #require(lines.firstIndex { $0.contains("reason=aud_missing token=") })
            #expect(lines[denied + 1] == hint)
        }
    }

    @Test("THREATS C8: several tenants of Entra are several issuers, each with its own keys")
    func tenants() async throws {
        let other = "aaaabbbb-0000-cccc-1111-dddd2222ffff"
        let issuers = [Self.tenant, other].map {
            IssuerConfiguration.microsoftEntra(tenant: $0, application: Self.application)
        }
        let configuration = ResourceServerConfiguration(resource: Self.resource, issuers: issuers)
        let (first, second) = (
            FakeIssuer(issuers[0].issuer, algorithms: [.es256]),
            FakeIssuer(issuers[1].issuer, algorithms: [.es256])
        )
        let log = EventLog()
        let server = try ResourceServer(
            configuration, fetcher: try Self.fetcher(first, second), observer: { log.append($0) })
        let product = Self.products[1]

        #expect(try await server.admits(Self.token(product, ["iss": .string(issuers[0].issuer)], first)))
        #expect(try await server.admits(Self.token(product, ["iss": .string(issuers[1].issuer)], second)))
        // A tenant cannot issue tokens in the name of another tenant.
        #expect(try await !server.admits(Self.token(product, ["iss": .string(issuers[0].issuer)], second)))
        #expect(log.denials.filter { $0 != "keys_unavailable" } == ["key_unknown"])
    }

    @Test(
        "THREATS C8: what is no single tenant is a fault at construction, not a refusal of every token",
        arguments: [
            "common", "organizations", "consumers", "", "{tenantid}", "AAAABBBB-0000-CCCC-1111-DDDD2222EEEE",
            tenant + "0",
        ])
    func tenantTemplates(_ tenant: String) {
        for preset in [IssuerConfiguration.microsoftEntra, IssuerConfiguration.microsoftEntraVersion1] {
            #expect(faults([preset(tenant, Self.application, nil)]).contains("tokens.issuers[0].tenant"))
        }
    }

    @Test(
        "The tenants that stand for all are refused with this reason",
        arguments: ["common", "organizations", "consumers"])
    func everyTenant(_ tenant: String) {
        for preset in [IssuerConfiguration.microsoftEntra, IssuerConfiguration.microsoftEntraVersion1] {
            do throws(ConfigurationError) {
                _ = try ResourceServer(
                    ResourceServerConfiguration(
                        resource: Self.resource, issuers: [preset(tenant, Self.application, nil)]),
                    fetcher: ScriptedFetcher())
                Issue.record("accepted")
            } catch {
                #expect(
                    error.lines == [
                        "tokens.issuers[0].tenant stands for every tenant, so that anyone with a Microsoft account would be "
                            + "let in; write the GUID of your tenant in lower case, and configure each tenant as an issuer"
                    ])
            }
        }
    }

    @Test("A base URL with a slash at its end is a fault, not an outage: the URL of the keys would have two")
    func slashAtTheEnd() {
        let authority = "https://login.example.com"
        func paths(_ issuer: IssuerConfiguration) -> [String] {
            var configuration = ResourceServerConfiguration(resource: Self.resource, issuers: [issuer])
            configuration.metadata.authorizationServers = [authority]
            let error = #expect(throws: ConfigurationError.self) {
                try ResourceServer(configuration, fetcher: ScriptedFetcher())
            }
            return error?.lines ?? []
        }
        let reason = "ends with a slash, and the URL of the keys would have two; remove it"
        #expect(
            paths(
                .kubernetes(
                    issuer: "kubernetes/serviceaccount", apiServer: "https://kubernetes.default.svc/",
                    serviceAccounts: ["a:b"])) == ["tokens.issuers[0].apiServer \(reason)"])
        #expect(
            paths(.fusionAuth(url: authority + "/", applications: ["a"])) == ["tokens.issuers[0].url \(reason)"])
        #expect(
            paths(.scalekit(environment: authority + "/", server: "s")) == ["tokens.issuers[0].environment \(reason)"])
    }

    @Test(
        "A service account has a namespace and a name; otherwise no token could be of it",
        arguments: ["default", "", ":", "default:", ":caller", "system:serviceaccount:default:caller", "a:b:c"])
    func serviceAccounts(_ account: String) {
        let preset = IssuerConfiguration.kubernetes(
            issuer: "https://k8s.example.com", serviceAccounts: ["default:caller", account])
        #expect(faults([preset]) == ["tokens.issuers[0].serviceAccounts[1]"])
    }

    @Test("A preset that would admit nobody, or everybody, is a fault")
    func emptyLists() {
        #expect(faults([.google(serviceAccounts: [])]) == ["tokens.issuers[0].policy.requiredClaims"])
        #expect(faults([.gitHubActions(repositories: [])]) == ["tokens.issuers[0].policy.requiredClaims"])
        #expect(
            faults([.awsCognito(region: "us-east-1", userPool: "us-east-1_EXAMPLE", clients: [])])
                == ["tokens.issuers[0].policy.audiences"])
        #expect(faults([.auth0(domain: "https://example.eu.auth0.com")]) == ["tokens.issuers[0]"])
        #expect(
            faults([.fusionAuth(url: "https://auth.example.com", applications: [])])
                == ["tokens.issuers[0].applications"])
        #expect(
            faults([.kubernetes(issuer: "https://k8s.example.com", serviceAccounts: [])])
                == ["tokens.issuers[0].policy.requiredClaims"])
        #expect(
            faults([.kubernetes(issuer: "kubernetes/serviceaccount", serviceAccounts: ["a:b"])])
                == ["tokens.issuers[0]"])
        #expect(
            faults([
                .kubernetes(
                    issuer: "kubernetes/serviceaccount", apiServer: "https://kubernetes.default.svc",
                    serviceAccounts: ["a:b"])
            ]) == ["metadata.authorizationServers"])
        #expect(
            faults([.adfs(host: "https://adfs.example.com")])
                == ["tokens.issuers[0]", "tokens.issuers[0].keys", "tokens.issuers[0].authorizationServer"])
        #expect(
            faults([.scalekit(environment: "example.scalekit.com", server: "res_1")])
                == ["tokens.issuers[0].keys", "tokens.issuers[0].authorizationServer"])
    }

    private func faults(_ issuers: [IssuerConfiguration]) -> [String] {
        do throws(ConfigurationError) {
            _ = try ResourceServer(
                ResourceServerConfiguration(resource: Self.resource, issuers: issuers), fetcher: ScriptedFetcher())
            return []
        } catch {
            return error.settings
        }
    }

    private static func token(_ product: Product, _ changes: JSONDocument.Object, _ issuer: FakeIssuer) -> String {
        issuer.token { draft in
            draft.header["typ"] = product.type
            var claims = product.claims
            for name in ["iat", "exp"] { claims[name] = draft.claims[name] }
            claims["iss"] = .string(product.preset.issuer)
            for (name, value) in changes.members { claims[name] = value == .null ? nil : value }
            draft.claims = claims
        }
    }

    /// Serves each issuer's documents where all products do: OpenID Connect Discovery below the issuer.
    private static func fetcher(_ issuers: FakeIssuer...) throws -> ScriptedFetcher {
        let fetcher = ScriptedFetcher()
        for issuer in issuers {
            let stem = issuer.url.utf8.last == UInt8(ascii: "/") ? String(issuer.url.dropLast()) : issuer.url
            fetcher.set(stem + "/.well-known/openid-configuration", json: issuer.metadata)
            fetcher.set(try #require(issuer.metadata["jwks_uri"]?.string), json: issuer.jwks)
        }
        return fetcher
    }
}
