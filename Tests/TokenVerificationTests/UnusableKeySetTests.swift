import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("POLICY §6: a set without a usable key says why, key by key", .serialized)
struct UnusableKeySetTests {
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

    private var events: [String] {
        log.all.map { String($0.description.dropLast(" issuer=https://issuer.example".utf8.count)) }
    }

    private func set(_ keys: [JSONValue]) {
        fetcher.set(Self.url, json: ["keys": .array(keys)])
    }

    private static let encryption: JSONValue = ["kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"]
    private static let secret: JSONValue = ["kty": "oct", "k": "AAAA"]
    private static let shown: [JSONWebKeySet.Skipped] = [
        .init(index: 0, reason: .notForSignatures), .init(index: 1, reason: .unsupportedKeyType),
        .init(index: 2, reason: .unsupportedCurve),
    ]

    @Test("The events, and the error that the source throws, have the reason of each key")
    func reasons() async throws {
        set([Self.encryption, Self.secret, ["kty": "EC", "crv": "secp256k1"]])
        let error = await #expect(throws: KeySourceError.self) { try await source.prepare() }
        #expect(error == KeySourceError(retryAfter: 1, failure: .noUsableKey(Self.shown)))
        #expect(
            error?.description == """
                the issuer's keys are unavailable: jwks_without_usable_key (key 0: use_not_sig, \
                key 1: kty_unsupported, key 2: crv_unsupported); retry after 1 s
                """)
        #expect(
            events == [
                "key_refresh_started cause=no_keys", "key_skipped reason=use_not_sig index=0",
                "key_skipped reason=kty_unsupported index=1", "key_skipped reason=crv_unsupported index=2",
                "key_set_rejected reason=jwks_without_usable_key url=\(Self.url)",
            ])
    }

    @Test("An empty set has no reasons; a set with one usable key has the same events and no error")
    func neighbours() async throws {
        set([])
        await #expect(throws: KeySourceError(retryAfter: 1, failure: .noUsableKey([]))) { try await source.prepare() }
        clock.advance(by: .seconds(60))
        set([Self.encryption, Self.secret] + (IssuerFixture.issuer.jwks["keys"]?.array ?? []))
        try await source.prepare()
        #expect(
            events.suffix(3) == [
                "key_skipped reason=use_not_sig index=0", "key_skipped reason=kty_unsupported index=1",
                "key_refresh_succeeded usable_keys=2",
            ])
    }

    @Test("The present set stays in use, and the events have the reasons too")
    func present() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        try await source.prepare()
        set([Self.secret])
        await #expect(throws: KeySourceError.self) { try await source.keys(for: .unknownKey) }
        #expect(source.presentKeys()?.keys.count == 2)
        #expect(
            events.suffix(2) == [
                "key_skipped reason=kty_unsupported index=0",
                "key_set_rejected reason=jwks_without_usable_key url=\(Self.url)",
            ])
        // A failure that is over is not the reason of a later refusal.
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        for _ in 0..<2 { _ = try await source.keys(for: .unknownKey) }
        clock.advance(by: .seconds(6))
        await #expect(throws: KeySourceError(retryAfter: 24)) { try await source.keys(for: .unknownKey) }
    }

    @Test("The list is bounded: 16 keys, and one entry for those beyond the limit")
    func bounded() async throws {
        set([JSONValue](repeating: Self.secret, count: 1_001))
        let error = await #expect(throws: KeySourceError.self) { try await source.prepare() }
        guard case .noUsableKey(let skipped) = error?.failure else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(skipped.count == 17)
        #expect(skipped.last == .init(index: 1_000, reason: .beyondLimit))
        #expect(events.filter { $0.hasPrefix("key_skipped") }.count == 16)
        #expect(events.filter { $0.hasPrefix("key_set_too_large") } == ["key_set_too_large limit=1000"])
    }
}
