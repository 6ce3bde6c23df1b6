import OAuthTestKit
import ResourceServerKit
import Synchronization
import Testing

// The code of the article "Test your server".

@Suite("The notes server")
struct NotesServerTests {
    let issuer: FakeIssuer
    let server: ProtectedHandler
    let reasons = Reasons()

    init() throws {
        issuer = try FakeIssuer(
            audience: "https://mcp.example.com/mcp", algorithms: [.es256])
        var configuration = ResourceServerConfiguration(
            resource: issuer.audience, requiredScopes: ["mcp:use"])
        configuration.metadata.authorizationServers = [issuer.url]
        let verifier = try JWTTokenVerifier(
            issuer: issuer.url, audience: issuer.audience, keys: issuer.keySource)
        let resourceServer = try ResourceServer(
            configuration, verifier: verifier, observer: reasons.observe)
        server = resourceServer.protecting(NotesHandler())
    }

    func post(_ body: String, token: String?) async throws -> HTTPResponse {
        var request = HTTPRequest(
            method: .post, target: try #require(HTTPRequest.Target("/mcp")),
            body: HTTPRequest.Body(Array(body.utf8)))
        if let token {
            request.fields[.authorization] = HTTPFields.Value("Bearer \(token)")
        }
        return try await server.respond(to: request)
    }

    @Test("A good token reaches the handler")
    func good() async throws {
        #expect(try await post("a note", token: issuer.token()).status == .ok)
    }

    @Test("Without a token, the answer says where to log in")
    func challenge() async throws {
        let response = try await post("a note", token: nil)
        #expect(response.status == .unauthorized)
        #expect(
            response.fields[.wwwAuthenticate]?.string?.contains("resource_metadata")
                == true)
    }

    @Test(
        "A token with any defect is refused", arguments: FakeIssuer.Defect.allCases)
    func defects(_ defect: FakeIssuer.Defect) async throws {
        #expect(
            try await post("a note", token: issuer.token(with: defect)).status
                == .unauthorized)
    }

    @Test("A token without the scope is refused for this reason alone")
    func scope() async throws {
        let token = issuer.token { $0.claims["scope"] = "other" }
        #expect(try await post("a note", token: token).status == .forbidden)
        #expect(reasons.all == ["insufficient_scope"])
    }

    @Test("Tokens of a new key are accepted, and those of a dropped key are not")
    func rotation() async throws {
        let old = issuer.token()
        try issuer.rotateKeys(.drop)
        #expect(try await post("a note", token: issuer.token()).status == .ok)
        #expect(try await post("a note", token: old).status == .unauthorized)
    }
}

/// The reasons of all refusals.
final class Reasons: Sendable {
    private let codes = Mutex<[String]>([])

    var all: [String] { codes.withLock { $0 } }

    func observe(_ event: ResourceServerEvent) {
        if case .denied(let refusal, _) = event {
            codes.withLock { $0.append(refusal.code) }
        }
    }
}

/// A caller for a test of a handler alone.
func caller(_ subject: String, scopes: String) throws -> Principal {
    let claims: JSONValue = ["sub": .string(subject), "scope": .string(scopes)]
    let document = try JSONDocument(parsing: claims.encoded())
    return Principal(
        AccessToken(
            issuer: "https://login.example.com", expiresAt: nil, claims: document))
}

@Suite("The handler of the notes server, without a guard")
struct NotesHandlerTests {
    @Test("Each user has separate notes")
    func users() async throws {
        let handler = NotesHandler()
        let request = HTTPRequest(
            method: .post, target: try #require(HTTPRequest.Target("/mcp")))
        for name in ["alice", "bob"] {
            let response = try await Principal.$current.withValue(
                caller(name, scopes: "mcp:use")
            ) {
                try await handler.respond(to: request)
            }
            guard case .bytes(let body) = response.body else { return }
            #expect(String(decoding: body, as: UTF8.self) == #"{"notes":1}"#)
        }
    }

    @Test("A token is good until its end")
    func expiry() async throws {
        let clock = FakeClock()
        let issuer = try FakeIssuer(algorithms: [.es256], clock: clock.wallClock)
        let trusted = TrustedIssuer(
            try JWTValidation(issuer: issuer.url, resource: issuer.audience),
            keys: issuer.keySource)
        let verifier = try JWTTokenVerifier([trusted], clock: clock.wallClock)
        let token = PresentedToken(issuer.token())
        _ = try await verifier.verify(token)
        clock.advance(by: 3_700)
        await #expect(throws: TokenRejection.invalid(.jwt(.claim(.exp, .expired)))) {
            try await verifier.verify(token)
        }
    }
}
