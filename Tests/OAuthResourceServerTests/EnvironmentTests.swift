import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@testable import OAuthResourceServer
@testable import TokenVerification

@Suite("ResourceServerConfiguration from the environment", .serialized)
struct EnvironmentTests {
    private static let resource = "https://mcp.example.com/mcp"
    private static let issuer = "https://login.example.com"
    /// The variables that are required.
    private static let least = ["OAUTH_RESOURCE": resource, "OAUTH_ISSUERS": issuer]

    /// The configuration of a correct environment.
    private func configuration(_ more: [String: String]) throws -> ResourceServerConfiguration {
        let configuration = ResourceServerConfiguration(environment: Self.least.merging(more) { $1 })
        _ = try ResourceServer(configuration, fetcher: ScriptedFetcher(), observer: { _ in })
        return configuration
    }

    // MARK: What is read

    @Test("Two variables are enough, and everything else has its default")
    func least() throws {
        let configuration = try configuration([:])
        #expect(configuration.resource == Self.resource)
        #expect(configuration.tokens.issuers.map(\.issuer) == [Self.issuer])
        #expect(configuration.tokens.issuers.map(\.issuer) == [Self.issuer])
        #expect(configuration.tokens.issuers.map(\.keys) == [.discovered])
        #expect(configuration.tokens.issuers[0].policy.algorithms == SignatureAlgorithm.allowedByDefault)
        #expect(configuration.tokens.issuers[0].policy.clockSkew == 60)
        #expect(configuration.tokens.issuers[0].policy.profile == .default)
        #expect(configuration.mode == .enforced)
        #expect(configuration.requirements.scopes == [])
        #expect(configuration.metadata.scopesSupported == nil)
        #expect(configuration.browsers.allowedOrigins == [])
        #expect(configuration.metadata.forwarded == nil)
        #expect(configuration.metadata.metadataURL == nil)
        #expect(configuration.tokens.introspection == nil)
        #expect(configuration.tokens.fetching == ResourceServerConfiguration.Fetching())
    }

    @Test("Every variable is read, and lists are separated by commas, white space or both")
    func everything() throws {
        let secret = try ScratchFile("s3cret\n")
        let sessionKey = try ScratchFile(
            "# new\nan-example-of-a-key-of-32-bytes-x\nan-example-of-a-key-of-32-bytes-y\n")
        let configuration = try configuration([
            "OAUTH_MODE": "shadow", "OAUTH_ISSUERS": "http://127.0.0.1:9000",
            "OAUTH_AUTHORIZATION_SERVERS": "http://127.0.0.1:9001 http://127.0.0.1:9002",
            "OAUTH_AUDIENCES": "api://a, api://b",
            "OAUTH_JWKS_URL": "http://127.0.0.1:9000/keys", "OAUTH_ALGORITHMS": "ES256,EdDSA",
            "OAUTH_REQUIRED_SCOPES": "mcp:use notes:read", "OAUTH_SCOPES_SUPPORTED": "mcp:use,notes:read\nnotes:write",
            "OAUTH_SCOPE_CLAIMS": "permissions, /realm_access/roles=role:",
            "OAUTH_CLOCK_SKEW": "300", "OAUTH_TOKEN_PROFILE": "rfc9068",
            "OAUTH_INTROSPECTION_URL": "http://127.0.0.1:9000/introspect", "OAUTH_INTROSPECTION_CLIENT_ID": "rs",
            "OAUTH_INTROSPECTION_CLIENT_SECRET_FILE": secret.path, "OAUTH_DPOP": "off",
            "OAUTH_SESSION_KEY_FILE": sessionKey.path,
            "OAUTH_ALLOWED_ORIGINS": "https://app.example.com http://localhost:*, vscode-webview://* *",
            "OAUTH_ALLOWED_HOSTS": "mcp,mcp.tools.svc", "OAUTH_FORWARD_METADATA": "1",
            "OAUTH_METADATA_URL": "https://mcp.example.com/api/meta",
            "OAUTH_CLIENT_CERTIFICATE_FIELD": "client-cert", "OAUTH_TRUSTED_PROXIES": "10.0.0.0/8,unix",
            "OAUTH_ALLOW_INSECURE_HTTP": "loopback", "OAUTH_ALLOW_PRIVATE_HOSTS": "login.internal\t10.0.0.7 ::1",
            "OAUTH_CA_FILE": "/etc/ca.pem", "OAUTH_HTTP_PROXY": "http://proxy.example:3128",
            "PATH": "/bin", "oauth_mode": "not ours",
        ])
        let policy = configuration.tokens.issuers[0].policy
        #expect(configuration.mode == .shadow)
        #expect(configuration.tokens.issuers.map(\.issuer) == ["http://127.0.0.1:9000"])
        #expect(configuration.metadata.authorizationServers == ["http://127.0.0.1:9001", "http://127.0.0.1:9002"])
        #expect(policy.audiences == ["api://a", "api://b"])
        #expect(configuration.tokens.issuers[0].keys == .url("http://127.0.0.1:9000/keys"))
        #expect(policy.algorithms == [.es256, .edDSA])
        let scopes = ScopeMapping(claims: [
            .init(["permissions"], .spaceSeparated, spelling: .asRequested),
            .init(["realm_access", "roles"], .spaceSeparated, spelling: .withoutPrefix("role:")),
        ])
        #expect(configuration.tokens.issuers[0].scopes == scopes)
        #expect(configuration.tokens.introspection?.scopes == scopes)
        #expect(policy.clockSkew == 300)
        #expect(policy.profile == .rfc9068)
        #expect(configuration.requirements.scopes == ["mcp:use", "notes:read"])
        #expect(configuration.metadata.scopesSupported == ["mcp:use", "notes:read", "notes:write"])
        #expect(
            configuration.browsers.allowedOrigins == [
                "https://app.example.com", "http://localhost:*", "vscode-webview://*", "*",
            ])
        #expect(configuration.browsers.allowedHosts == ["mcp", "mcp.tools.svc"])
        #expect(configuration.metadata.forwarded?.issuer == "http://127.0.0.1:9001")
        #expect(configuration.metadata.metadataURL == "https://mcp.example.com/api/meta")
        #expect(configuration.mutualTLS == .fromProxy(.clientCert, at: ["10.0.0.0/8", "unix"]))
        #expect(configuration.tokens.fetching.insecureHTTP == .loopback)
        #expect(configuration.tokens.fetching.privateHosts == ["login.internal", "10.0.0.7", "::1"])
        #expect(configuration.tokens.fetching.certificateAuthorityFile == "/etc/ca.pem")
        #expect(configuration.tokens.fetching.proxy == "http://proxy.example:3128")
        let introspection = try #require(configuration.tokens.introspection)
        #expect(introspection.endpoint == "http://127.0.0.1:9000/introspect")
        #expect(introspection.issuer == "http://127.0.0.1:9000")
        #expect(introspection.audiences == ["api://a", "api://b"])
        #expect(introspection.clockSkew == 300)
        guard case .basic("rs", let read) = introspection.credentials else {
            Issue.record("other credentials")
            return
        }
        #expect(read.text == "s3cret")
        guard case .bound(let keys) = configuration.sessions else {
            Issue.record("sessions are not bound")
            return
        }
        #expect(keys.all.map { String(decoding: $0, as: UTF8.self).last } == ["x", "y"])
        // The table contains every variable.
        #expect(EnvironmentVariable.allCases.count == 34)
    }

    @Test("The variables about DPoP proofs are read, and a store at a URL is made by the program")
    func proofs() throws {
        let keys = try ScratchFile("# new\nan-example-of-a-key-of-32-bytes-x\nan-example-of-a-key-of-32-bytes-y\n")
        let variables = [
            "OAUTH_DPOP": "required", "OAUTH_DPOP_NONCE_KEY_FILE": keys.path,
            "OAUTH_REPLAY_STORE": "valkey://127.0.0.1:6379",
        ]
        var configuration = ResourceServerConfiguration(environment: Self.least.merging(variables) { $1 })
        #expect(configuration.dpop.mode == .required)
        guard case .required(let nonces) = configuration.dpop.nonces else {
            Issue.record("no nonces")
            return
        }
        for key in ["x", "y"] {
            let other = try DPoPNonces(current: Array("an-example-of-a-key-of-32-bytes-\(key)".utf8))
            #expect(nonces.admits(other.make(now: 1_000), now: 1_000))
        }
        let urls = Mutex<[String]>([])
        configuration.dpop.openReplayStore = { url throws(ConfigurationError) in
            urls.withLock { $0.append(url) }
            return InMemoryReplayStore()
        }
        let server = try ResourceServer(configuration, fetcher: ScriptedFetcher())
        #expect(urls.withLock { $0 } == ["valkey://127.0.0.1:6379"])
        #expect(server.health.replayStore == .healthy)
        configuration.dpop.openReplayStore = { _ throws(ConfigurationError) in
            throw ConfigurationError([.init("url", "has no host", "write one")])
        }
        do throws(ConfigurationError) {
            _ = try ResourceServer(configuration, fetcher: ScriptedFetcher())
            Issue.record("accepted")
        } catch {
            #expect(error.lines == ["OAUTH_REPLAY_STORE has no host; write one"])
        }
        let random = try self.configuration(["OAUTH_DPOP": "optional", "OAUTH_DPOP_NONCES": "on"])
        guard case .required = random.dpop.nonces, case .memory = random.dpop.replayStore else {
            Issue.record("no nonces, or another store")
            return
        }
        let off = try self.configuration(["OAUTH_DPOP": "off", "OAUTH_REPLAY_STORE": "memory"])
        #expect(try ResourceServer(off, fetcher: ScriptedFetcher()).health.replayStore == nil)
    }

    @Test("Several issuers share the audiences and discover their own keys")
    func issuers() throws {
        let configuration = try configuration([
            "OAUTH_ISSUERS": "https://a.example.com, https://b.example.com/", "OAUTH_AUDIENCES": "6f3a",
        ])
        #expect(configuration.tokens.issuers.map(\.issuer) == ["https://a.example.com", "https://b.example.com/"])
        #expect(configuration.tokens.issuers.allSatisfy { $0.policy.audiences == ["6f3a"] && $0.keys == .discovered })
    }

    @Test("A disabled guard needs a resource on a loopback host and nothing else")
    func disabled() throws {
        let configuration = ResourceServerConfiguration(environment: [
            "OAUTH_MODE": "disabled", "OAUTH_RESOURCE": "http://127.0.0.1:8080/mcp",
        ])
        #expect(configuration.mode == .disabled(anonymousAs: "anonymous", reach: .loopbackOnly))
        _ = try ResourceServer(configuration, fetcher: ScriptedFetcher(), observer: { _ in })
    }

    @Test("The environment of the process is walked")
    func process() {
        #expect(ProcessEnvironment.variables()["PATH"]?.isEmpty == false)
    }

    // MARK: What is built of it

    @Test("A server of the environment accepts JWTs of its issuer, asks about other tokens, and fetches nothing before")
    func verifiers() async throws {
        let issuer = FakeIssuer("http://127.0.0.1:9000", audience: Self.resource, algorithms: [.es256])
        let fetcher = ScriptedFetcher()
        fetcher.set("http://127.0.0.1:9000/keys", json: issuer.jwks)
        var answer = HTTPFields()
        answer.append(.contentType, "application/json")
        let active: JSONDocument.Object = [
            "active": true, "aud": .string(Self.resource), "scope": "mcp:use", "iss": .string(issuer.url),
        ]
        fetcher.set(
            "http://127.0.0.1:9000/introspect",
            .success(FetchedDocument(status: .ok, fields: answer, body: JSONValue.object(active).encoded())))
        let configuration = try configuration([
            "OAUTH_ISSUERS": issuer.url, "OAUTH_JWKS_URL": "http://127.0.0.1:9000/keys",
            "OAUTH_INTROSPECTION_URL": "http://127.0.0.1:9000/introspect", "OAUTH_INTROSPECTION_CLIENT_ID": "rs",
            "OAUTH_INTROSPECTION_CLIENT_SECRET": "s3cret", "OAUTH_REQUIRED_SCOPES": "mcp:use",
            "OAUTH_ALLOW_INSECURE_HTTP": "loopback",
        ])
        let server = try ResourceServer(configuration, fetcher: fetcher)
        #expect(fetcher.requests == [])
        #expect(try await server.admits(issuer.token()))
        #expect(fetcher.requests == ["http://127.0.0.1:9000/keys"])
        #expect(try await server.admits("opaque"))
        #expect(fetcher.requests.last == "http://127.0.0.1:9000/introspect")
        #expect(try await !server.admits(issuer.token(with: .expired)))
        #expect(fetcher.requests.count == 2)
    }

    private static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIHGKQ4UpbUN8yAe8kR7bwvNBxi1b3KqQc/lj8SFzmVXb
        -----END PRIVATE KEY-----
        """

    @Test(
        "POLICY §9: with the file of a private key, introspection requests have a client assertion; no secret is used")
    func introspectionKey() async throws {
        let key = try ScratchFile(Self.privateKey)
        let fetcher = ScriptedFetcher()
        let endpoint = "https://login.example.com/introspect"
        let active: JSONDocument.Object = ["active": true, "aud": .string(Self.resource)]
        fetcher.set(endpoint, json: active)
        for keyID in [nil, "key-1"] {
            var environment = [
                "OAUTH_INTROSPECTION_URL": endpoint, "OAUTH_INTROSPECTION_CLIENT_ID": "rs",
                "OAUTH_INTROSPECTION_KEY_FILE": key.path,
            ]
            environment["OAUTH_INTROSPECTION_KEY_ID"] = keyID
            let configuration = try configuration(environment)
            guard
                case .privateKeyJWT("rs", let used, audience: .issuer)? = configuration.tokens.introspection?
                    .credentials
            else {
                Issue.record("another method")
                return
            }
            #expect(try used.keyID == keyID ?? ClientAssertionKey(pem: Self.privateKey).keyID)
            #expect(try await ResourceServer(configuration, fetcher: fetcher).admits("opaque"))
            guard case .postForm(let form)? = fetcher.lastRequest?.method else {
                Issue.record("not a form")
                return
            }
            let text = String(decoding: form, as: UTF8.self)
            #expect(text.contains("&client_assertion=ey") && !text.contains("client_secret"))
            #expect(fetcher.lastRequest?.fields[.authorization] == nil)
        }
    }

    @Test("What is not a private key is named by its variable, and so is a faulty kid")
    func introspectionKeyFaults() throws {
        let publicKey = try ScratchFile("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")
        let key = try ScratchFile(Self.privateKey)
        let client = ["OAUTH_INTROSPECTION_CLIENT_ID": "rs"].merging(Self.least) { $1 }
        #expect(
            Self.lines(client.merging(["OAUTH_INTROSPECTION_KEY_FILE": publicKey.path]) { $1 }) == [
                "OAUTH_INTROSPECTION_KEY_FILE is a public key or a certificate; set it to the private key that belongs "
                    + "to it"
            ])
        let long = String(repeating: "k", count: 257)
        #expect(
            Self.lines(
                client.merging(["OAUTH_INTROSPECTION_KEY_FILE": key.path, "OAUTH_INTROSPECTION_KEY_ID": long]) { $1 })
                == [
                    "OAUTH_INTROSPECTION_KEY_ID is empty, longer than 256 bytes, or holds control characters; copy the "
                        + "kid that the authorization server shows for the key"
                ])
    }

    @Test("POLICY §9: without its URL, the endpoint is found in the metadata, which is read once for all purposes")
    func discoveredIntrospection() async throws {
        let issuer = FakeIssuer("http://127.0.0.1:9000", audience: Self.resource, algorithms: [.es256])
        let fetcher = ScriptedFetcher()
        let location = "http://127.0.0.1:9000/.well-known/oauth-authorization-server"
        let endpoint = "http://127.0.0.1:9000/introspect"
        var metadata = issuer.metadata
        metadata["introspection_endpoint"] = .string(endpoint)
        metadata["introspection_endpoint_auth_methods_supported"] = ["client_secret_post"]
        fetcher.set(location, json: metadata)
        fetcher.set("http://127.0.0.1:9000/jwks", json: issuer.jwks)
        let active: JSONDocument.Object = ["active": true, "aud": .string(Self.resource)]
        fetcher.set(endpoint, json: active)
        var configuration = try configuration([
            "OAUTH_ISSUERS": issuer.url, "OAUTH_INTROSPECTION_CLIENT_ID": "rs",
            "OAUTH_INTROSPECTION_CLIENT_SECRET": "s3cret", "OAUTH_ALLOW_INSECURE_HTTP": "loopback",
        ])
        configuration.metadata.forwarded = .discovered(issuer: issuer.url)
        let server = try ResourceServer(configuration, fetcher: fetcher)
        #expect(try await server.admits("opaque"))
        guard case .postForm(let form)? = fetcher.lastRequest?.method else {
            Issue.record("not a form")
            return
        }
        #expect(String(decoding: form, as: UTF8.self).hasSuffix("&client_id=rs&client_secret=s3cret"))
        #expect(try await server.admits(issuer.token()))
        let target: HTTPRequest.Target = "/.well-known/oauth-authorization-server"
        guard case .respond(let response) = await server.decide(method: .get, target: target, fields: HTTPFields())
        else {
            Issue.record("not answered")
            return
        }
        #expect(response.status == .ok)
        #expect(fetcher.requests == [location, endpoint, "http://127.0.0.1:9000/jwks"])
        // An introspected issuer whose keys are at a URL has one reading for introspection and forwarding.
        configuration.tokens.issuers[0].keys = .url("http://127.0.0.1:9000/jwks")
        let other = try ResourceServer(configuration, fetcher: fetcher)
        #expect(try await other.admits("opaque"))
        _ = await other.decide(method: .get, target: target, fields: HTTPFields())
        #expect(fetcher.requests.suffix(2) == [location, endpoint])
    }

    @Test(
        "POLICY §7 scopes: any claim, in the environment",
        arguments: [
            ("permissions", ["permissions": ["notes:read"]], true),
            ("permissions", ["permissions": "notes:write notes:read"], true),
            ("permissions", ["permissions": "notes:reading"], false), ("permissions", ["permissions": 1], false),
            ("permissions", ["permissions": ["notes:read", 1]], false),
            ("permissions", ["permission": "notes:read"], false),
            ("permissions roles", ["roles": ["notes:read"]], true),
            ("permissions,roles", ["roles": ["notes:read"]], true),
            ("roles=notes:", ["roles": ["read"]], true), ("roles=notes:", ["roles": ["notes:read"]], false),
            ("/realm_access/roles", ["realm_access": ["roles": ["notes:read"]]], true),
            ("/realm_access/roles", ["/realm_access/roles": ["notes:read"]], false),
            ("realm_access/roles", ["realm_access": ["roles": ["notes:read"]]], false),
            ("realm_access.roles", ["realm_access.roles": ["notes:read"]], true),
            ("/a~1b/c~0d", ["a/b": ["c~d": "notes:read"]], true), ("/a~01b", ["a~1b": "notes:read"], true),
            ("https://app.example.com/roles", ["https://app.example.com/roles": ["notes:read"]], true),
            ("/urn:zitadel:iam:org:project:roles/*", ["urn:zitadel:iam:org:project:roles": ["notes:read": [:]]], true),
            ("/urn:zitadel:iam:org:project:roles/*=notes:", ["urn:zitadel:iam:org:project:roles": ["read": [:]]], true),
            ("/urn:zitadel:iam:org:project:roles/*", ["urn:zitadel:iam:org:project:roles": ["notes:read"]], false),
            ("urn:zitadel:iam:org:project:roles", ["urn:zitadel:iam:org:project:roles": ["notes:read": [:]]], false),
            ("/roles/*", ["roles": ["notes:read": false]], false),
        ] as [(String, JSONDocument.Object, Bool)])
    func scopeClaims(variable: String, claims: JSONDocument.Object, isGranted: Bool) async throws {
        let issuer = FakeIssuer(Self.issuer, audience: Self.resource, algorithms: [.es256])
        let fetcher = ScriptedFetcher()
        fetcher.set("https://login.example.com/jwks", json: issuer.jwks)
        let configuration = try configuration([
            "OAUTH_JWKS_URL": "https://login.example.com/jwks", "OAUTH_SCOPE_CLAIMS": variable,
            "OAUTH_REQUIRED_SCOPES": "notes:read", "OAUTH_ALGORITHMS": "ES256",
        ])
        let server = try ResourceServer(configuration, fetcher: fetcher)
        let token = issuer.token { draft in
            draft.claims["scope"] = nil
            for (name, value) in claims.members { draft.claims[name] = value }
        }
        #expect(try await server.admits(token) == isGranted)
    }

    @Test(
        "Entries that name no claim",
        arguments: ["/", "//", "/a/", "/a//b", "/*", "/~", "/a~2", "/a~", "=", "=a", "a=", "/a=", "/a/*="])
    func noScopeClaim(entry: String) {
        #expect(ScopeClaimText(entry) == nil)
    }

    @Test("Static tokens of a file let in, without any issuer and without a metadata document")
    func staticTokens() async throws {
        let token = try #require(StaticToken(name: "ci", scopes: ScopeSet(keepingValid: ["mcp:use"])))
        let file = try ScratchFile("# tokens\n\(token.line)\n")
        let configuration = ResourceServerConfiguration(environment: [
            "OAUTH_MODE": "static", "OAUTH_RESOURCE": Self.resource, "OAUTH_STATIC_TOKENS_FILE": file.path,
            "OAUTH_REQUIRED_SCOPES": "mcp:use",
        ])
        let server = try ResourceServer(configuration, fetcher: ScriptedFetcher())
        #expect(try await server.admits(token.text))
        #expect(try await !server.admits(token.text + "x"))
        let target: HTTPRequest.Target = "/.well-known/oauth-protected-resource/mcp"
        guard case .respond(let response) = await server.decide(method: .get, target: target, fields: HTTPFields())
        else {
            Issue.record("let through")
            return
        }
        #expect(response.status == .notFound)
    }

    // MARK: What is refused. Every line must say what is wrong, where, and what to do.

    struct Mistake: CustomTestStringConvertible {
        let environment: [String: String]
        let lines: [String]

        /// Changes to a sufficient set of variables. An empty text removes a variable.
        init(_ changes: [String: String], _ lines: String...) {
            environment = least.merging(changes) { $1 }.filter { $0.value != "-" }
            self.lines = lines
        }

        var testDescription: String { lines.first ?? "" }
    }

    static let mistakes: [Mistake] = [
        Mistake(
            ["OAUTH_RESOURCE": "-", "OAUTH_ISSUERS": "-"],
            "OAUTH_RESOURCE is not set; give it the public URL of this server, such as https://mcp.example.com/mcp",
            "OAUTH_ISSUERS is not set; name the authorization server that clients log in to, as in the iss of its tokens"
        ),
        Mistake(
            ["OAUTH_ISSUERS": "-", "OAUTH_ISSUER": "https://login.example.com"],
            "OAUTH_ISSUER is not a known variable; did you mean OAUTH_ISSUERS?",
            "OAUTH_ISSUERS is not set; name the authorization server that clients log in to, as in the iss of its tokens"
        ),
        Mistake(
            ["OAUTH_SCOPES": "a"],
            "OAUTH_SCOPES is not a known variable; did you mean OAUTH_REQUIRED_SCOPES?"),
        Mistake(
            ["OAUTH_CLIENT_SECRET": "s3cret"],
            "OAUTH_CLIENT_SECRET is not a known variable; did you mean OAUTH_INTROSPECTION_CLIENT_SECRET?"),
        Mistake(
            ["OAUTH_JWKS_URI": "https://login.example.com/jwks"],
            "OAUTH_JWKS_URI is not a known variable; did you mean OAUTH_JWKS_URL?"),
        Mistake(
            ["OAUTH_CLOCK_LEEWAY": "5", "OAUTH_INTROSPECTION_ENDPOINT": "x", "OAUTH_ISSUER_URL": "x"],
            "OAUTH_CLOCK_LEEWAY is not a known variable; did you mean OAUTH_CLOCK_SKEW?",
            "OAUTH_INTROSPECTION_ENDPOINT is not a known variable; did you mean OAUTH_INTROSPECTION_URL?",
            "OAUTH_ISSUER_URL is not a known variable; did you mean OAUTH_ISSUERS?"),
        Mistake(["OAUTH_FOO": "a"], "OAUTH_FOO is not a known variable; remove it"),
        Mistake(["OAUTH_\u{1B}[2J": "a"], "OAUTH_… is not a known variable; remove it"),
        Mistake(["OAUTH_MODE": ""], "OAUTH_MODE is empty; remove it, or give it a value"),
        Mistake(["OAUTH_REQUIRED_SCOPES": " , "], "OAUTH_REQUIRED_SCOPES is empty; remove it, or give it a value"),
        Mistake(
            ["OAUTH_RESOURCE": "https://mcp.example.com/\u{7F}"],
            "OAUTH_RESOURCE holds control characters or bytes that are not UTF-8; type it again"),
        Mistake(
            ["OAUTH_RESOURCE": "https://mcp.example.com/\u{FFFD}"],
            "OAUTH_RESOURCE holds control characters or bytes that are not UTF-8; type it again"),
        Mistake(
            ["OAUTH_RESOURCE": "mcp.example.com"],
            "OAUTH_RESOURCE is not an absolute URL (unsupported_scheme); write it like https://mcp.example.com/mcp"),
        Mistake(
            ["OAUTH_RESOURCE": "http://mcp.example.com/mcp"],
            "OAUTH_RESOURCE uses http on a host that is not loopback; use https"),
        Mistake(
            ["OAUTH_ISSUERS": "http://127.0.0.1:9000"],
            "OAUTH_ISSUERS entry 1 uses http; use https, or for a loopback host set OAUTH_ALLOW_INSECURE_HTTP to loopback"
        ),
        Mistake(
            ["OAUTH_ISSUERS": "http://login.example.com", "OAUTH_ALLOW_INSECURE_HTTP": "loopback"],
            "OAUTH_ISSUERS entry 1 uses http on a host that is not loopback; use https, or set OAUTH_JWKS_URL to the URL "
                + "of its keys"),
        Mistake(
            ["OAUTH_ISSUERS": "kubernetes/serviceaccount", "OAUTH_JWKS_URL": "https://k8s.example.com/openid/v1/jwks"],
            "OAUTH_AUTHORIZATION_SERVERS is missing, but OAUTH_ISSUERS entry 1 is not an https URL at which clients could "
                + "find it; name the issuer that clients log in to"),
        Mistake(
            ["OAUTH_ISSUERS": "kubernetes:", "OAUTH_JWKS_URL": "https://k8s.example.com/openid/v1/jwks"],
            "OAUTH_ISSUERS entry 1 has a colon, but is not a URI, which RFC 7519 requires of such an issuer; write the "
                + "issuer as in the iss of its tokens"),
        Mistake(
            ["OAUTH_AUTHORIZATION_SERVERS": "https://login.example.com login.example.com"],
            "OAUTH_AUTHORIZATION_SERVERS entry 2 is not an absolute URL (unsupported_scheme); write it like "
                + "https://login.example.com"),
        Mistake(
            ["OAUTH_ISSUERS": "https://a.example.com, https://a.example.com, login.example.com"],
            "OAUTH_ISSUERS entry 2 is in the list twice; configure each issuer once",
            "OAUTH_ISSUERS entry 3 is not an absolute URL (unsupported_scheme); write it like https://login.example.com, "
                + "or set OAUTH_JWKS_URL to the URL of its keys"
        ),
        Mistake(
            [
                "OAUTH_ISSUERS": "https://a.example.com https://b.example.com",
                "OAUTH_JWKS_URL": "https://a.example.com/k",
            ],
            "OAUTH_JWKS_URL is set, but OAUTH_ISSUERS names several issuers; remove it, so that the keys of each "
                + "are discovered, or name one issuer"),
        Mistake(
            ["OAUTH_JWKS_URL": "http://login.example.com/k#1"],
            "OAUTH_JWKS_URL has a fragment (#…); remove it"),
        Mistake(
            ["OAUTH_ALGORITHMS": "RS256 HS256 none"],
            "OAUTH_ALGORITHMS entry 2 is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA; "
                + "choose among these (HMAC and none are never accepted)",
            "OAUTH_ALGORITHMS entry 3 is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA; "
                + "choose among these (HMAC and none are never accepted)"),
        Mistake(
            ["OAUTH_CLOCK_SKEW": "301"],
            "OAUTH_CLOCK_SKEW is outside 0…300 seconds; choose a number in this range"),
        Mistake(
            [
                "OAUTH_CLOCK_SKEW": "301", "OAUTH_ISSUERS": "https://a.example.com https://b.example.com",
                "OAUTH_AUDIENCES": "a",
            ],
            "OAUTH_CLOCK_SKEW is outside 0…300 seconds; choose a number in this range"),
        Mistake(
            ["OAUTH_CLOCK_SKEW": "+5"], "OAUTH_CLOCK_SKEW is not a whole number of seconds; write digits only"),
        Mistake(
            ["OAUTH_TOKEN_PROFILE": "RFC9068"], "OAUTH_TOKEN_PROFILE is not one of default, rfc9068; choose one of them"
        ),
        Mistake(
            ["OAUTH_REQUIRED_SCOPES": "read \"write\"", "OAUTH_SCOPES_SUPPORTED": "a\\b"],
            "OAUTH_REQUIRED_SCOPES holds a text that is not a scope; use printable ASCII without space, quote and backslash",
            "OAUTH_SCOPES_SUPPORTED holds a text that is not a scope; use printable ASCII without space, quote and backslash"
        ),
        Mistake(
            ["OAUTH_REQUIRED_SCOPES": "offline_access"],
            "OAUTH_REQUIRED_SCOPES holds offline_access, which access tokens do not carry; remove it"),
        Mistake(
            ["OAUTH_INTROSPECTION_URL": "https://login.example.com/introspect"],
            "OAUTH_INTROSPECTION_CLIENT_ID is not set; give it the client identifier of this server at the authorization server",
            "OAUTH_INTROSPECTION_CLIENT_SECRET is not set, nor is OAUTH_INTROSPECTION_CLIENT_SECRET_FILE; set it to the "
                + "client secret of this server, or OAUTH_INTROSPECTION_KEY_FILE to the file of a private key"),
        Mistake(
            ["OAUTH_INTROSPECTION_CLIENT_SECRET": "s3cret"],
            "OAUTH_INTROSPECTION_CLIENT_ID is not set; give it the client identifier of this server at the authorization server"
        ),
        Mistake(
            ["OAUTH_INTROSPECTION_CLIENT_ID": "rs"],
            "OAUTH_INTROSPECTION_CLIENT_SECRET is not set, nor is OAUTH_INTROSPECTION_CLIENT_SECRET_FILE; set it to the "
                + "client secret of this server, or OAUTH_INTROSPECTION_KEY_FILE to the file of a private key"),
        Mistake(
            [
                "OAUTH_INTROSPECTION_CLIENT_ID": "rs", "OAUTH_INTROSPECTION_CLIENT_SECRET": "s3cret",
                "OAUTH_ISSUERS": "https://a.example.com https://b.example.com",
            ],
            "OAUTH_INTROSPECTION_CLIENT_ID is set, but OAUTH_ISSUERS names several issuers; name only the issuer of this endpoint"
        ),
        Mistake(
            [
                "OAUTH_INTROSPECTION_CLIENT_ID": "rs", "OAUTH_INTROSPECTION_CLIENT_SECRET": "s3cret",
                "OAUTH_ISSUERS": "urn:example:issuer", "OAUTH_JWKS_URL": "https://login.example.com/jwks",
                "OAUTH_AUTHORIZATION_SERVERS": "https://login.example.com",
            ],
            "OAUTH_ISSUERS is not an absolute URL (unsupported_scheme); write it like https://login.example.com, or set "
                + "OAUTH_INTROSPECTION_URL to the URL of the endpoint"),
        Mistake(
            [
                "OAUTH_INTROSPECTION_CLIENT_ID": "rs", "OAUTH_INTROSPECTION_CLIENT_SECRET": "s3cret",
                "OAUTH_ISSUERS": "login.example.com",
            ],
            "OAUTH_ISSUERS entry 1 is not an absolute URL (unsupported_scheme); write it like https://login.example.com, "
                + "or set OAUTH_JWKS_URL to the URL of its keys"),
        Mistake(
            [
                "OAUTH_INTROSPECTION_URL": "http://login.example.com/introspect", "OAUTH_INTROSPECTION_CLIENT_ID": "ü",
                "OAUTH_INTROSPECTION_CLIENT_SECRET": "s3cret",
            ],
            "OAUTH_INTROSPECTION_URL uses http, which sends tokens and credentials unencrypted; use https, or for a "
                + "loopback host set OAUTH_ALLOW_INSECURE_HTTP to loopback",
            "OAUTH_INTROSPECTION_CLIENT_ID is empty, or holds control or non-ASCII characters; copy the client identifier "
                + "from the authorization server"),
        Mistake(
            [
                "OAUTH_INTROSPECTION_URL": "https://login.example.com/introspect",
                "OAUTH_INTROSPECTION_CLIENT_ID": "rs",
                "OAUTH_INTROSPECTION_CLIENT_SECRET": "s3cret", "OAUTH_INTROSPECTION_CLIENT_SECRET_FILE": "/none",
                "OAUTH_ISSUERS": "https://a.example.com https://b.example.com",
            ],
            "OAUTH_INTROSPECTION_URL is set, but OAUTH_ISSUERS names several issuers; name only the issuer of this endpoint",
            "OAUTH_INTROSPECTION_CLIENT_SECRET_FILE is set together with OAUTH_INTROSPECTION_CLIENT_SECRET; keep one of them"
        ),
        Mistake(
            [
                "OAUTH_INTROSPECTION_URL": "https://login.example.com/introspect",
                "OAUTH_INTROSPECTION_CLIENT_ID": "rs",
                "OAUTH_INTROSPECTION_CLIENT_SECRET_FILE": "/nowhere/secret",
            ],
            "OAUTH_INTROSPECTION_CLIENT_SECRET_FILE names a file that does not exist; check the path, which is relative to "
                + "the working directory"),
        Mistake(
            ["OAUTH_INTROSPECTION_CLIENT_ID": "rs", "OAUTH_INTROSPECTION_KEY_FILE": "/nowhere/key.pem"],
            "OAUTH_INTROSPECTION_KEY_FILE names a file that does not exist; check the path, which is relative to the working "
                + "directory"),
        Mistake(
            [
                "OAUTH_INTROSPECTION_CLIENT_ID": "rs", "OAUTH_INTROSPECTION_KEY_FILE": "/nowhere/key.pem",
                "OAUTH_INTROSPECTION_CLIENT_SECRET": "s3cret",
            ],
            "OAUTH_INTROSPECTION_KEY_FILE is set together with OAUTH_INTROSPECTION_CLIENT_SECRET; keep one of them"),
        Mistake(
            [
                "OAUTH_INTROSPECTION_CLIENT_ID": "rs", "OAUTH_INTROSPECTION_KEY_FILE": "/nowhere/key.pem",
                "OAUTH_INTROSPECTION_CLIENT_SECRET_FILE": "/nowhere/secret",
            ],
            "OAUTH_INTROSPECTION_KEY_FILE is set together with OAUTH_INTROSPECTION_CLIENT_SECRET_FILE; keep one of them",
            "OAUTH_INTROSPECTION_CLIENT_SECRET_FILE names a file that does not exist; check the path, which is relative to "
                + "the working directory"),
        Mistake(
            [
                "OAUTH_INTROSPECTION_CLIENT_ID": "rs", "OAUTH_INTROSPECTION_CLIENT_SECRET": "s3cret",
                "OAUTH_INTROSPECTION_KEY_ID": "k",
            ],
            "OAUTH_INTROSPECTION_KEY_ID is set without OAUTH_INTROSPECTION_KEY_FILE; set both, or remove it"),
        Mistake(
            ["OAUTH_INTROSPECTION_KEY_FILE": "/nowhere/key.pem"],
            "OAUTH_INTROSPECTION_CLIENT_ID is not set; give it the client identifier of this server at the authorization server",
            "OAUTH_INTROSPECTION_KEY_FILE names a file that does not exist; check the path, which is relative to the working "
                + "directory"
        ),
        Mistake(
            ["OAUTH_STATIC_TOKENS_FILE": "/nowhere/tokens"],
            "OAUTH_STATIC_TOKENS_FILE is used only with OAUTH_MODE=static; set OAUTH_MODE=static, or remove this variable"
        ),
        Mistake(
            ["OAUTH_MODE": "static", "OAUTH_ISSUERS": "-", "OAUTH_STATIC_TOKENS_FILE": "/nowhere/tokens"],
            "OAUTH_STATIC_TOKENS_FILE names a file that does not exist; check the path, which is relative to the working "
                + "directory"),
        Mistake(
            ["OAUTH_MODE": "static", "OAUTH_AUDIENCES": "a"],
            "OAUTH_STATIC_TOKENS_FILE is not set; make a token with mcp-auth static-token new, and name the file",
            "OAUTH_ISSUERS applies to issuers, and OAUTH_MODE=static uses none; remove it",
            "OAUTH_AUDIENCES applies to issuers, and OAUTH_MODE=static uses none; remove it"),
        // What the mode does not use is checked too.
        Mistake(
            [
                "OAUTH_MODE": "disabled", "OAUTH_RESOURCE": "http://127.0.0.1:8080/", "OAUTH_ISSUERS": "-",
                "OAUTH_CLOCK_SKEW": "9999",
            ],
            "OAUTH_CLOCK_SKEW is outside 0…300 seconds; choose a number in this range"),
        Mistake(
            ["OAUTH_ISSUERS": "-", "OAUTH_CLOCK_SKEW": "99999999999999999999999"],
            "OAUTH_CLOCK_SKEW is outside 0…300 seconds; choose a number in this range",
            "OAUTH_ISSUERS is not set; name the authorization server that clients log in to, as in the iss of its tokens"
        ),
        Mistake(
            [
                "OAUTH_MODE": "static", "OAUTH_ISSUERS": "-", "OAUTH_STATIC_TOKENS_FILE": "/nowhere/tokens",
                "OAUTH_INTROSPECTION_URL": "https://as.example.com/i", "OAUTH_INTROSPECTION_CLIENT_ID": "rs",
                "OAUTH_INTROSPECTION_CLIENT_SECRET": "secret",
            ],
            "OAUTH_INTROSPECTION_URL applies to issuers, and OAUTH_MODE=static uses none; remove it",
            "OAUTH_INTROSPECTION_CLIENT_ID applies to issuers, and OAUTH_MODE=static uses none; remove it",
            "OAUTH_INTROSPECTION_CLIENT_SECRET applies to issuers, and OAUTH_MODE=static uses none; remove it",
            "OAUTH_STATIC_TOKENS_FILE names a file that does not exist; check the path, which is relative to the working "
                + "directory"),
        Mistake(
            ["OAUTH_MODE": "off"],
            "OAUTH_MODE is not one of enforced, shadow, static, disabled; choose one of them"),
        Mistake(
            ["OAUTH_MODE": "disabled"],
            "OAUTH_MODE is disabled while OAUTH_RESOURCE is not on a loopback host: every client could do everything; use "
                + "http://127.0.0.1:<port> there, or another mode"),
        Mistake(
            ["OAUTH_SCOPE_CLAIMS": "permissions / roles=role: a="],
            "OAUTH_SCOPE_CLAIMS entry 2 is neither the name of a claim nor a JSON Pointer; write it like permissions, "
                + "/realm_access/roles, or groups=group:",
            "OAUTH_SCOPE_CLAIMS entry 4 is neither the name of a claim nor a JSON Pointer; write it like permissions, "
                + "/realm_access/roles, or groups=group:"),
        Mistake(
            [
                "OAUTH_SCOPE_CLAIMS": "permissions, roles=\"",
                "OAUTH_ISSUERS": "https://a.example.com https://b.example.com",
            ],
            "OAUTH_SCOPE_CLAIMS entry 2 holds a text that is not a scope; use printable ASCII without space, quote and "
                + "backslash"),
        Mistake(
            ["OAUTH_DPOP_NONCES": "on", "OAUTH_REPLAY_STORE": "memory"],
            "OAUTH_DPOP_NONCES is set without OAUTH_DPOP; set that to optional or required, or remove this",
            "OAUTH_REPLAY_STORE is set without OAUTH_DPOP; set that to optional or required, or remove this"),
        Mistake(
            ["OAUTH_DPOP": "optional", "OAUTH_DPOP_NONCES": "1"],
            "OAUTH_DPOP_NONCES is not one of on, off; choose one of them"),
        Mistake(
            ["OAUTH_DPOP": "required", "OAUTH_DPOP_NONCE_KEY_FILE": "/nonexistent/keys"],
            "OAUTH_DPOP_NONCE_KEY_FILE names a file that does not exist; check the path, which is relative to the working "
                + "directory"),
        Mistake(
            ["OAUTH_DPOP": "required", "OAUTH_REPLAY_STORE": "redis"],
            "OAUTH_REPLAY_STORE is neither memory nor the URL of a store; write it like valkey://127.0.0.1:6379"),
        Mistake(
            ["OAUTH_DPOP": "required", "OAUTH_REPLAY_STORE": "valkey://user:hunter2@127.0.0.1"],
            "OAUTH_REPLAY_STORE is a URL, but this program has no store that understands one; use memory, or set "
                + "dpop.openReplayStore in the program, for example to ValkeyReplayStore"),
        Mistake(
            ["OAUTH_DPOP": "on"], "OAUTH_DPOP is not one of off, optional, required; choose one of them"),
        Mistake(
            ["OAUTH_ALLOWED_ORIGINS": "null, https://app.example.com/"],
            "OAUTH_ALLOWED_ORIGINS entry 1 is null, the origin of every sandboxed page; remove it",
            "OAUTH_ALLOWED_ORIGINS entry 2 has a path, query or fragment; remove all that follows the host and port, also a / at the end"
        ),
        Mistake(
            ["OAUTH_FORWARD_METADATA": "on"],
            "OAUTH_FORWARD_METADATA is not one of 1, true, yes, 0, false, no; choose one of them"),
        Mistake(
            ["OAUTH_FORWARD_METADATA": "TRUE"],
            "OAUTH_FORWARD_METADATA is not one of 1, true, yes, 0, false, no; choose one of them"),
        Mistake(
            ["OAUTH_METADATA_URL": "http://mcp.example.com/api/meta"],
            "OAUTH_METADATA_URL uses http on a host that is not loopback; use https"),
        Mistake(
            ["OAUTH_ALLOWED_HOSTS": "mcp:8080, *.cluster.local"],
            "OAUTH_ALLOWED_HOSTS entry 1 is not a host; write its name or address alone, without scheme, port and path",
            "OAUTH_ALLOWED_HOSTS entry 2 is not a host; write its name or address alone, without scheme, port and path"
        ),
        Mistake(
            ["OAUTH_ALLOW_INSECURE_HTTP": "true"],
            "OAUTH_ALLOW_INSECURE_HTTP is not one of never, loopback, private-hosts; choose one of them"),
        Mistake(
            ["OAUTH_ALLOW_PRIVATE_HOSTS": "login.internal:8443 https://x.internal"],
            "OAUTH_ALLOW_PRIVATE_HOSTS entry 1 is not a host; write its name or address alone, without scheme, port and path",
            "OAUTH_ALLOW_PRIVATE_HOSTS entry 2 is not a host; write its name or address alone, without scheme, port and path"
        ),
    ]

    @Test("A mistake is told by the name in the environment, with what is wrong and what to do", arguments: mistakes)
    func told(_ mistake: Mistake) {
        #expect(Self.lines(mistake.environment) == mistake.lines)
    }

    @Test(
        "OAUTH_FORWARD_METADATA forwards the metadata of a server that clients use, not of an issuer that is only a name"
    )
    func forwardedMetadataOfServer() throws {
        let configuration = try configuration([
            "OAUTH_FORWARD_METADATA": "1", "OAUTH_ISSUERS": "kubernetes/serviceaccount",
            "OAUTH_JWKS_URL": "https://cluster.example.com/keys",
            "OAUTH_AUTHORIZATION_SERVERS": "https://a.example.com https://b.example.com",
        ])
        #expect(configuration.metadata.forwarded?.issuer == "https://a.example.com")
    }

    @Test(
        "OAUTH_FORWARD_METADATA forwards the metadata of the first issuer",
        arguments: [("1", true), ("true", true), ("yes", true), ("0", false), ("false", false), ("no", false)])
    func forwardedMetadata(text: String, isForwarded: Bool) throws {
        let configuration = try configuration([
            "OAUTH_FORWARD_METADATA": text, "OAUTH_ISSUERS": "https://a.example.com https://b.example.com",
        ])
        #expect(configuration.metadata.forwarded?.issuer == (isForwarded ? "https://a.example.com" : nil))
    }

    @Test("With static tokens, everything that is about the tokens of an issuer is a mistake, and nothing else")
    func staticMode() throws {
        let token = try #require(StaticToken(name: "ci", scopes: ScopeSet()))
        let file = try ScratchFile(token.line)
        let environment = [
            "OAUTH_MODE": "static", "OAUTH_RESOURCE": Self.resource, "OAUTH_STATIC_TOKENS_FILE": file.path,
        ]
        let apart: Set<EnvironmentVariable> = [
            .mode, .resource, .staticTokensFile, .requiredScopes, .allowedOrigins, .allowedHosts, .proofOfPossession,
            .sessionKeyFile, .proofNonces, .proofNonceKeyFile, .replayStore,
        ]
        let neutral = [
            "OAUTH_REQUIRED_SCOPES": "a", "OAUTH_ALLOWED_ORIGINS": "https://a.example.com", "OAUTH_DPOP": "off",
            "OAUTH_ALLOWED_HOSTS": "mcp",
        ]
        #expect(Self.lines(environment.merging(neutral) { $1 }) == [])
        for variable in EnvironmentVariable.allCases where !apart.contains(variable) {
            let lines = Self.lines(environment.merging([variable.rawValue: "loopback"]) { $1 })
            #expect(
                lines.contains(
                    "\(variable.rawValue) applies to issuers, and OAUTH_MODE=static uses none; remove it"
                ),
                "\(variable.rawValue)")
        }
    }

    @Test("POLICY §12: every mistake is told at once, and none shows a value")
    func allAtOnce() throws {
        let tokens = try ScratchFile("ci:mcpstatic_secret\nbroken\n")
        var environment: [String: String] = [:]
        for variable in EnvironmentVariable.allCases { environment[variable.rawValue] = "hunter2|" }
        environment["OAUTH_STATIC_TOKENS_FILE"] = tokens.path
        environment["OAUTH_UNKNOWN"] = "hunter2|"
        let lines = Self.lines(environment)
        // All variables except the issuer with a key set, the audiences, the scopes, their claims and the client id,
        // for which the value is good.
        let named = Set(
            lines.compactMap { $0.utf8.split(separator: 0x20).first.map { String(decoding: $0, as: UTF8.self) } })
        let fine: Set = [
            "OAUTH_AUDIENCES", "OAUTH_REQUIRED_SCOPES", "OAUTH_SCOPES_SUPPORTED", "OAUTH_INTROSPECTION_CLIENT_ID",
            "OAUTH_INTROSPECTION_CLIENT_SECRET", "OAUTH_INTROSPECTION_KEY_ID", "OAUTH_ISSUERS", "OAUTH_SCOPE_CLAIMS",
            // The module that fetches looks at the file.
            "OAUTH_CA_FILE",
            // Every token of RFC 9110 names a field.
            "OAUTH_CLIENT_CERTIFICATE_FIELD",
        ]
        #expect(named == Set(environment.keys).subtracting(fine))
        #expect(lines.count(where: { $0.utf8.starts(with: "OAUTH_STATIC_TOKENS_FILE line ".utf8) }) == 2)
        for line in lines {
            #expect(!line.contains("hunter2") && !line.contains("mcpstatic_secret"))
        }
    }

    @Test("What is in the environment is never shown by the configuration either")
    func redaction() throws {
        let configuration = try configuration([
            "OAUTH_INTROSPECTION_URL": "https://login.example.com/introspect", "OAUTH_INTROSPECTION_CLIENT_ID": "rs",
            "OAUTH_INTROSPECTION_CLIENT_SECRET": "hunter2",
        ])
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(!"\(configuration)".contains("hunter2"))
    }

    private static func lines(_ environment: [String: String]) -> [String] {
        do throws(ConfigurationError) {
            _ = try ResourceServer(
                ResourceServerConfiguration(environment: environment), fetcher: ScriptedFetcher(), observer: { _ in })
            return []
        } catch {
            return error.lines
        }
    }
}
