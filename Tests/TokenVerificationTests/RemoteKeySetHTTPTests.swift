import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("RemoteKeySet over HTTP", .serialized, .timeLimit(.minutes(5)))
struct RemoteKeySetHTTPTests {
    private static let url = "https://issuer.example/jwks"
    private let fetcher = ScriptedFetcher()
    private let clock = FakeClock()
    private let log = EventLog()
    private let source: RemoteKeySet

    init() throws {
        let log = log
        source = RemoteKeySet(
            of: try IssuerIdentifier("https://issuer.example"), at: .url(try AbsoluteURL(parsing: Self.url)),
            checked: RemoteKeySet.Settings(), fetcher: fetcher,
            timing: RefreshTiming(clock: clock.monotonicClock, jitter: Jitter { 1 }), observer: { log.append($0) })
    }

    /// The fields of the last request without `Accept`, which is the same for all.
    private func sent() -> [String] {
        let fields = (fetcher.lastRequest?.fields.pairs ?? []).map { "\($0.name): \($0.value)" }
        #expect(fields.first == "Accept: application/json, application/jwk-set+json")
        return Array(fields.dropFirst())
    }

    /// Triggers the fetch for unknown keys.
    private func refresh() async throws -> JSONWebKeySet {
        clock.advance(by: .seconds(30))
        return try await source.keys(for: .unknownKey)
    }

    private var events: [String] { log.all.map(\.description) }

    @Test("A GET without credentials, of at most 1 MiB, conditional only when there is something to compare with")
    func request() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        try await source.prepare()
        let request = try #require(fetcher.lastRequest)
        guard case .get = request.method else {
            Issue.record("not a GET")
            return
        }
        #expect(request.maximumBodyBytes == 1_048_576)
        #expect(sent() == [])
    }

    @Test("The lane for unknown keys asks past the caches, the other one does not")
    func noCache() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        try await source.prepare()
        _ = try await refresh()
        #expect(sent() == ["Cache-Control: no-cache"])
        clock.advance(by: .seconds(250))
        _ = source.presentKeys()
        while fetcher.requests.count < 3 { await Task.yield() }
        #expect(sent() == [])
    }

    @Test("304 renews the set, which stays the same; its validators go on being sent")
    func notModified() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks, fields: [.eTag: "\"1\"", .lastModified: "then"])
        try await source.prepare()
        let before = try #require(source.presentKeys())
        fetcher.set(Self.url, .success(FetchedDocument(status: .notModified, body: [])))
        for _ in 0..<20 {
            #expect(try await refresh().identity == before.identity)
            #expect(
                sent() == ["If-None-Match: \"1\"", "If-Modified-Since: then", "Cache-Control: no-cache"])
        }
        // Ten minutes after the only response with a body.
        #expect(source.health == .healthy)
    }

    @Test("304 brings its own lifetime")
    func notModifiedLifetime() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks, fields: [.eTag: "\"1\""])
        try await source.prepare()
        var fields = HTTPFields()
        fields.append(.cacheControl, "max-age=3600")
        fetcher.set(Self.url, .success(FetchedDocument(status: .notModified, fields: fields, body: [])))
        _ = try await refresh()
        clock.advance(by: .seconds(3_240))
        #expect(source.health == .healthy)
        clock.advance(by: .seconds(1))
        #expect(source.health == .stale(age: .seconds(3_241)))
    }

    @Test("304 to a request without validators is a failure")
    func unaskedNotModified() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        try await source.prepare()
        fetcher.set(Self.url, .success(FetchedDocument(status: .notModified, body: [])))
        await #expect(throws: KeySourceError(retryAfter: 1, failure: .status(304))) { try await refresh() }
        #expect(events.last == "key_refresh_failed reason=status_304 url=\(Self.url) issuer=https://issuer.example")
    }

    @Test("The same bytes again are the same set: nothing is imported, no key is reported twice")
    func sameBytes() async throws {
        var jwks = IssuerFixture.issuer.jwks
        jwks["keys"] = .array([["kty": "oct", "k": "AA"]] + (jwks["keys"]?.array ?? []))
        fetcher.set(Self.url, json: jwks)
        try await source.prepare()
        let before = try #require(source.presentKeys())
        #expect(try await refresh().identity == before.identity)
        #expect(events.filter { $0.hasPrefix("key_skipped") }.count == 1)
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        #expect(try await refresh().identity != before.identity)
    }

    @Test(
        "One more try when the connection fails or the server answers 5xx, within the same 5 seconds; none otherwise",
        arguments: [
            (.failure(.connectionFailed), 2), (.success(FetchedDocument(status: .internalServerError, body: [])), 2),
            (.success(FetchedDocument(status: .serviceUnavailable, body: [])), 2), (.failure(.timedOut), 1),
            (.failure(.tls), 1), (.failure(.blockedAddress), 1), (.failure(.notAllowed), 1),
            (.success(FetchedDocument(status: .notFound, body: [])), 1),
            (.success(FetchedDocument(status: .found, body: [])), 1),
            (.success(FetchedDocument(status: .ok, body: Array("<html>".utf8))), 1),
        ] as [(ScriptedFetcher.Answer, Int)])
    func retry(answer: ScriptedFetcher.Answer, requests: Int) async throws {
        fetcher.set(Self.url, answer)
        await #expect(throws: KeySourceError.self) { try await source.prepare() }
        #expect(fetcher.requests.count == requests)
        #expect(events.count == 2)
    }

    @Test("A body past 1 MiB is refused, whatever the fetcher lets through")
    func bodyLimit() async throws {
        let keys = JSONValue.object(IssuerFixture.issuer.jwks).encoded()
        for (extra, count) in [(0, 2), (1, 0)] {
            let padding = [UInt8](repeating: 0x20, count: 1_048_576 - keys.count + extra)
            fetcher.set(Self.url, .success(FetchedDocument(status: .ok, body: keys + padding)))
            let present = try? await source.keys(for: .noKeys)
            #expect(present?.keys.count ?? 0 == (extra == 0 ? count : 2))
            if extra == 1 {
                let failure = RemoteKeySet.FetchFailure.fetch(.tooLarge(limit: 1_048_576))
                await #expect(throws: KeySourceError(retryAfter: 1, failure: failure)) { try await refresh() }
                #expect(
                    events.last
                        == "key_refresh_failed reason=fetch_too_large url=\(Self.url) issuer=https://issuer.example")
            }
        }
    }

    @Test("POLICY §8: 1000 keys of a set are used, the rest is ignored with an event")
    func tooManyKeys() async throws {
        let names = (0..<1_000).map { "k\($0)" }
        fetcher.set(Self.url, .success(FetchedDocument(status: .ok, body: NamedKeys.body(names))))
        try await source.prepare()
        #expect(!events.contains { $0.hasPrefix("key_set_too_large") })
        fetcher.set(Self.url, .success(FetchedDocument(status: .ok, body: NamedKeys.body(["first"] + names))))
        let keys = try await refresh()
        #expect(
            events.filter { $0.hasPrefix("key_s") } == ["key_set_too_large limit=1000 issuer=https://issuer.example"])
        // The new set has 1000 keys. The key that is missing from it is in its grace period.
        #expect(keys.keys.count == 1_001)
        #expect(events.last == "key_refresh_succeeded usable_keys=1000 issuer=https://issuer.example")
    }

    @Test("Of the keys of a set that are not used, 16 are reported")
    func skippedKeys() async throws {
        let bad: [JSONValue] = Array(repeating: ["kty": "oct", "k": "AA"], count: 40)
        fetcher.set(Self.url, json: ["keys": .array(bad + (IssuerFixture.issuer.jwks["keys"]?.array ?? []))])
        try await source.prepare()
        #expect(events.filter { $0.hasPrefix("key_skipped") }.count == 16)
    }

    @Test("A flood of unknown keys while the issuer is down tells the operator of attempts, not of tokens")
    func boundedEvents() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        try await source.prepare()
        fetcher.set(Self.url, .failure(.timedOut))
        clock.advance(by: .seconds(4_000))
        for _ in 0..<500 {
            if source.presentKeys() == nil { _ = try? await source.keys(for: .unknownKey) }
        }
        #expect(
            events.dropFirst(2) == [
                "keys_hard_expired issuer=https://issuer.example",
                "key_refresh_started cause=no_keys issuer=https://issuer.example",
                "key_refresh_failed reason=fetch_timed_out url=\(Self.url) issuer=https://issuer.example",
            ])
    }
}
