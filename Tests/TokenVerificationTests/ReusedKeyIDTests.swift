import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import TokenVerification

/// POLICY §6: the kid matches, the signature is bad. An issuer may have come back with a new key under its old `kid`.
@Suite("A new key under an old kid", .serialized, .timeLimit(.minutes(5)))
struct ReusedKeyIDTests {
    private static let url = "https://issuer.example/jwks"
    private let fetcher = ScriptedFetcher()
    private let clock = FakeClock()
    private let log = EventLog()

    /// An issuer whose key set and tokens have chosen key ids.
    private struct Issuer {
        let issuer: FakeIssuer
        var keyID: JSONValue? = "fixed"

        init() throws {
            issuer = FakeIssuer(
                "https://issuer.example", audience: IssuerFixture.resource, algorithms: [.es256],
                clock: WallClock { IssuerFixture.now })
        }

        var key: JSONDocument.Object {
            var key = issuer.jwks["keys"]?.array?.first?.object ?? [:]
            key["kid"] = keyID
            return key
        }

        var jwks: JSONDocument.Object { ["keys": [.object(key)]] }
        var token: String { issuer.token { $0.header["kid"] = keyID } }
        var forged: String {
            issuer.token {
                $0.header["kid"] = keyID
                $0.signature = .foreignKey
            }
        }
    }

    private func start(_ issuer: Issuer) async throws -> JWTTokenVerifier {
        fetcher.set(Self.url, json: issuer.jwks)
        let log = log
        let source = RemoteKeySet(
            of: try IssuerIdentifier("https://issuer.example"), at: .url(try AbsoluteURL(parsing: Self.url)),
            checked: RemoteKeySet.Settings(), fetcher: fetcher,
            timing: RefreshTiming(clock: clock.monotonicClock, jitter: Jitter { 0 }), observer: { log.append($0) })
        try await source.prepare()
        return try IssuerFixture.verifier(keys: source)
    }

    private func rejection(_ token: String, _ verifier: JWTTokenVerifier) async -> TokenRejection? {
        do throws(TokenRejection) {
            _ = try await verifier.verify(PresentedToken(token))
            return nil
        } catch {
            return error
        }
    }

    @Test("An issuer restarted with a new key under its old kid is good again at the first token, with and without kid")
    func restarted() async throws {
        for keyID in ["fixed", nil] as [JSONValue?] {
            var (old, new) = (try Issuer(), try Issuer())
            (old.keyID, new.keyID) = (keyID, keyID)
            let verifier = try await start(old)
            #expect(await rejection(old.token, verifier) == nil)
            let before = fetcher.requests.count
            fetcher.set(Self.url, json: new.jwks)
            #expect(await rejection(new.token, verifier) == nil)
            #expect(fetcher.requests.count == before + 1)
            #expect(fetcher.lastRequest?.fields[.cacheControl] == "no-cache")
            #expect(log.all.contains { $0.description.hasPrefix("key_refresh_started cause=bad_signature") })
            // The old key is gone, for tokens whose acceptance is cached too.
            #expect(await rejection(old.token, verifier) == .invalid(.jwt(.badSignature)))
            #expect(await rejection(new.token, verifier) == nil)
            #expect(fetcher.requests.count == before + 1)
        }
    }

    @Test("Many first tokens after the restart wait for one fetch, and all are good")
    func together() async throws {
        let (old, new) = (try Issuer(), try Issuer())
        let verifier = try await start(old)
        fetcher.set(Self.url, json: new.jwks)
        fetcher.hold()
        let tokens = (0..<20).map { _ in new.token }
        let outcomes = await withTaskGroup(of: TokenRejection?.self) { group in
            for token in tokens { group.addTask { await rejection(token, verifier) } }
            while fetcher.requests.count < 2 { await Task.yield() }
            for _ in 0..<200 { await Task.yield() }
            fetcher.release()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.allSatisfy { $0 == nil })
        #expect(fetcher.requests.count == 2)
    }

    @Test("A flood of bad signatures: one fetch in 60 s, and no good token is late, bad or unavailable")
    func flood() async throws {
        let issuer = try Issuer()
        let verifier = try await start(issuer)
        for second in 0..<240 {
            for _ in 0..<3 { #expect(await rejection(issuer.forged, verifier) == .invalid(.jwt(.badSignature))) }
            let requests = fetcher.requests.count
            #expect(await rejection(issuer.token, verifier) == nil)
            #expect(fetcher.requests.count == requests)
            #expect(requests == 1 + 1 + second / 60)
            clock.advance(by: .seconds(1))
        }
    }

    @Test("During a fetch that hangs because of a forged signature, good tokens are accepted without waiting")
    func hanging() async throws {
        let issuer = try Issuer()
        let verifier = try await start(issuer)
        fetcher.hold()
        let forged = issuer.forged
        let caller = Task { await rejection(forged, verifier) }
        while fetcher.requests.count < 2 { await Task.yield() }
        for _ in 0..<20 { #expect(await rejection(issuer.token, verifier) == nil) }
        fetcher.release()
        #expect(await caller.value == .invalid(.jwt(.badSignature)))
        #expect(fetcher.requests.count == 2)
    }

    @Test(
        "After a failed fetch the signature is bad by the present set: 401, never 503, and good tokens stay good",
        arguments: [
            .failure(.tls), .failure(.timedOut), .success(FetchedDocument(status: .internalServerError, body: [])),
            .success(FetchedDocument(status: .ok, body: Array("<html>".utf8))),
            .success(FetchedDocument(status: .ok, body: Array(#"{"keys":[]}"#.utf8))),
        ] as [ScriptedFetcher.Answer])
    func failed(answer: ScriptedFetcher.Answer) async throws {
        let issuer = try Issuer()
        let verifier = try await start(issuer)
        fetcher.set(Self.url, answer)
        for _ in 0..<3 {
            #expect(await rejection(issuer.forged, verifier) == .invalid(.jwt(.badSignature)))
            #expect(await rejection(issuer.token, verifier) == nil)
        }
        #expect(log.all.count { $0.description.hasPrefix("key_refresh_started cause=bad_signature") } == 1)
    }

    @Test("The key that signed, under another kid of the newer set, is not tried")
    func otherKeyID() async throws {
        let old = try Issuer()
        var new = try Issuer()
        let verifier = try await start(old)
        new.keyID = "other"
        fetcher.set(Self.url, json: ["keys": [.object(old.key), .object(new.key)]])
        new.keyID = "fixed"
        #expect(await rejection(new.token, verifier) == .invalid(.jwt(.badSignature)))
        new.keyID = "other"
        #expect(await rejection(new.token, verifier) == nil)
    }

    @Test("A caller that goes away while it waits is neither an outage nor a denial")
    func cancelled() async throws {
        let issuer = try Issuer()
        let verifier = try await start(issuer)
        fetcher.hold()
        let forged = issuer.forged
        let caller = Task { await rejection(forged, verifier) }
        while fetcher.requests.count < 2 { await Task.yield() }
        caller.cancel()
        #expect(await caller.value == .unavailable(.cancelled, retryAfter: 1))
        fetcher.release()
    }

    @Test("A bad signature under a local key never makes the remote source fetch its first set")
    func localKey() async throws {
        let issuer = try Issuer()
        let local = try JSONWebKeySet(parsing: JSONValue.object(issuer.jwks).encoded(), issuer: issuer.issuer.url)
        let remote = RemoteKeySet(
            of: try IssuerIdentifier("https://issuer.example"), at: .url(try AbsoluteURL(parsing: Self.url)),
            checked: RemoteKeySet.Settings(), fetcher: fetcher, timing: RefreshTiming(clock: clock.monotonicClock),
            observer: nil
        )
        let verifier = try IssuerFixture.verifier(
            keys: LocalFirstKeySource(StaticKeySource(local), otherwise: remote))
        #expect(await rejection(issuer.forged, verifier) == .invalid(.jwt(.badSignature)))
        #expect(await rejection(issuer.token, verifier) == nil)
        #expect(fetcher.requests.isEmpty)
    }
}
