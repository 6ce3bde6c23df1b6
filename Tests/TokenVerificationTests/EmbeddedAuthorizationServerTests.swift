import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

@Suite("The article EmbeddedAuthorizationServer.md")
struct EmbeddedAuthorizationServerTests {
    /// What an authorization server in the same program has: its present keys.
    private struct EmbeddedServer: Sendable {
        let issuer: FakeIssuer
        var publicKeys: JSONWebKeySet? { issuer.keySource.presentKeys() }
    }

    private func makeVerifier(
        _ authorizationServer: EmbeddedServer, at keySetURL: AbsoluteURL, _ fetcher: any DocumentFetcher
    ) throws -> JWTTokenVerifier {
        let issuer = try IssuerIdentifier(authorizationServer.issuer.url)

        let local = InProcessKeySource { authorizationServer.publicKeys }
        let published = try RemoteKeySet(of: issuer, at: .url(keySetURL), fetcher: fetcher)
        let keys = LocalFirstKeySource(local, otherwise: published)
        let verifier = try JWTTokenVerifier(issuer: issuer.text, audience: "https://mcp.example.com/mcp", keys: keys)

        return verifier
    }

    @Test("A token of this instance needs no network; another instance's key is read once from the published set")
    func instances() async throws {
        let audience = "https://mcp.example.com/mcp"
        let own = FakeIssuer("https://login.example.com", audience: audience, algorithms: [.es256])
        let other = FakeIssuer("https://login.example.com", audience: audience, algorithms: [.es256])
        // A new generation has key identifiers that the first instance does not have.
        other.rotateKeys(.drop)
        let keySetURL = try AbsoluteURL(parsing: "https://login.example.com/jwks")
        let fetcher = ScriptedFetcher()
        let verifier = try makeVerifier(EmbeddedServer(issuer: own), at: keySetURL, fetcher)

        _ = try await verifier.verify(PresentedToken(own.token()))
        #expect(fetcher.requests == [])

        fetcher.set(keySetURL.text, json: other.jwks)
        for _ in 0..<2 { _ = try await verifier.verify(PresentedToken(other.token())) }
        #expect(fetcher.requests == [keySetURL.text])
    }

    @Test("The published set cannot be read: local tokens are accepted, others are not refused as invalid")
    func unavailable() async throws {
        let audience = "https://mcp.example.com/mcp"
        let own = FakeIssuer("https://login.example.com", audience: audience, algorithms: [.es256])
        let other = FakeIssuer("https://login.example.com", audience: audience, algorithms: [.es256])
        other.rotateKeys(.drop)
        let fetcher = ScriptedFetcher()
        let keySetURL = try AbsoluteURL(parsing: "https://login.example.com/jwks")
        let verifier = try makeVerifier(EmbeddedServer(issuer: own), at: keySetURL, fetcher)

        let rejection = await #expect(throws: TokenRejection.self) {
            try await verifier.verify(PresentedToken(other.token()))
        }
        #expect(rejection?.code == "keys_unavailable")
        _ = try await verifier.verify(PresentedToken(own.token()))
    }
}
