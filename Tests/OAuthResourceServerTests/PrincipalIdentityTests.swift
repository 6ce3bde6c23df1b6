import HTTPMessages
import OAuthTestKit
import Testing
import WireFormat

@testable import OAuthResourceServer
@testable import TokenVerification

@Suite("Principal.Identity: the user or client that a principal stands for", .serialized)
struct PrincipalIdentityTests {
    private static func principal(
        _ claims: JSONDocument.Object, issuer: String = "https://issuer.example", isIntrospected: Bool = true
    ) throws -> Principal {
        let document = try JSONDocument(parsing: JSONValue.object(claims).encoded())
        return Principal(
            isIntrospected
                ? AccessToken(introspected: document, issuer: issuer, expiresAt: nil, scopes: ScopeMapping())
                : AccessToken(issuer: issuer, expiresAt: nil, claims: document))
    }

    @Test(
        "POLICY §7 subject: a principal is its sub, else its username, else its client, and says which",
        arguments: [
            (["sub": "x", "username": "y", "client_id": "z"], .subject, "x"),
            (["username": "y", "client_id": "z"], .username, "y"),
            (["sub": .null, "username": "y"], .username, "y"), (["sub": "", "username": "y"], .username, "y"),
            (["client_id": "z"], .client, "z"), (["sub": "", "azp": "z"], .client, "z"),
            (["username": "", "cid": "z"], .client, "z"),
            (["sub": .null, "username": .null, "appid": "z"], .client, "z"),
            ([:], nil, nil), (["client_id": ""], nil, nil), (["preferred_username": "y", "name": "y"], nil, nil),
        ] as [(JSONDocument.Object, Principal.Identity.Kind?, String?)])
    func kinds(claims: JSONDocument.Object, kind: Principal.Identity.Kind?, name: String?) throws {
        let identity = try Self.principal(claims).identity
        #expect(identity?.kind == kind)
        #expect(identity?.name == name)
        #expect(identity?.issuer == (kind == nil ? nil : "https://issuer.example"))
    }

    @Test("A JWT has no username, so that its user is unknown and it is its client")
    func jwt() throws {
        let principal = try Self.principal(["username": "y", "client_id": "z"], isIntrospected: false)
        #expect(principal.subject == nil && principal.identity?.kind == .client)
    }

    @Test("Equal texts of different kinds, issuers and bytes are different identities; the client makes no difference")
    func equality() throws {
        let identities = [
            try Self.principal(["sub": "x"]).identity, try Self.principal(["username": "x"]).identity,
            try Self.principal(["client_id": "x"]).identity, Principal(anonymousAs: "x").identity,
            try Self.principal(["sub": "x"], issuer: "https://other.example").identity,
            try Self.principal(["sub": "X"]).identity, try Self.principal(["sub": "\u{E9}"]).identity,
            try Self.principal(["sub": "e\u{301}"]).identity, try Self.principal(["sub": "K"]).identity,
            try Self.principal(["sub": "\u{212A}"]).identity,
        ]
        #expect(Set(identities).count == identities.count)
        let sameUser: [JSONDocument.Object] = [
            ["sub": "x"], ["sub": "x", "client_id": "a"], ["sub": "x", "username": "y"],
        ]
        let same = try sameUser.map { try Self.principal($0).identity }
        #expect(Set(same).count == 1)
        #expect(try Self.principal(["sub": "x"], isIntrospected: false).identity == same[0])
    }

    @Test("No description shows the name")
    func redaction() throws {
        let identity = try #require(try Self.principal(["username": "hunter2"]).identity)
        var dumped = ""
        dump(identity, to: &dumped)
        for text in ["\(identity)", String(reflecting: identity), dumped] { #expect(!text.contains("hunter2")) }
    }

    @Test("Request contexts limit each user: the same text as sub and as username are two users")
    func contexts() throws {
        let contexts = RequestContexts(capacity: 10, capacityPerUser: 1)
        let users = [
            try Self.principal(["sub": "x", "client_id": "app"]),
            try Self.principal(["username": "x", "client_id": "app"]),
            try Self.principal(["username": "y", "client_id": "app"]), try Self.principal(["client_id": "x"]),
        ]
        for user in users { _ = contexts.open(for: user) }
        #expect(contexts.count == users.count)
        _ = contexts.open(for: try Self.principal(["username": "y", "client_id": "another"]))
        #expect(contexts.count == users.count, "one user with two clients has one place")
    }

    @Test("Two users of one client, known by introspection only, do not share a session")
    func sessions() async throws {
        let (alice, bob) = ("token-of-alice", "token-of-bob")
        let fetcher = ScriptedIntrospectionByToken { token in
            ["active": true, "aud": .string(GuardFixture.resource), "client_id": "app", "username": .string(token)]
        }
        var configuration = ResourceServerConfiguration(resource: GuardFixture.resource)
        configuration.tokens.introspection = IntrospectionConfiguration(
            endpoint: "https://login.example.com/introspect", issuer: "https://login.example.com", resource: nil,
            credentials: .basic(clientID: "rs", try ClientSecret("s3cret")))
        let server = try ResourceServer(configuration, fetcher: fetcher)
        var begun = HTTPResponse.text("begun")
        begun.fields[.mcpSessionID] = "s-1"
        let session = try #require(
            try await GuardExchange(server, token: alice, answer: begun).response.fields[.mcpSessionID]?.string)
        let named = [("Mcp-Session-Id", session)]
        let own = try await GuardExchange(server, token: alice, fields: named)
        #expect(own.response.status == .ok && own.principal?.subject == alice)
        let other = try await GuardExchange(server, token: bob, fields: named)
        #expect(other.response.status == .notFound && other.principal == nil)
    }
}

/// An introspection endpoint whose response depends on the token.
private struct ScriptedIntrospectionByToken: DocumentFetcher {
    let answer: @Sendable (String) -> JSONDocument.Object

    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        guard case .postForm(let form) = request.method else { throw .notAllowed }
        let first = String(
            decoding: form.prefix { $0 != UInt8(ascii: "&") }.dropFirst("token=".utf8.count), as: UTF8.self)
        var fields = HTTPFields()
        fields.append(.contentType, "application/json")
        return FetchedDocument(status: .ok, fields: fields, body: JSONValue.object(answer(first)).encoded())
    }
}
