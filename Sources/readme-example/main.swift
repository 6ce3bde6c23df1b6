import HTTPMessages
import OAuthResourceServer
import SafeFetch
import SocketHTTP

let resourceServer = try ResourceServer(
    resource: "https://mcp.example.com/mcp", issuer: "https://login.example.com",
    requiredScopes: ["mcp:use"], fetcher: CurlFetcher(), observer: LineLogger.standardError.observe)
let handler = resourceServer.protecting { request, principal in
    .text("Hello, \(principal.subject ?? "stranger")\n")
}
try await HTTPServer(host: "127.0.0.1", port: 8080).listen().runUntilTerminated(handler)
