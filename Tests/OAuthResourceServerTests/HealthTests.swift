import OAuthTestKit
import Testing
import TokenVerification

@testable import OAuthResourceServer

@Suite("What an operator asks a guard: prepare, health, trusted issuers", .serialized)
struct HealthTests {
    private static let audience = GuardFixture.resource
    private let up: FakeIssuer
    private let down: FakeIssuer
    private let fetcher = ScriptedFetcher()
    private let server: ResourceServer

    init() throws {
        up = FakeIssuer("https://up.example.com", audience: Self.audience, algorithms: [.es256])
        down = FakeIssuer("https://down.example.com", audience: Self.audience, algorithms: [.es256])
        let issuers = [down, up].map { IssuerConfiguration($0.url, keys: .url($0.url + "/jwks")) }
        server = try ResourceServer(
            ResourceServerConfiguration(resource: Self.audience, issuers: issuers), fetcher: fetcher)
        fetcher.set(up.url + "/jwks", json: up.jwks)
    }

    @Test("Before the first fetch nothing is available, and asking fetches nothing")
    func before() {
        #expect(server.trustedIssuers.map(\.issuer) == [down.url, up.url])
        #expect(server.health.keys.map(\.issuer) == [down.url, up.url])
        #expect(!server.health.isAvailable)
        #expect(fetcher.requests == [])
    }

    @Test("An issuer that is down fails prepare, and the keys of the other one are there")
    func oneIsDown() async throws {
        await #expect(throws: KeySourceError.self) { try await server.prepare() }
        #expect(server.health.keys.map { $0.health == .healthy } == [false, true])
        #expect(!server.health.isAvailable)
        let asked = fetcher.requests.count
        #expect(try await server.admits(up.token()))
        #expect(fetcher.requests.count == asked)
    }

    @Test("With the keys of every issuer the guard is available")
    func allUp() async throws {
        fetcher.set(down.url + "/jwks", json: down.jwks)
        try await server.prepare()
        #expect(server.health.keys.map(\.health) == [.healthy, .healthy])
        #expect(server.health.isAvailable)
    }

    @Test("A guard without keys depends on nothing")
    func withoutKeys() async throws {
        var configuration = ResourceServerConfiguration(resource: Self.audience)
        configuration.mode = .staticTokens
        configuration.tokens.staticTokens = try StaticTokenList(
            parsing: Array("ci:\(String(repeating: "0", count: 64))".utf8))
        let server = try ResourceServer(configuration, fetcher: fetcher)
        try await server.prepare()
        #expect(server.health.keys == [])
        #expect(server.health.isAvailable)
        #expect(server.trustedIssuers.isEmpty)
    }
}
