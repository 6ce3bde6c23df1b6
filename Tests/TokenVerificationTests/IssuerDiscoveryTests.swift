import HTTPMessages
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import TokenVerification

@Suite("IssuerDiscovery", .serialized, .timeLimit(.minutes(5)))
struct IssuerDiscoveryTests {
    private static let oauth = "https://issuer.example/.well-known/oauth-authorization-server"
    private static let openID = "https://issuer.example/.well-known/openid-configuration"
    private static let url = "https://issuer.example/jwks"
    private static let document: JSONDocument.Object = ["issuer": "https://issuer.example", "jwks_uri": .string(url)]
    private let fetcher = ScriptedFetcher()
    private let clock = FakeClock()
    private let log = EventLog()

    private func discovery() throws -> IssuerDiscovery {
        let log = log
        return IssuerDiscovery(
            of: try IssuerIdentifier("https://issuer.example"), fetcher: fetcher,
            timing: RefreshTiming(clock: clock.monotonicClock, jitter: Jitter { 1 }), observer: { log.append($0) })
    }

    private func keys() throws -> RemoteKeySet {
        let log = log
        return RemoteKeySet(
            of: try IssuerIdentifier("https://issuer.example"), at: .discovered, checked: RemoteKeySet.Settings(),
            fetcher: fetcher, timing: RefreshTiming(clock: clock.monotonicClock, jitter: Jitter { 1 }),
            observer: { log.append($0) })
    }

    private var events: [String] { log.all.map(\.description) }

    @Test("The document is kept as it came and parsed, and fetched once for all who ask")
    func kept() async throws {
        fetcher.set(Self.oauth, json: Self.document)
        fetcher.hold()
        let discovery = try discovery()
        #expect(discovery.presentMetadata() == nil)
        await withTaskGroup(of: [UInt8]?.self) { group in
            for _ in 0..<20 { group.addTask { try? await discovery.metadata().body } }
            while fetcher.requests.isEmpty { await Task.yield() }
            fetcher.release()
            for await body in group { #expect(body == JSONValue.object(Self.document).encoded()) }
        }
        #expect(discovery.presentMetadata()?.metadata.jwksURI?.text == Self.url)
        #expect(fetcher.requests == [Self.oauth])
        #expect(fetcher.lastRequest?.maximumBodyBytes == 262_144)
    }

    @Test("A document past 256 KiB is refused, whatever the fetcher lets through", arguments: [0, 1])
    func limit(extra: Int) async throws {
        let document = JSONValue.object(Self.document).encoded()
        let padding = [UInt8](repeating: 0x20, count: 262_144 - document.count + extra)
        fetcher.set(Self.oauth, .success(FetchedDocument(status: .ok, body: document + padding)))
        let discovery = try discovery()
        do throws(IssuerDiscovery.Unavailable) {
            _ = try await discovery.metadata()
            #expect(extra == 0)
        } catch {
            #expect(extra == 1)
            #expect(error.retryAfter == 1)
            #expect(error.locations.map(\.failure) == [.fetch(.tooLarge(limit: 262_144)), .status(404)])
        }
    }

    @Test("After a failure nothing is fetched for a while, however many ask; Retry-After is what is left")
    func backOff() async throws {
        fetcher.set(Self.oauth, .failure(.timedOut))
        let discovery = try discovery()
        for (round, wait) in [1, 2, 4, 8].enumerated() {
            for _ in 0..<50 {
                let error = await #expect(throws: IssuerDiscovery.Unavailable.self) {
                    try await discovery.metadata()
                }
                #expect(error?.retryAfter == wait)
                #expect(error?.locations.map(\.failure) == [.fetch(.timedOut), .status(404)])
            }
            #expect(fetcher.requests == Array(repeating: [Self.oauth, Self.openID], count: round + 1).flatMap(\.self))
            clock.advance(by: .seconds(wait))
        }
        #expect(events.count == 4)
        #expect(
            Set(events) == [
                "discovery_failed reason=fetch_timed_out url=\(Self.oauth) url_2=\(Self.openID) reason_2=status_404"
                    + " issuer=https://issuer.example"
            ])
    }

    @Test("POLICY §5: read anew behind the present document after 24 hours; stale for ever, with an event")
    func stale() async throws {
        fetcher.set(Self.oauth, json: Self.document)
        let discovery = try discovery()
        _ = try await discovery.metadata()
        clock.advance(by: .seconds(86_400))
        #expect(discovery.presentMetadata() != nil)
        await Task.yield()
        #expect(fetcher.requests.count == 1)
        fetcher.set(Self.oauth, .failure(.timedOut))
        clock.advance(by: .seconds(1_000_000))
        #expect(try await discovery.metadata().metadata.jwksURI?.text == Self.url)
        while events.isEmpty { await Task.yield() }
        #expect(
            events == [
                "discovery_stale reason=fetch_timed_out age=1086400 url=\(Self.oauth) url_2=\(Self.openID)"
                    + " reason_2=status_404 issuer=https://issuer.example"
            ])
        #expect(fetcher.requests.count == 3)
        #expect(discovery.presentMetadata() != nil)
        #expect(fetcher.requests.count == 3)
        // Another document replaces it as soon as one is available.
        fetcher.set(Self.oauth, json: ["issuer": "https://issuer.example", "jwks_uri": "https://issuer.example/new"])
        clock.advance(by: .seconds(1))
        while discovery.presentMetadata()?.metadata.jwksURI?.path != "/new" { await Task.yield() }
    }

    @Test("A waiter that is cancelled leaves the fetch to the others", .timeLimit(.minutes(5)))
    func cancellation() async throws {
        fetcher.set(Self.oauth, json: Self.document)
        fetcher.hold()
        let discovery = try discovery()
        let cancelled = Task { try? await discovery.metadata() }
        while fetcher.requests.isEmpty { await Task.yield() }
        let other = Task { try? await discovery.metadata() }
        cancelled.cancel()
        #expect(await cancelled.value == nil)
        fetcher.release()
        #expect(await other.value != nil)
        #expect(fetcher.requests.count == 1)
    }

    @Test("Keys and whoever forwards the metadata share one document")
    func shared() async throws {
        fetcher.set(Self.oauth, json: Self.document)
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        let keys = try keys()
        try await keys.prepare()
        #expect(try await keys.discovery?.metadata().body == JSONValue.object(Self.document).encoded())
        #expect(fetcher.requests == [Self.oauth, Self.url])
    }

    @Test("Keys read the metadata anew after 24 hours, and go on without when that fails")
    func keysAfterADay() async throws {
        fetcher.set(Self.oauth, json: Self.document)
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        let keys = try keys()
        try await keys.prepare()
        fetcher.set(Self.oauth, .failure(.timedOut))
        clock.advance(by: .seconds(86_401))
        try await keys.prepare()
        #expect(fetcher.requests == [Self.oauth, Self.url, Self.oauth, Self.openID, Self.url])
        #expect(events.contains { $0.hasPrefix("discovery_stale reason=fetch_timed_out age=86401 url=\(Self.oauth) ") })
    }

    @Test("POLICY §5: read anew once when the key set has failed three times, and again only after three more")
    func readAnewOnce() async throws {
        fetcher.set(Self.oauth, json: Self.document)
        fetcher.set(Self.url, .failure(.timedOut))
        let keys = try keys()
        for _ in 1...8 {
            try? await keys.prepare()
            clock.advance(by: .seconds(60))
        }
        let places = fetcher.requests.map { $0 == Self.oauth ? "metadata" : "keys" }
        #expect(
            places == [
                "metadata", "keys", "keys", "keys", "metadata", "keys", "keys", "keys", "metadata", "keys", "keys",
            ])
    }

    @Test("A key set that has moved is asked for without the validators of its old place")
    func moved() async throws {
        fetcher.set(Self.oauth, json: Self.document)
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks, fields: [.eTag: "\"1\""])
        let keys = try keys()
        try await keys.prepare()
        fetcher.set(Self.oauth, json: ["issuer": "https://issuer.example", "jwks_uri": "https://issuer.example/new"])
        fetcher.set("https://issuer.example/new", .success(FetchedDocument(status: .notModified, body: [])))
        clock.advance(by: .seconds(86_401))
        await #expect(throws: KeySourceError(retryAfter: 1, failure: .status(304))) { try await keys.prepare() }
        #expect(fetcher.lastRequest?.url.path == "/new")
        #expect(fetcher.lastRequest?.fields.pairs.map(\.name) == ["Accept"])
        #expect(
            events.last
                == "key_refresh_failed reason=status_304 url=https://issuer.example/new issuer=https://issuer.example")
    }

    @Test("Metadata whose jwks_uri is not acceptable is read anew at the next attempt")
    func mended() async throws {
        fetcher.set(Self.oauth, json: ["issuer": "https://issuer.example"])
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        let keys = try keys()
        await #expect(throws: KeySourceError(retryAfter: 1, failure: .keySetURL)) { try await keys.prepare() }
        fetcher.set(Self.oauth, json: Self.document)
        clock.advance(by: .seconds(1))
        try await keys.prepare()
        #expect(keys.presentKeys() != nil)
    }

    @Test(
        "POLICY §5: which jwks_uri of which issuer may be fetched",
        arguments: [
            ("https://a.example", "https://a.example/jwks", true, true),
            ("https://a.example", "https://A.EXAMPLE:443/jwks", true, true),
            ("https://a.example/tenant", "https://keys.example/jwks?x", true, false),
            ("https://a.example", "https://a.example:8443/jwks", true, false),
            ("https://a.example", "https://a.example/jwks#x", false, false),
            ("https://a.example", "http://a.example/jwks", false, false),
            ("https://a.example", "http://127.0.0.1/jwks", false, false),
            ("https://a.example", "https://127.0.0.1/jwks", false, false),
            ("https://a.example", "https://127.8.9.1:8443/jwks", false, false),
            ("https://a.example", "https://[::1]/jwks", false, false),
            ("https://a.example", "https://localhost/jwks", false, false),
            ("https://a.example", "https://LOCALHOST/jwks", false, false),
            ("https://localhost:9000", "https://localhost:9000/jwks", true, true),
            ("https://localhost:9000", "http://localhost:9000/jwks", false, false),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/jwks", true, true),
            ("http://127.0.0.1:9000", "http://localhost:9001/jwks", true, false),
            ("http://127.0.0.1:9000", "https://a.example/jwks", true, false),
            ("http://127.0.0.1:9000", "http://a.example/jwks", false, false),
            ("http://127.0.0.1:9000", "http://10.0.0.1/jwks", false, false),
            ("http://a.example", "http://a.example/jwks", true, true),
            ("http://a.example", "http://a.example:81/jwks", true, false),
            ("http://a.example", "http://b.example/jwks", false, false),
            ("http://a.example", "http://127.0.0.1/jwks", false, false),
            ("http://a.example", "https://b.example/jwks", true, false),
            ("http://a.example", "https://a.example/jwks", true, false),
        ])
    func acceptable(issuer: String, url: String, anyHost: Bool, issuerOnly: Bool) throws {
        let issuer = try IssuerIdentifier(issuer, insecureHTTP: .dangerouslyAnyHost).url
        let url = try AbsoluteURL(parsing: url)
        #expect(RemoteKeySet.OriginRule.anyHost.admits(url, of: issuer) == anyHost)
        #expect(RemoteKeySet.OriginRule.issuerOnly.admits(url, of: issuer) == issuerOnly)
    }

    @Test("The origin rule of the settings is the one that is asked")
    func originRule() async throws {
        fetcher.set(Self.oauth, json: ["issuer": "https://issuer.example", "jwks_uri": "https://keys.example/jwks"])
        fetcher.set("https://keys.example/jwks", json: IssuerFixture.issuer.jwks)
        for (origin, isFetched) in [(RemoteKeySet.OriginRule.issuerOnly, false), (.anyHost, true)] {
            let keys = try RemoteKeySet(
                of: try IssuerIdentifier("https://issuer.example"),
                settings: RemoteKeySet.Settings(origin: origin), fetcher: fetcher,
                clock: clock.monotonicClock)
            try? await keys.prepare()
            #expect(fetcher.requests.contains("https://keys.example/jwks") == isFetched)
        }
    }
}
