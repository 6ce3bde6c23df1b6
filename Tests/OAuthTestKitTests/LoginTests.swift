import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import Testing
import TokenVerification
import WireFormat

/// The guard and the development server together, from the view of a client.
@Suite("A whole login, in process", .serialized)
struct LoginTests {
    private typealias Fixture = DevelopmentServerFixture
    private let fixture: DevelopmentServerFixture
    private let guarded: any HTTPHandler

    init() throws {
        let fixture = try Fixture()
        self.fixture = fixture
        let fetcher = InProcessFetcher([Fixture.issuerURL: fixture.server])
        // The verifier discovers the keys through the documents that the server serves.
        let issuer = try IssuerIdentifier(Fixture.issuerURL, insecureHTTP: .loopback)
        let verifier = try JWTTokenVerifier(
            [
                .init(
                    JWTValidation(issuer: Fixture.issuerURL, resource: Fixture.resource),
                    // The clock stands still, so that no wait of a request ends before the fetch of keys.
                    keys: RemoteKeySet(of: issuer, fetcher: fetcher, clock: FakeClock().monotonicClock))
            ], clock: fixture.clock.wallClock)
        var configuration = ResourceServerConfiguration(
            resource: Fixture.resource, requiredScopes: ["mcp:use"])
        configuration.tokens.fetching.insecureHTTP = .loopback
        guarded = try ResourceServer(configuration, verifier: verifier).protecting { _, principal in
            .text("\(principal.subject ?? "")/\(principal.clientID ?? "")")
        }
    }

    private func call(_ token: String?) async throws -> Answer {
        var request = HTTPRequest(method: .post, target: "/mcp")
        request.fields[.host] = "127.0.0.1:8080"
        if let token { request.fields[.authorization] = HTTPFields.Value("Bearer \(token)") }
        return try Answer(await guarded.respond(to: request))
    }

    @Test("from nothing but the resource's URL to its answer, and on by refreshing")
    func login() async throws {
        #expect(try await call(nil).status == .unauthorized)
        var request = HTTPRequest(
            method: .get, target: "/.well-known/oauth-protected-resource/mcp")
        request.fields[.host] = "127.0.0.1:8080"
        let document = try Answer(await guarded.respond(to: request))
        #expect(document.json["authorization_servers"] == [.string(Fixture.issuerURL)])
        #expect(document.json["resource"] == .string(Fixture.resource))

        let id = try await fixture.publicClient()
        let tokens = try await fixture.tokens(for: id)
        let answer = try await call(tokens.json["access_token"]?.string)
        #expect(answer.status == .ok)
        #expect(answer.body == Array("developer/\(id)".utf8))

        fixture.clock.advance(by: .seconds(3_700))
        #expect(try await call(tokens.json["access_token"]?.string).status == .unauthorized)
        let refreshed = try await fixture.refresh(id, tokens.json["refresh_token"]?.string ?? "")
        #expect(try await call(refreshed.json["access_token"]?.string).status == .ok)
    }

    @Test("a token for another resource is refused, and one without the scope is 403")
    func refused() async throws {
        try fixture.server.registerClient("curl", secret: "s")
        func token(_ resource: String, _ scope: String) async throws -> String? {
            try await fixture.form(
                [("grant_type", "client_credentials"), ("resource", resource), ("scope", scope)], basic: ("curl", "s")
            ).json["access_token"]?.string
        }
        #expect(try await call(token(Fixture.resource, "mcp:use")).status == .ok)
        #expect(try await call(token("http://127.0.0.1:8081/mcp", "mcp:use")).status == .unauthorized)
        #expect(try await call(token(Fixture.resource, "mcp:user")).status == .forbidden)
    }

    @Test("every defect of a token is 401", arguments: TokenDefect.allCases)
    func defects(defect: TokenDefect) async throws {
        #expect(try await call(fixture.server.issuer.token(audience: Fixture.resource)).status == .ok)
        let spoilt = fixture.server.issuer.token(with: defect, audience: Fixture.resource)
        let answer = try await call(spoilt)
        #expect(answer.status == .unauthorized)
        #expect(answer.json["error"] == "invalid_token")
    }

    @Test("what cannot be reached says so")
    func fetcher() async throws {
        let fetcher = InProcessFetcher([Fixture.issuerURL: fixture.server])
        let keys = try await fetcher.fetch(
            DocumentRequest(url: AbsoluteURL(parsing: Fixture.issuerURL + "/jwks"), maximumBodyBytes: 4_096))
        #expect(keys.status == .ok)
        #expect(keys.body == JSONValue.object(fixture.server.issuer.jwks).encoded())
        await #expect(throws: FetchError.connectionFailed) {
            try await fetcher.fetch(
                DocumentRequest(url: AbsoluteURL(parsing: "http://127.0.0.1:9001/jwks"), maximumBodyBytes: 4_096))
        }
        await #expect(throws: FetchError.tooLarge(limit: 10)) {
            try await fetcher.fetch(
                DocumentRequest(url: AbsoluteURL(parsing: Fixture.issuerURL + "/jwks"), maximumBodyBytes: 10))
        }
    }
}
