import OAuthTestKit
import Testing

@Test func onlyReadersGetIn() async throws {
    let issuer = FakeIssuer()
    let server = try ResourceServer(testing: issuer, requiredScopes: ["notes:read"]).protecting(NotesHandler())
    let (reader, other) = (issuer.token(scope: "notes:read"), issuer.token(scope: "other"))
    #expect(try await server.post("/mcp", token: reader, json: .mcp("ping")).status == .ok)
    #expect(try await server.post("/mcp", token: other, json: .mcp("ping")).status == .forbidden)
    #expect(try await server.post("/mcp", token: issuer.token(with: .expired)).status == .unauthorized)
}
