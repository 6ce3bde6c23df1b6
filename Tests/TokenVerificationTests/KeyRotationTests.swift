import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@testable import TokenVerification

@Suite("A key rotation under attack (POLICY §1, §8)", .serialized, .timeLimit(.minutes(5)))
struct KeyRotationTests {
    private static let url = "https://issuer.example/jwks"
    private let fetcher = ScriptedFetcher()
    private let clock = FakeClock()
    private let log = EventLog()

    /// An issuer, its key source and a verifier that has fetched the issuer's keys.
    private func start() async throws -> (issuer: FakeIssuer, verifier: JWTTokenVerifier) {
        let issuer = FakeIssuer(
            "https://issuer.example", audience: IssuerFixture.resource, algorithms: [.es256],
            clock: WallClock { IssuerFixture.now })
        fetcher.set(Self.url, json: issuer.jwks)
        let log = log
        let source = RemoteKeySet(
            of: try IssuerIdentifier(issuer.url), at: .url(try AbsoluteURL(parsing: Self.url)),
            checked: RemoteKeySet.Settings(), fetcher: fetcher,
            timing: RefreshTiming(clock: clock.monotonicClock, jitter: Jitter { 0 }), observer: { log.append($0) })
        try await source.prepare()
        return (issuer, try IssuerFixture.verifier(keys: source))
    }

    private func rejection(_ token: String, _ verifier: JWTTokenVerifier) async -> TokenRejection? {
        do throws(TokenRejection) {
            _ = try await verifier.verify(PresentedToken(token))
            return nil
        } catch {
            return error
        }
    }

    @Test("One forged kid before a rotation makes none of the next 60 good tokens bad, and none late")
    func oneForgedKid() async throws {
        let (issuer, verifier) = try await start()
        clock.advance(by: .seconds(60))
        let forged = issuer.token { $0.header["kid"] = "forged" }
        #expect(await rejection(forged, verifier) == .invalid(.jwt(.key(.unknown))))
        issuer.rotateKeys()
        fetcher.set(Self.url, json: issuer.jwks)
        for _ in 0..<60 {
            #expect(await rejection(issuer.token(), verifier) == nil)
            clock.advance(by: .milliseconds(500))
        }
    }

    @Test("In a flood of forged kids, good tokens of a new key are late by one permit at most, and never bad")
    func flood() async throws {
        let (issuer, verifier) = try await start()
        var late = 0
        for second in 0..<60 {
            for number in 0..<3 {
                let forged = issuer.token { $0.header["kid"] = .string("forged\(second).\(number)") }
                switch await rejection(forged, verifier) {
                case .invalid(.jwt(.key(.unknown))), .unavailable(.keys, _): break
                case let other: Issue.record("\(other?.code ?? "accepted")")
                }
            }
            if second == 10 {
                issuer.rotateKeys()
                fetcher.set(Self.url, json: issuer.jwks)
            }
            switch await rejection(issuer.token(), verifier) {
            case nil: break
            case .unavailable(.keys, let seconds):
                late += 1
                #expect(seconds == 30 - second)
            case let other: Issue.record("\(other?.code ?? "accepted")")
            }
            clock.advance(by: .seconds(1))
        }
        // The three permits went at 0 s, and the next one came at 30 s.
        #expect(late == 20)
        #expect(fetcher.requests.count == 1 + 3 + 1)
    }

    @Test("A caller that goes away while it waits for keys is neither an outage nor a denial")
    func cancellation() async throws {
        let (issuer, verifier) = try await start()
        fetcher.hold()
        let forged = issuer.token { $0.header["kid"] = "forged" }
        let caller = Task { await rejection(forged, verifier) }
        while fetcher.requests.count < 2 { await Task.yield() }
        caller.cancel()
        #expect(await caller.value == .unavailable(.cancelled, retryAfter: 1))
        fetcher.release()
        while log.all.count < 4 { await Task.yield() }
        #expect(
            log.all.map { $0.description.prefix { $0 != " " } }.suffix(2) == [
                "key_refresh_started", "key_refresh_succeeded",
            ])
        #expect(await rejection(issuer.token(), verifier) == nil)
    }

    // MARK: A cache before the issuer

    /// A cache that answers with an old set, unless the request forbids it. The test may hold its answers.
    private final class CachedKeys: DocumentFetcher {
        struct State {
            var old: [UInt8] = []
            var new: [UInt8] = []
            /// Whether each request forbade the cache's answer.
            var requests: [Bool] = []
            var isHeld = false
            var waiters: [CheckedContinuation<Void, Never>] = []
        }

        let state = Mutex(State())

        var requests: [Bool] { state.withLock { $0.requests } }

        func release() {
            let waiters = state.withLock { state in
                state.isHeld = false
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }

        func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
            let isUncached = request.fields[.cacheControl]?.string == "no-cache"
            await withCheckedContinuation { continuation in
                let isHeld = state.withLock { state in
                    state.requests.append(isUncached)
                    if state.isHeld { state.waiters.append(continuation) }
                    return state.isHeld
                }
                if !isHeld { continuation.resume() }
            }
            return FetchedDocument(status: .ok, body: state.withLock { isUncached ? $0.new : $0.old })
        }
    }

    /// An issuer that has rotated its keys, a token of its old key, a cache with the old set, and a verifier.
    private func cached() throws -> (issuer: FakeIssuer, old: String, cache: CachedKeys, verifier: JWTTokenVerifier) {
        let issuer = FakeIssuer(
            "https://issuer.example", audience: IssuerFixture.resource, algorithms: [.es256],
            clock: WallClock { IssuerFixture.now })
        let cache = CachedKeys()
        let old = issuer.token()
        cache.state.withLock { $0.old = JSONValue.object(issuer.jwks).encoded() }
        issuer.rotateKeys()
        cache.state.withLock { $0.new = JSONValue.object(issuer.jwks).encoded() }
        let source = RemoteKeySet(
            of: try IssuerIdentifier(issuer.url), at: .url(try AbsoluteURL(parsing: Self.url)),
            checked: RemoteKeySet.Settings(), fetcher: cache,
            timing: RefreshTiming(clock: clock.monotonicClock, jitter: Jitter { 0 }), observer: nil)
        return (issuer, old, cache, try IssuerFixture.verifier(keys: source))
    }

    @Test("RFC 9111 §5.2.1.4: the first fetch, answered by a cache with the old set, makes no token of a new key bad")
    func cachedFirstFetch() async throws {
        let (issuer, _, cache, verifier) = try cached()
        #expect(await rejection(issuer.token(), verifier) == nil)
        #expect(cache.requests == [false, true])
    }

    @Test("RFC 9111 §5.2.1.4: a good token of a new key that joins a background refresh, answered by a cache, is good")
    func cachedRefresh() async throws {
        let (issuer, old, cache, verifier) = try cached()
        #expect(await rejection(old, verifier) == nil)
        clock.advance(by: .seconds(290))
        cache.state.withLock { $0.isHeld = true }
        #expect(await rejection(old, verifier) == nil)
        while cache.requests.count < 2 { await Task.yield() }
        let sleepers = clock.sleepers
        let new = issuer.token()
        let callers = (0..<5).map { _ in Task { await rejection(new, verifier) } }
        while clock.sleepers < sleepers + 5 { await Task.yield() }
        #expect(cache.requests == [false, false])
        cache.release()
        for caller in callers { #expect(await caller.value == nil) }
        #expect(cache.requests == [false, false, true])
    }
}
