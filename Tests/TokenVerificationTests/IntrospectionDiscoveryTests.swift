import HTTPMessages
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import TokenVerification

/// POLICY §9: the introspection endpoint and its authentication method from the issuer's metadata.
@Suite("Introspection with the issuer's metadata", .serialized, .timeLimit(.minutes(5)))
struct IntrospectionDiscoveryTests {
    private static let issuer = IntrospectionFixture.issuer
    private static let oauth = "\(issuer)/.well-known/oauth-authorization-server"
    private static let openID = "\(issuer)/.well-known/openid-configuration"
    private static let endpoint = "\(issuer)/introspect"
    private static let keySet = "\(issuer)/jwks"

    private let fetcher = ScriptedFetcher()
    private let clock = FakeClock()
    private let log = EventLog()

    init() {
        answer(at: Self.endpoint)
    }

    private func answer(at url: String) {
        fetcher.set(url, json: IntrospectionFixture.good)
    }

    private func describe(
        _ members: JSONDocument.Object = ["introspection_endpoint": .string(endpoint)], at location: String = oauth
    ) {
        var document: JSONDocument.Object = ["issuer": .string(Self.issuer)]
        for (name, value) in members.members { document[name] = value }
        fetcher.set(location, json: document)
    }

    private func verifier(
        configure: (inout IntrospectionConfiguration) -> Void = { _ in }
    ) throws -> IntrospectionTokenVerifier {
        var configuration = IntrospectionConfiguration(
            issuer: Self.issuer, resource: IntrospectionFixture.resource,
            credentials: .discovered(clientID: "rs", try ClientSecret("secret")))
        configure(&configuration)
        return try IntrospectionTokenVerifier(
            configuration, fetcher: fetcher, clock: WallClock { IntrospectionFixture.now },
            monotonicClock: clock.monotonicClock,
            observer: { [log] in log.append($0) })
    }

    private func code(_ verifier: some TokenVerifier, _ token: String = "opaque") async -> String? {
        do throws(TokenRejection) {
            _ = try await verifier.verify(PresentedToken(token))
            return nil
        } catch {
            return error.code
        }
    }

    private func secret(_ text: String) -> ClientSecret {
        do {
            return try ClientSecret(text)
        } catch {
            preconditionFailure("not a secret")
        }
    }

    private var events: [String] { log.all.map(\.description) }

    // MARK: The endpoint

    @Test("The endpoint is found once, also for many tokens at the same time")
    func found() async throws {
        describe()
        fetcher.hold()
        let verifier = try verifier()
        await withTaskGroup(of: String?.self) { group in
            for index in 0..<20 { group.addTask { await code(verifier, "token\(index)") } }
            while fetcher.requests.isEmpty { await Task.yield() }
            fetcher.release()
            for await code in group { #expect(code == nil) }
        }
        #expect(fetcher.requests.count { $0 == Self.oauth } == 1)
        #expect(fetcher.requests.count { $0 == Self.endpoint } == 20)
        #expect(fetcher.requests.count == 21)
        #expect(events == [])
    }

    @Test(
        "An endpoint that may not be asked counts as absent; the next location is asked, and without one it is 503",
        arguments: [
            .null, "", "/introspect", "http://issuer.example/introspect", "https://127.0.0.1/introspect",
            "https://localhost/introspect", "https://[::1]/introspect", "https://issuer.example/introspect#x",
            "https://rs:secret@issuer.example/introspect", ["https://issuer.example/introspect"], 1, true, [:],
            "ftp://issuer.example/introspect", " https://issuer.example/introspect",
        ] as [JSONValue])
    func unusable(endpoint: JSONValue) async throws {
        describe(["introspection_endpoint": endpoint])
        let first = try verifier()
        #expect(await code(first) == "introspection_unavailable")
        #expect(fetcher.requests == [Self.oauth, Self.openID])
        #expect(
            events.contains(
                "discovery_failed reason=introspection_endpoint_not_acceptable url=\(Self.oauth) url_2=\(Self.openID) "
                    + "reason_2=status_404 issuer=\(Self.issuer)"))
        #expect(events.last == "introspection_failed reason=metadata_unavailable")
        describe(at: Self.openID)
        #expect(await code(try verifier()) == nil)
        #expect(fetcher.requests.suffix(3) == [Self.oauth, Self.openID, Self.endpoint])
    }

    @Test("No metadata: every token is unavailable, nothing is asked in the pause, and it heals")
    func failure() async throws {
        let verifier = try verifier()
        for index in 0..<50 {
            #expect(await code(verifier, "token\(index)") == "introspection_unavailable")
        }
        #expect(fetcher.requests == [Self.oauth, Self.openID])
        describe()
        clock.advance(by: .seconds(1))
        #expect(await code(verifier, "token0") == nil)
        #expect(fetcher.requests.suffix(2) == [Self.oauth, Self.endpoint])
    }

    @Test("The metadata of another issuer names no endpoint")
    func otherIssuer() async throws {
        for location in [Self.oauth, Self.openID] {
            fetcher.set(
                location,
                json: ["issuer": "https://stranger.example", "introspection_endpoint": .string(Self.endpoint)])
        }
        #expect(await code(try verifier()) == "introspection_unavailable")
        #expect(!fetcher.requests.contains(Self.endpoint))
    }

    @Test("After a day the metadata is read again, and a new endpoint is used")
    func moved() async throws {
        describe()
        let verifier = try verifier { $0.caching = .off }
        #expect(await code(verifier) == nil)
        describe(["introspection_endpoint": "https://issuer.example/new"])
        answer(at: "https://issuer.example/new")
        clock.advance(by: .seconds(86_401))
        // The present document serves this request, while the new one is fetched behind it.
        #expect(await code(verifier) == nil)
        while fetcher.requests.count(where: { $0 == Self.oauth }) < 2
            || verifier.discovery?.presentMetadata()?.metadata.introspectionEndpoint?.path != "/new"
        { await Task.yield() }
        #expect(await code(verifier) == nil)
        #expect(fetcher.requests.last == "https://issuer.example/new")
    }

    // MARK: The method

    @Test(
        "client_secret_basic, then client_secret_post; RFC 8414 §2 has no default, and RFC 6749 §2.3.1 has Basic",
        arguments: [
            (nil, nil, "basic"), (["client_secret_basic"], nil, "basic"), (["client_secret_post"], nil, "post"),
            (["client_secret_post", "client_secret_basic"], nil, "basic"),
            (["private_key_jwt", "client_secret_post"], ["client_secret_basic"], "post"),
            (["private_key_jwt"], ["client_secret_basic"], nil), (["none"], nil, nil), (["Bearer"], nil, nil),
            (["CLIENT_SECRET_BASIC"], nil, nil), (["client_secret_basic "], nil, nil),
            (["client_secret_jwt", "tls_client_auth"], nil, nil), ([], nil, "basic"), (.null, nil, "basic"),
            ("client_secret_post", nil, "basic"), ([1], nil, "basic"),
            (nil, ["client_secret_post"], "post"), (nil, ["client_secret_post", "client_secret_basic"], "basic"),
            (nil, ["private_key_jwt"], "basic"), (nil, ["none"], "basic"), (nil, .null, "basic"),
        ] as [(JSONValue?, JSONValue?, String?)])
    func method(methods: JSONValue?, tokenMethods: JSONValue?, expected: String?) async throws {
        var members: JSONDocument.Object = ["introspection_endpoint": .string(Self.endpoint)]
        members["introspection_endpoint_auth_methods_supported"] = methods
        members["token_endpoint_auth_methods_supported"] = tokenMethods
        describe(members)
        let code = await code(try verifier())
        guard let expected else {
            #expect(code == "introspection_unavailable")
            #expect(fetcher.requests == [Self.oauth])
            #expect(events.last == "introspection_failed reason=no_usable_auth_method")
            return
        }
        #expect(code == nil)
        let request = try #require(fetcher.lastRequest)
        guard case .postForm(let bytes) = request.method else {
            Issue.record("not a form")
            return
        }
        let form = String(decoding: bytes, as: UTF8.self)
        #expect(request.fields[.authorization]?.string == (expected == "basic" ? "Basic cnM6c2VjcmV0" : nil))
        #expect(form.hasSuffix("&client_id=rs&client_secret=secret") == (expected == "post"))
    }

    @Test("What is configured is used without the metadata's word: the endpoint, or the method")
    func explicit() async throws {
        describe([
            "introspection_endpoint": .string(Self.endpoint),
            "introspection_endpoint_auth_methods_supported": ["client_secret_post"],
        ])
        #expect(await code(try verifier { $0.credentials = .basic(clientID: "rs", secret("secret")) }) == nil)
        #expect(fetcher.lastRequest?.fields[.authorization]?.string == "Basic cnM6c2VjcmV0")
        #expect(await code(try verifier { $0.credentials = .bearer(secret("own")) }) == nil)
        #expect(fetcher.lastRequest?.fields[.authorization]?.string == "Bearer own")
        // With the URL alone, the metadata still names the method, and needs no endpoint.
        describe(["introspection_endpoint_auth_methods_supported": ["client_secret_post"]])
        answer(at: "https://other.example/introspect")
        #expect(await code(try verifier { $0.endpoint = "https://other.example/introspect" }) == nil)
        #expect(fetcher.lastRequest?.url.text == "https://other.example/introspect")
        #expect(fetcher.lastRequest?.fields[.authorization] == nil)
        // With both, no metadata is read.
        let count = fetcher.requests.count
        let verifier = try verifier {
            $0.endpoint = "https://other.example/introspect"
            $0.credentials = .basic(clientID: "rs", secret("secret"))
        }
        #expect(await code(verifier) == nil)
        #expect(fetcher.requests.count == count + 1)
        #expect(verifier.discovery == nil)
    }

    // MARK: Shared with keys

    private func keys(_ observer: TokenVerificationEvent.Observer? = nil) throws -> RemoteKeySet {
        let issuer = try IssuerIdentifier(Self.issuer)
        return RemoteKeySet(
            of: TokenIssuer(issuer), at: .metadata(of: issuer), sharedFor: .introspection, checked: .init(),
            fetcher: fetcher, timing: RefreshTiming(clock: clock.monotonicClock, jitter: Jitter { 1 }),
            observer: observer)
    }

    private func verifier(sharing keys: RemoteKeySet) throws -> IntrospectionTokenVerifier {
        var faults: ConfigurationFaults = []
        let configuration = IntrospectionConfiguration(
            issuer: Self.issuer, resource: IntrospectionFixture.resource,
            credentials: .discovered(clientID: "rs", try ClientSecret("secret")))
        let checked = configuration.check(at: "", insecureHTTP: .init(FetchPermissions(), setting: ""), &faults)
        return IntrospectionTokenVerifier(
            checked: try #require(checked), sharing: keys.discovery, fetcher: fetcher,
            clock: WallClock { IntrospectionFixture.now }, monotonicClock: clock.monotonicClock, observer: nil)
    }

    @Test(
        "Keys and introspection share one reading, also when each finds its member at another location",
        arguments: [
            (["introspection_endpoint", "jwks_uri"], [], [oauth]),
            (["introspection_endpoint"], ["jwks_uri"], [oauth, openID]),
            (["jwks_uri"], ["introspection_endpoint"], [oauth, openID]),
            (["jwks_uri"], ["jwks_uri", "introspection_endpoint"], [oauth, openID]),
            ([], ["jwks_uri", "introspection_endpoint"], [oauth, openID]),
        ])
    func shared(first: [String], second: [String], asked: [String]) async throws {
        let all = ["introspection_endpoint": Self.endpoint, "jwks_uri": Self.keySet]
        for (location, names) in [(Self.oauth, first), (Self.openID, second)] where !names.isEmpty {
            describe(
                names.reduce(into: JSONDocument.Object()) { $0[$1] = all[$1].map { .string($0) } }, at: location)
        }
        fetcher.set(Self.keySet, json: IssuerFixture.issuer.jwks)
        let keys = try keys()
        let verifier = try verifier(sharing: keys)
        #expect(await code(verifier) == nil)
        try await keys.prepare()
        #expect(fetcher.requests == asked + [Self.endpoint, Self.keySet])
    }

    @Test("An issuer without keys in its metadata is still introspected, and its JWTs are unavailable")
    func withoutKeys() async throws {
        describe()
        let keys = try keys { [log] in log.append($0) }
        let verifier = try verifier(sharing: keys)
        #expect(await code(verifier) == nil)
        await #expect(throws: KeySourceError.self) { try await keys.prepare() }
        #expect(events.last == "key_refresh_failed reason=jwks_uri_not_acceptable issuer=\(Self.issuer)")
        #expect(
            events.first
                == "discovery_failed reason=jwks_uri_not_acceptable url=\(Self.oauth) url_2=\(Self.openID) "
                + "reason_2=status_404 issuer=\(Self.issuer)")
        #expect(await code(verifier, "other") == nil)
        // As soon as the metadata has keys, they are used.
        describe(["introspection_endpoint": .string(Self.endpoint), "jwks_uri": .string(Self.keySet)])
        fetcher.set(Self.keySet, json: IssuerFixture.issuer.jwks)
        clock.advance(by: .seconds(2))
        try await keys.prepare()
        #expect(keys.presentKeys() != nil)
    }

    // MARK: Configuration

    @Test(
        "The issuer whose metadata is read is an https URL",
        arguments: [
            (
                "kubernetes/serviceaccount",
                "issuer is not an absolute URL (unsupported_scheme); write it like https://login.example.com, or set "
                    + "endpoint to the URL of the endpoint"
            ),
            ("", "issuer is not an absolute URL (empty); write it like https://login.example.com"),
            (
                "http://127.0.0.1:9000",
                "issuer uses http; use https, or for a loopback host set insecureHTTP to .loopback, or set endpoint to "
                    + "the URL of the endpoint"
            ),
        ])
    func issuerFault(issuer: String, line: String) {
        #expect {
            _ = try verifier { $0.issuer = issuer }
        } throws: {
            ($0 as? ConfigurationError)?.lines == [line]
        }
    }

    @Test("A client identifier that cannot be sent is a fault for a discovered method too")
    func clientID() {
        #expect {
            _ = try verifier { $0.credentials = .discovered(clientID: "ü", secret("x")) }
        } throws: {
            ($0 as? ConfigurationError)?.settings == ["credentials.clientID"]
        }
    }
}
