import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import TokenVerification

@Suite("A key rotation under attack (POLICY §1, §8)", .serialized, .timeLimit(.minutes(5)))
struct KeyRotationTests {
    private static let url = "https://issuer.example/jwks"
    private let fetcher = ScriptedFetcher()
    private let clock = ManualClock()
    private let log = EventLog()

    /// An issuer, its key source and a verifier that has fetched the issuer's keys.
    private func start() async throws -> (issuer: FakeIssuer, verifier: JWTTokenVerifier) {
        let issuer = try FakeIssuer(
            "https://issuer.example", audience: IssuerFixture.resource, algorithms: [.es256],
            clock: WallClock { IssuerFixture.now })
        fetcher.set(Self.url, json: issuer.jwks)
        let log = log
        let source = RemoteKeySet(
            of: try IssuerIdentifier(issuer.url), at: .url(try AbsoluteURL(parsing: Self.url)),
            checked: RemoteKeySet.Settings(), fetcher: fetcher,
            timing: RefreshTiming(clock: clock.clock, jitter: Jitter { 0 }), observer: { log.append($0) })
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
        try issuer.rotateKeys()
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
                try issuer.rotateKeys()
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
}
