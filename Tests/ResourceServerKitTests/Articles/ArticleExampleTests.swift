import OAuthTestKit
import Testing

@testable import ResourceServerKit

@Suite("The code of the articles works", .serialized)
struct ArticleExampleTests {
    private static let resource = "https://mcp.example.com/mcp"

    private func guarding(_ configuration: ResourceServerConfiguration) throws -> ResourceServer {
        try ResourceServer(configuration, fetcher: InProcessFetcher([:]), observer: { _ in })
    }

    @Test("Each preset of \"Set up your authorization server\" makes a guard, and so do its other examples")
    func presets() throws {
        let issuers = providerExamples()
        #expect(issuers.count == 22)
        for issuer in issuers + [unknownProduct()] {
            let server = try guarding(ResourceServerConfiguration(resource: Self.resource, issuers: [issuer]))
            #expect(!server.metadata.authorizationServers.isEmpty, "\(issuer.issuer)")
        }
        _ = try guarding(notesConfiguration())
        _ = try guarding(introspection(try ClientSecret("an-example-of-a-secret")))
    }

    @Test("The rules of \"Scopes for MCP tools\" are acceptable, one after the other")
    func scopes() throws {
        let changes = [
            requireScopes, implyScopes, openOperations, stepUp, mapRoles, openRoutes, acceptBoundTokens, requireNonces,
        ]
        for change in changes {
            var configuration = ResourceServerConfiguration(
                resource: Self.resource, issuers: ["https://login.example.com"])
            change(&configuration)
            _ = try guarding(configuration)
        }
    }

    @Test("The handlers of \"Wrap an existing handler\" get requests with a good token")
    func handlers() async throws {
        let issuer = FakeIssuer(audience: Self.resource)
        let server = try ResourceServer(testing: issuer)
        let token = issuer.token(scope: "notes:read")
        #expect(try await protectedNotes(server).post("/mcp", token: token).text() == #"{"notes":1}"#)
        let greeting = greeting(server)
        #expect(try await greeting.post("/mcp", token: token).text() == "Hello, test-user\n")
        #expect(try await greeting.post("/mcp", token: issuer.token()).text() == "no notes for you\n")
        #expect(try await greeting.post("/mcp").text().contains("unauthorized"))
        #expect(try severalResources().server(for: "/tasks/mcp") != nil)
    }

    @Test("The verifier of \"Write a TokenVerifier\" tells a bad token from a store that does not answer")
    func verifier() async throws {
        struct NoAnswer: Error {}
        struct Store: TicketStore {
            func ticket(for token: [UInt8]) async throws -> Ticket? {
                switch String(decoding: token, as: UTF8.self) {
                case "good": Ticket(user: "alice", scopes: "mcp:use", endsAt: 2_000)
                case "old": Ticket(user: "alice", scopes: "mcp:use", endsAt: 1_000)
                case "down": throw NoAnswer()
                default: nil
                }
            }
        }
        let verifier = TicketVerifier(store: Store(), clock: WallClock { 1_000 })
        let accessToken = try await verifier.verify(PresentedToken("good"))
        #expect(accessToken.subject == "alice")
        #expect(accessToken.scopes.contains("mcp:use"))
        await #expect(throws: TokenRejection.invalid(.other(code: "ticket_expired"))) {
            try await verifier.verify(PresentedToken("old"))
        }
        await #expect(throws: TokenRejection.invalid(.other(code: "ticket_unknown"))) {
            try await verifier.verify(PresentedToken("x"))
        }
        await #expect(throws: TokenRejection.unavailable(.verifier, retryAfter: 5)) {
            try await verifier.verify(PresentedToken("down"))
        }
        _ = try ticketServer(Store())
    }

    @Test("The code of the landing pages does what they say")
    func landingPages() async throws {
        #expect(try readJSON() == #"{"hello":"notes","ok":true}"#)
        #expect(try await statuses(of: Greeting()) == [.methodNotAllowed, .unauthorized])
        #expect(try loginServer().issuer.url == "http://127.0.0.1:9000")
        let issuer = FakeIssuer()
        let good = issuer.token()
        let keys = JSONValue.object(issuer.jwks).encoded()
        let claimed = try UnverifiedJWT(parsing: Array(good.utf8), limit: 16_384)
        #expect(claimed.unverifiedIssuer == issuer.url)
        // The example names an issuer of its own, so that this token is refused for its issuer alone.
        #expect(throws: JOSEError.claim(.iss, .mismatch)) {
            try verifiedSubject(Array(good.utf8), keys: keys, now: WallClock.system.now())
        }
        let url = try AbsoluteURL(parsing: "https://mcp.example.com/mcp")
        let challenge = #"Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp""#
        #expect(
            try metadataLocations(url, fieldValues: [Array(challenge.utf8)]).map(\.text)
                == ["https://mcp.example.com/.well-known/oauth-protected-resource/mcp"])
    }
}
