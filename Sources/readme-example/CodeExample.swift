import ResourceServerKit

/// The README's second example: the same server, configured in code.
func makeHandler() throws -> ProtectedHandler {
    let resourceServer = try ResourceServer(
        resource: "https://mcp.example.com/mcp", issuer: "https://login.example.com", requiredScopes: ["mcp:use"])
    return resourceServer.protecting { request, principal in
        .text("Hello, \(principal.subject ?? "stranger")\n")
    }
}
