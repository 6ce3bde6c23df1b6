import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("RemoteKeySet", .serialized, .timeLimit(.minutes(5)))
struct RemoteKeySetTests {
    private static let url = "https://issuer.example/jwks"
    private let fetcher = ScriptedFetcher()
    private let clock = FakeClock()
    private let log = EventLog()

    private func source(_ issuer: String = "https://issuer.example", at location: RemoteKeySet.Location? = nil) throws
        -> RemoteKeySet
    {
        let log = log
        return RemoteKeySet(
            of: try IssuerIdentifier(issuer, insecureHTTP: .loopback),
            at: try location ?? .url(AbsoluteURL(parsing: Self.url)), checked: RemoteKeySet.Settings(),
            fetcher: fetcher,
            timing: RefreshTiming(clock: clock.monotonicClock, jitter: Jitter { 1 }), observer: { log.append($0) })
    }

    private func failure(_ source: RemoteKeySet, _ need: KeyNeed = .noKeys) async -> Int? {
        do throws(KeySourceError) {
            _ = try await source.keys(for: need)
            return nil
        } catch {
            return error.retryAfter
        }
    }

    private var failures: [String] {
        log.all.compactMap { event in
            switch event {
            case .keySource(.refreshFailed(let failure, _), _), .keySource(.setRejected(let failure, _), _):
                failure.code
            default: nil
            }
        }
    }

    private func waitForRequests(_ count: Int) async {
        while fetcher.requests.count < count { await Task.yield() }
    }

    @Test("The first use fetches; later ones take the present set without a fetch")
    func firstUse() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        let source = try source()
        #expect(source.presentKeys() == nil)
        #expect(try await source.keys(for: .noKeys).keys.count == 2)
        clock.advance(by: .seconds(216))
        #expect(source.presentKeys()?.keys.count == 2)
        #expect(fetcher.requests == [Self.url])
    }

    @Test("Single flight: 50 waiters, one fetch")
    func singleFlight() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        fetcher.hold()
        let source = try source()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { await failure(source) == nil } }
            await waitForRequests(1)
            fetcher.release()
            for await served in group { #expect(served) }
        }
        #expect(fetcher.requests.count == 1)
    }

    @Test("A waiter that is cancelled returns at once and leaves the fetch to the others", .timeLimit(.minutes(5)))
    func cancellation() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        fetcher.hold()
        let source = try source()
        let cancelled = Task { await failure(source) }
        await waitForRequests(1)
        let other = Task { await failure(source) }
        cancelled.cancel()
        // The fetch is still blocked, so only the cancellation can have ended the wait.
        #expect(await cancelled.value == 1)
        fetcher.release()
        #expect(await other.value == nil)
        #expect(fetcher.requests.count == 1)
        #expect(source.presentKeys() != nil)
    }

    @Test("POLICY §8: nobody waits longer than 5 seconds; the fetch goes on and is used", .timeLimit(.minutes(5)))
    func patience() async throws {
        fetcher.set(Self.oauth, json: ["issuer": "https://issuer.example", "jwks_uri": .string(Self.url)])
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        fetcher.hold()
        let source = try discovered()
        let waiter = Task { await failure(source) }
        await waitForRequests(1)
        // Three tasks sleep: the wait of the caller, the wait for metadata, and the time limit of its first document.
        while clock.sleepers < 3 { await Task.yield() }
        clock.advance(by: .seconds(3))
        fetcher.releaseWaiting()
        await waitForRequests(2)
        while clock.sleepers < 2 { await Task.yield() }
        // No task gives up earlier.
        clock.advance(by: .milliseconds(1_999))
        #expect(clock.sleepers == 2)
        clock.advance(by: .milliseconds(1))
        #expect(await waiter.value == 1)
        fetcher.release()
        while source.presentKeys() == nil { await Task.yield() }
        #expect(fetcher.requests.count == 2)
    }

    @Test("A fetcher that never answers does not keep the source for ever", .timeLimit(.minutes(5)))
    func hangingFetcher() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        fetcher.hold()
        let source = try source()
        let waiter = Task { await failure(source) }
        await waitForRequests(1)
        while clock.sleepers < 2 { await Task.yield() }
        clock.advance(by: .seconds(5))
        _ = await waiter.value
        while failures.isEmpty { await Task.yield() }
        #expect(failures == ["fetch_timed_out"])
        // The back-off ends a second later, and the next use starts a new fetch. The late response of the first is
        // ignored.
        clock.advance(by: .seconds(1))
        let next = Task { await failure(source) }
        await waitForRequests(2)
        fetcher.release()
        #expect(await next.value == nil)
        #expect(log.all.map(\.description).filter { $0.hasPrefix("key_refresh_succeeded") }.count == 1)
    }

    @Test("Past the soft lifetime the present set serves while one fetch runs behind it")
    func background() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        let source = try source()
        _ = try await source.keys(for: .noKeys)
        clock.advance(by: .seconds(301))
        fetcher.hold()
        for _ in 0..<10 { #expect(source.presentKeys()?.keys.count == 2) }
        await waitForRequests(2)
        fetcher.release()
        #expect(fetcher.requests.count == 2)
    }

    @Test("A failing endpoint keeps the set until the hard lifetime, then there are none")
    func hardLifetime() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        let source = try source()
        _ = try await source.keys(for: .noKeys)
        fetcher.set(Self.url, .failure(.connectionFailed))
        clock.advance(by: .seconds(3_600))
        #expect(source.presentKeys() != nil)
        clock.advance(by: .seconds(1))
        #expect(source.presentKeys() == nil)
        #expect(await failure(source) != nil)
    }

    @Test("Back-off after failures: 1, 2, 4 … 60 seconds, and no attempt before it is over")
    func backOff() async throws {
        fetcher.set(Self.url, .failure(.timedOut))
        let source = try source()
        var waits: [Int] = []
        for attempt in 1...8 {
            let wait = try #require(await failure(source))
            waits.append(wait)
            #expect(fetcher.requests.count == attempt)
            clock.advance(by: .seconds(wait) - .milliseconds(1))
            #expect(await failure(source) == 1)
            #expect(fetcher.requests.count == attempt)
            clock.advance(by: .milliseconds(1))
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60])
        #expect(Set(failures) == ["fetch_timed_out"])
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        #expect(await failure(source) == nil)
    }

    @Test("THREATS F1: unknown keys cause three fetches and then one in 30 s; each sends no-cache")
    func unknownKeyLane() async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        let source = try source()
        _ = try await source.keys(for: .noKeys)
        for _ in 0..<100 { #expect(await failure(source, .unknownKey) == nil) }
        #expect(fetcher.requests.count == 4)
        clock.advance(by: .seconds(6))
        for _ in 0..<100 { #expect(await failure(source, .unknownKey) == 24) }
        #expect(fetcher.requests.count == 4)
        clock.advance(by: .seconds(24))
        for _ in 0..<100 { #expect(await failure(source, .unknownKey) == nil) }
        #expect(fetcher.requests.count == 5)
    }

    @Test(
        "POLICY §8: a failed fetch for an unknown key is 503 and never 401, for every kind of failure",
        arguments: [
            .notAllowed, .notResolved, .blockedAddress, .connectionFailed, .timedOut, .tls, .tooLarge(limit: 1),
            .malformedResponse, .cancelled, .unavailable,
        ] as [FetchError])
    func unknownKeyFailure(error: FetchError) async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        let source = try source()
        _ = try await source.keys(for: .noKeys)
        fetcher.set(Self.url, .failure(error))
        clock.advance(by: .seconds(60))
        #expect(await failure(source, .unknownKey) == 1)
        #expect(await failure(source, .unknownKey) == 1)
        #expect(await failure(source, .unknownKey) == 30)
        #expect(source.presentKeys() != nil)
    }

    @Test(
        "Only a set with a usable key replaces the present one",
        arguments: [
            (.success(FetchedDocument(status: .ok, body: Array("<html>".utf8))), "jwks_malformed"),
            (.success(FetchedDocument(status: .ok, body: Array(#"{"keys":[]}"#.utf8))), "jwks_without_usable_key"),
            (
                .success(FetchedDocument(status: .ok, body: Array(#"{"keys":[{"kty":"oct","k":"AA"}]}"#.utf8))),
                "jwks_without_usable_key"
            ),
            (.success(FetchedDocument(status: .found, body: [])), "status_302"),
            (.success(FetchedDocument(status: .notFound, body: [])), "status_404"),
            (.success(FetchedDocument(status: .internalServerError, body: [])), "status_500"),
            (.success(FetchedDocument(status: .notModified, body: [])), "status_304"),
            (.failure(.tooLarge(limit: 1_048_576)), "fetch_too_large"),
        ] as [(ScriptedFetcher.Answer, String)])
    func swapRule(answer: ScriptedFetcher.Answer, code: String) async throws {
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        let source = try source()
        _ = try await source.keys(for: .noKeys)
        fetcher.set(Self.url, answer)
        clock.advance(by: .seconds(60))
        #expect(await failure(source, .unknownKey) == 1)
        #expect(source.presentKeys()?.keys.count == 2)
        #expect(failures == [code])
        let name = code.hasPrefix("jwks") ? "key_set_rejected" : "key_refresh_failed"
        #expect(log.all.last?.description == "\(name) reason=\(code) url=\(Self.url) issuer=https://issuer.example")
    }

    @Test("Skipped keys are reported")
    func skippedKeys() async throws {
        var jwks = IssuerFixture.issuer.jwks
        jwks["keys"] = .array([["kty": "oct", "k": "AA"]] + (jwks["keys"]?.array ?? []))
        fetcher.set(Self.url, json: jwks)
        _ = try await source().keys(for: .noKeys)
        #expect(
            log.all.map(\.description) == [
                "key_refresh_started cause=no_keys issuer=https://issuer.example",
                "key_skipped reason=kty_unsupported index=0 issuer=https://issuer.example",
                "key_refresh_succeeded usable_keys=2 issuer=https://issuer.example",
            ])
    }

    // Discovery

    private static let oauth = "https://issuer.example/.well-known/oauth-authorization-server"
    private static let openID = "https://issuer.example/.well-known/openid-configuration"

    private func discovered(_ issuer: String = "https://issuer.example") throws -> RemoteKeySet {
        try source(issuer, at: .discovered)
    }

    @Test("RFC 8414 §3: the metadata is found, and asked for once")
    func discovery() async throws {
        fetcher.set(Self.oauth, json: ["issuer": "https://issuer.example", "jwks_uri": .string(Self.url)])
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        let source = try discovered()
        _ = try await source.keys(for: .noKeys)
        clock.advance(by: .seconds(60))
        _ = try await source.keys(for: .unknownKey)
        #expect(fetcher.requests == [Self.oauth, Self.url, Self.url])
    }

    @Test("POLICY §5: the metadata is read again after three failures, and its old answer is kept when it is gone")
    func rediscovery() async throws {
        fetcher.set(Self.oauth, json: ["issuer": "https://issuer.example", "jwks_uri": .string(Self.url)])
        fetcher.set(Self.url, json: IssuerFixture.issuer.jwks)
        let source = try discovered()
        _ = try await source.keys(for: .noKeys)
        fetcher.set(Self.url, .failure(.timedOut))
        clock.advance(by: .seconds(3_601))
        for _ in 1...3 {
            _ = await failure(source)
            clock.advance(by: .seconds(60))
        }
        #expect(fetcher.requests == [Self.oauth, Self.url, Self.url, Self.url, Self.url])
        // The fourth attempt looks up the location of the keys again. The metadata is unavailable too.
        fetcher.set(Self.oauth, .failure(.timedOut))
        _ = await failure(source)
        #expect(fetcher.requests.suffix(3) == [Self.oauth, Self.openID, Self.url])
        // The keys are at another URL now.
        clock.advance(by: .seconds(60))
        fetcher.set(Self.oauth, json: ["issuer": "https://issuer.example", "jwks_uri": "https://issuer.example/new"])
        fetcher.set("https://issuer.example/new", json: IssuerFixture.issuer.jwks)
        #expect(await failure(source) == nil)
        #expect(fetcher.requests.suffix(2) == [Self.oauth, "https://issuer.example/new"])
    }

    @Test("An issuer on http loopback may keep its keys on http loopback, and nowhere else on http")
    func loopback() async throws {
        let metadata = "http://127.0.0.1:9000/.well-known/oauth-authorization-server"
        fetcher.set(metadata, json: ["issuer": "http://127.0.0.1:9000", "jwks_uri": "http://127.0.0.1:9000/jwks"])
        fetcher.set("http://127.0.0.1:9000/jwks", json: IssuerFixture.issuer.jwks)
        #expect(await failure(try discovered("http://127.0.0.1:9000")) == nil)
        fetcher.set(metadata, json: ["issuer": "http://127.0.0.1:9000", "jwks_uri": "http://issuer.example/jwks"])
        #expect(await failure(try discovered("http://127.0.0.1:9000")) == 1)
        #expect(failures == ["jwks_uri_not_acceptable"])
    }
}
