import OAuthTestKit
import ResourceServerKit

// The code of the landing pages of the modules: it is here so that it compiles. `ArticleExampleTests` calls what needs
// no network.

/// HTTPMessages.
struct Greeting: HTTPHandler {
    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        guard request.method == .get else {
            return .text("use GET\n", status: .methodNotAllowed)
        }
        return .json(["path": .string(request.path)])
    }
}

/// JOSE.
func verifiedSubject(_ token: [UInt8], keys document: [UInt8], now: Double) throws
    -> String?
{
    let keys = try JSONWebKeySet(
        parsing: document, issuer: "https://login.example.com")
    let validation = try JWTValidation(
        issuer: "https://login.example.com",
        resource: "https://mcp.example.com/mcp")
    let jwt = try validation.verify(
        UnverifiedJWT(parsing: token, limit: 16_384), keys: keys, now: now)
    return jwt.claims.root["sub"]?.string
}

/// OAuthMetadata, as a client uses it.
func metadataLocations(_ url: AbsoluteURL, fieldValues: [[UInt8]]) throws
    -> [AbsoluteURL]
{
    let challenges = try AuthenticationChallenges(parsing: fieldValues)
    return try challenges.bearer.map {
        try ChallengedResource(calling: url, challenge: $0).metadataURL
    }
}

/// SafeFetch.
func fetchKeys() async throws -> [UInt8] {
    let fetcher = CurlFetcher()
    let url = try AbsoluteURL(parsing: "https://login.example.com/jwks")
    let document = try await fetcher.fetch(
        DocumentRequest(url: url, maximumBodyBytes: 1_048_576))
    return document.status == .ok ? document.body : []
}

/// SocketHTTP.
func serve() async throws {
    let listening = try HTTPServer(host: "127.0.0.1", port: 0).listen()
    print("http://127.0.0.1:\(listening.port)")
    try await listening.runUntilTerminated(Greeting())
}

/// WireFormat.
func readJSON() throws -> String? {
    let document = try JSONDocument(
        parsing: Array(#"{"name": "notes", "tags": ["a", "b"]}"#.utf8))
    let name = document.root["name"]?.string
    let reply: JSONValue = ["hello": .string(name ?? "stranger"), "ok": true]
    return String(decoding: reply.encoded(), as: UTF8.self)
}

/// OAuthTestKit.
func statuses(of handler: some HTTPHandler) async throws -> [HTTPStatus] {
    let issuer = FakeIssuer()
    let server = try ResourceServer(
        testing: issuer, requiredScopes: ["notes:read"]
    ).protecting(handler)
    let good = try await server.post("/mcp", token: issuer.token(scope: "notes:read"))
    let expired = try await server.post("/mcp", token: issuer.token(with: .expired))
    return [good.status, expired.status]
}

func loginServer() throws -> DevelopmentAuthorizationServer {
    try DevelopmentAuthorizationServer(issuer: "http://127.0.0.1:9000")
}
