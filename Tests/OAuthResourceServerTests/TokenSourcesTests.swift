import HTTPMessages
import JOSE
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("ResourceServerConfiguration: whose tokens are good", .serialized)
struct TokenSourcesTests {
    private static let resource = "https://mcp.example.com/mcp"

    private func lines(
        _ issuers: [IssuerConfiguration] = [IssuerConfiguration("https://login.example.com")],
        _ edit: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) -> [String] {
        var configuration = ResourceServerConfiguration(resource: Self.resource, issuers: issuers)
        edit(&configuration)
        do throws(ConfigurationError) {
            _ = try ResourceServer(configuration, fetcher: ScriptedFetcher())
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }

    @Test("Every fault of every issuer is told at once, where it is in the program, with what to do")
    func issuers() {
        var odd = IssuerConfiguration("https://odd.example.com", audiences: [""], keys: .url("ftp://odd.example.com"))
        odd.policy.algorithms = []
        odd.policy.clockSkew = 301
        odd.policy.maximumAge = 0
        odd.policy.maximumLifetime = 0
        odd.policy.requiredClaims = [.init("")]
        odd.policy.audienceClaim = ""
        odd.scopes.spelling = .withoutPrefix("a b")
        var cognito = IssuerConfiguration("https://cognito.example.com")
        cognito.policy.audienceClaim = "client_id"
        let found = lines([
            odd, IssuerConfiguration(""), IssuerConfiguration("http://127.0.0.1:9000"),
            IssuerConfiguration("https://odd.example.com"), cognito,
            IssuerConfiguration("tenant 1:", keys: .url("http://127.0.0.1:9000/jwks")),
        ])
        #expect(
            found == [
                "tokens.issuers[0].keys is not an absolute URL (unsupported_scheme); write it like https://login.example.com/jwks",
                "tokens.issuers[0].policy.audiences is empty or holds an empty text; list the aud values that mean this resource",
                "tokens.issuers[0].policy.audienceClaim is empty; leave it at aud, or name the claim that holds the audience",
                "tokens.issuers[0].policy.algorithms is empty; allow at least one, such as RS256",
                "tokens.issuers[0].policy.clockSkew is outside 0…300 seconds; choose a number in this range",
                "tokens.issuers[0].policy.maximumAge is outside 1…31,536,000 seconds; choose a number in this range",
                "tokens.issuers[0].policy.maximumLifetime is outside 1…31,536,000 seconds; choose a number in this range",
                "tokens.issuers[0].policy.requiredClaims has an entry without a name or without a value to match; give each entry a name and at least one value",
                "tokens.issuers[0].scopes.spelling holds a text that is not a scope; use printable ASCII without space, quote and "
                    + "backslash",
                "tokens.issuers[1] is not an absolute URL (empty); write it like https://login.example.com",
                "tokens.issuers[2] uses http; use https, or for a loopback host set tokens.fetching.insecureHTTP to "
                    + ".loopback",
                "tokens.issuers[3] is in the list twice; configure each issuer once",
                "tokens.issuers[4].policy.audiences is empty, but policy.audienceClaim is not aud, so the resource identifier cannot match; "
                    + "list its acceptable values",
                "tokens.issuers[5] has a colon, but is not a URI, which RFC 7519 requires of such an issuer; "
                    + "write the issuer as in the iss of its tokens",
                "tokens.issuers[5].keys uses http; use https, or for a loopback host set tokens.fetching.insecureHTTP to "
                    + ".loopback",
            ])
    }

    @Test("Thirteen faults of one configuration are thirteen lines, in the names of the code")
    func thirteen() {
        var first = IssuerConfiguration("https://a.example.com")
        first.policy.clockSkew = -1
        first.policy.algorithms = []
        first.keySettings.hardLifetime = .seconds(1)
        var configuration = ResourceServerConfiguration(
            resource: "mcp.example.com", issuers: [first, "http://b.example.com"], requiredScopes: ["a b"])
        configuration.tokens.fetching.privateHosts = ["https://c.internal"]
        configuration.tokens.caching = .upTo(entries: -1)
        configuration.browsers.allowedOrigins = ["null"]
        configuration.streams.responseGrace = .seconds(-1)
        configuration.metadata.scopesSupported = ["c d"]
        configuration.metadata.handlerPaths = ["/mcp"]
        configuration.metadata.forwarded = .discovered(issuer: "https://other.example.com")
        do throws(ConfigurationError) {
            _ = try ResourceServer(configuration, fetcher: ScriptedFetcher())
            Issue.record("accepted")
        } catch {
            #expect(
                error.lines == [
                    "resource is not an absolute URL (unsupported_scheme); write it like https://mcp.example.com/mcp",
                    "tokens.fetching.privateHosts[0] is not a host; write its name or address alone, without scheme, port and path",
                    "tokens.issuers[0].keySettings.hardLifetime is outside 300 s…24 h; choose a time in this range",
                    "tokens.issuers[0].policy.algorithms is empty; allow at least one, such as RS256",
                    "tokens.issuers[0].policy.clockSkew is outside 0…300 seconds; choose a number in this range",
                    "tokens.issuers[1] uses http; use https, or for a loopback host set tokens.fetching.insecureHTTP to .loopback, "
                        + "or set tokens.issuers[1].keys to the URL of its keys",
                    "tokens.caching is outside 1…1,000,000 entries; choose a number in this range, or .off to keep none",
                    "requirements.scopes holds a text that is not a scope; use printable ASCII without space, quote and backslash",
                    "metadata.scopesSupported holds a text that is not a scope; use printable ASCII without space, quote and backslash",
                    "metadata.handlerPaths[0] does not begin with /.well-known/; correct it, or remove it",
                    "metadata.forwarded names an issuer that is not an authorization server of this resource; name one of metadata.authorizationServers",
                    "browsers.allowedOrigins[0] is null, the origin of every sandboxed page; remove it",
                    "streams.responseGrace is outside 0 s…7 days; choose a time in this range",
                ])
        }
    }

    @Test("An issuer with a fault is one line, also when its metadata is forwarded")
    func forwardedFaultyIssuer() {
        var issuer = IssuerConfiguration("https://a.example.com")
        issuer.policy.clockSkew = 301
        var configuration = ResourceServerConfiguration(resource: "https://mcp.example.com/mcp", issuers: [issuer])
        configuration.metadata.forwarded = .discovered(issuer: "https://a.example.com")
        do throws(ConfigurationError) {
            _ = try ResourceServer(configuration, fetcher: ScriptedFetcher())
            Issue.record("accepted")
        } catch {
            #expect(
                error.lines == [
                    "tokens.issuers[0].policy.clockSkew is outside 0…300 seconds; choose a number in this range"
                ])
        }
    }

    @Test("Nobody's tokens, and tokens that the mode has no use for, are faults")
    func modes() throws {
        #expect(
            lines([]) == [
                "tokens.issuers is empty, so no token can be accepted; name the issuer that clients log in to"
            ])
        let list = try StaticTokenList(parsing: Array("ci:\(String(repeating: "0", count: 64))".utf8))
        #expect(
            lines([]) { $0.mode = .staticTokens }
                == ["tokens.staticTokens is missing; give the list of pre-shared tokens"])
        #expect(
            lines {
                $0.mode = .staticTokens
                $0.tokens.staticTokens = list
                $0.metadata.authorizationServers = []
            } == ["tokens.issuers is set, but the mode accepts only pre-shared tokens; remove it"])
        #expect(
            lines([]) {
                $0.mode = .staticTokens
                $0.tokens.staticTokens = list
            } == [])
        #expect(lines { $0.tokens.staticTokens = list } == [])
        #expect(
            lines { $0.tokens.caching = .upTo(entries: 0) }
                == [
                    "tokens.caching is outside 1…1,000,000 entries; choose a number in this range, or .off to keep none"
                ])
        #expect(
            lines {
                $0.tokens.fetching.privateHosts = [
                    "login.internal", "fd00::1", "[fd00::1]", "a/b", "a:1", "", "user@a",
                ]
            }
                == [3, 4, 5, 6].map {
                    "tokens.fetching.privateHosts[\($0)] is not a host; write its name or address alone, without scheme, port and path"
                })
    }

    @Test("Introspection has the resource and the permission for http of the whole")
    func introspection() throws {
        let credentials = IntrospectionConfiguration.Credentials.basic(clientID: "rs", try ClientSecret("s3cret"))
        let onLoopback = IntrospectionConfiguration(
            endpoint: "http://127.0.0.1:9000/introspect", issuer: "https://login.example.com", resource: nil,
            credentials: credentials)
        #expect(
            lines { $0.tokens.introspection = onLoopback }
                == [
                    "tokens.introspection.endpoint uses http, which sends tokens and credentials unencrypted; use "
                        + "https, or for a loopback host set tokens.fetching.insecureHTTP to .loopback"
                ])
        #expect(
            lines {
                $0.tokens.introspection = onLoopback
                $0.tokens.fetching.insecureHTTP = .loopback
            } == [])
        // The fetcher gets the permission of the whole configuration. The endpoint's own permission would fail later.
        #expect(
            lines {
                $0.tokens.introspection = onLoopback
                $0.tokens.introspection?.insecureHTTP = .loopback
            }.count == 1)
    }

    @Test("Without issuers every token is asked about, JWTs too")
    func introspectionAlone() async throws {
        let issuer = FakeIssuer("https://login.example.com", audience: Self.resource, algorithms: [.es256])
        let fetcher = ScriptedFetcher()
        var fields = HTTPFields()
        fields.append(.contentType, "application/json")
        let active: JSONDocument.Object = ["active": true, "aud": .string(Self.resource)]
        fetcher.set(
            "https://login.example.com/introspect",
            .success(FetchedDocument(status: .ok, fields: fields, body: JSONValue.object(active).encoded())))
        var configuration = ResourceServerConfiguration(
            resource: Self.resource)
        configuration.tokens.introspection = IntrospectionConfiguration(
            endpoint: "https://login.example.com/introspect", issuer: issuer.url, resource: nil,
            credentials: .basic(clientID: "rs", try ClientSecret("s3cret")))
        let server = try ResourceServer(configuration, fetcher: fetcher)
        #expect(try await server.admits("opaque"))
        #expect(try await server.admits(issuer.token()))
        #expect(fetcher.requests == Array(repeating: "https://login.example.com/introspect", count: 2))
    }

    @Test("Static tokens beside introspection take nothing away from it: JWTs are still asked about")
    func introspectionBesideStaticTokens() async throws {
        let issuer = FakeIssuer("https://login.example.com", audience: Self.resource, algorithms: [.es256])
        let fetcher = ScriptedFetcher()
        let active: JSONDocument.Object = ["active": true, "aud": .string(Self.resource)]
        fetcher.set(
            "https://login.example.com/introspect", json: active)
        var configuration = ResourceServerConfiguration(
            resource: Self.resource)
        configuration.tokens.introspection = IntrospectionConfiguration(
            endpoint: "https://login.example.com/introspect", issuer: issuer.url, resource: nil,
            credentials: .basic(clientID: "rs", try ClientSecret("s3cret")))
        configuration.tokens.staticTokens = try StaticTokenList(
            parsing: Array("ci:\(String(repeating: "0", count: 64))".utf8))
        let server = try ResourceServer(configuration, fetcher: fetcher)
        #expect(try await server.admits("opaque"))
        #expect(try await server.admits(issuer.token()))
        #expect(fetcher.requests.count == 2)
    }

    @Test("What a verifier of the program's own never looks at is a fault beside it")
    func ownVerifier() {
        let configuration = ResourceServerConfiguration(
            resource: Self.resource, issuers: [IssuerConfiguration("https://login.example.com")])
        do throws(ConfigurationError) {
            _ = try ResourceServer(configuration, verifier: StubVerifier())
            Issue.record("accepted")
        } catch {
            #expect(
                error.description
                    == "tokens.issuers is set, but your own verifier does not use it; give a fetcher instead of "
                    + "the verifier, or remove this")
        }
    }

    @Test("Static tokens, JWTs and opaque tokens side by side, each judged by its own kind")
    func sideBySide() async throws {
        let issuer = FakeIssuer("https://login.example.com", audience: Self.resource, algorithms: [.es256])
        let fetcher = ScriptedFetcher()
        fetcher.set("https://login.example.com/keys", json: issuer.jwks)
        var configuration = ResourceServerConfiguration(
            resource: Self.resource,
            issuers: [IssuerConfiguration(issuer.url, keys: .url("https://login.example.com/keys"))])
        configuration.tokens.staticTokens = try StaticTokenList(
            // The SHA-256 of `abc`, FIPS 180-2 appendix B.1.
            parsing: Array("ci:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".utf8))
        let log = EventLog()
        let server = try ResourceServer(configuration, fetcher: fetcher, observer: { log.append($0) })
        #expect(try await server.admits("abc"))
        #expect(try await server.admits(issuer.token()))
        #expect(try await !server.admits("abd"))
        #expect(log.denials == ["token_of_unknown_kind"])
    }
}
