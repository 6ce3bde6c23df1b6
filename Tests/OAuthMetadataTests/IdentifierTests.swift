import OAuthMetadata
import Testing
import WireFormat

@Suite("Identifiers", .serialized)
struct IdentifierTests {
    @Test(
        "The operator's string is kept byte for byte",
        arguments: [
            "https://mcp.example", "https://mcp.example/", "https://MCP.example:443/mcp", "https://mcp.example/a%2Fb/",
            "http://127.0.0.1:8080/mcp", "http://localhost:8080", "http://[::1]:8080/mcp",
        ])
    func bytes(text: String) throws {
        let resource = try ResourceIdentifier(text)
        #expect(resource.text.utf8.elementsEqual(text.utf8))
        #expect(resource.description.utf8.elementsEqual(text.utf8))
    }

    @Test(
        "RFC 9728 §1.2, POLICY §4: refused resources, each with its reason",
        arguments: [
            ("", IdentifierError.url(.empty)), ("mcp.example", .url(.unsupportedScheme)),
            ("ftp://mcp.example", .url(.unsupportedScheme)), ("https://", .url(.missingHost)),
            ("https://user@mcp.example/", .url(.userinfo)), ("https://mcp.example/#x", .fragment),
            ("https://mcp.example/#", .fragment), ("http://mcp.example/mcp", .insecure),
            ("http://127.0.0.1.example/", .insecure), ("http://localhost.example/", .insecure),
        ])
    func refused(text: String, reason: IdentifierError) {
        #expect(throws: reason) { try ResourceIdentifier(text) }
    }

    @Test("http needs permission: never, loopback, any host")
    func insecureHTTP() throws {
        #expect(throws: IdentifierError.insecure) { try ResourceIdentifier("http://127.0.0.1/", insecureHTTP: .never) }
        #expect(throws: IdentifierError.insecure) { try IssuerIdentifier("http://127.0.0.1:9000") }
        _ = try IssuerIdentifier("http://127.0.0.1:9000", insecureHTTP: .loopback)
        _ = try ResourceIdentifier("http://mesh.example/mcp", insecureHTTP: .dangerouslyAnyHost)
    }

    @Test("RFC 8414 §2: an issuer has neither query nor fragment")
    func issuers() {
        #expect(throws: IdentifierError.query) { try IssuerIdentifier("https://issuer.example/?x=1") }
        #expect(throws: IdentifierError.query) { try IssuerIdentifier("https://issuer.example?") }
        #expect(throws: IdentifierError.fragment) { try IssuerIdentifier("https://issuer.example/#x") }
    }

    @Test(
        "RFC 9728 §3.1: the well-known string is inserted between host and path",
        arguments: [
            ("https://mcp.example", "https://mcp.example/.well-known/oauth-protected-resource"),
            ("https://mcp.example/", "https://mcp.example/.well-known/oauth-protected-resource"),
            ("https://mcp.example/mcp", "https://mcp.example/.well-known/oauth-protected-resource/mcp"),
            ("https://mcp.example/a/b/", "https://mcp.example/.well-known/oauth-protected-resource/a/b/"),
            ("https://mcp.example:8443/mcp", "https://mcp.example:8443/.well-known/oauth-protected-resource/mcp"),
            ("https://mcp.example/r?t=1", "https://mcp.example/.well-known/oauth-protected-resource/r?t=1"),
            ("http://[::1]:8080/mcp", "http://[::1]:8080/.well-known/oauth-protected-resource/mcp"),
        ])
    func metadataURL(resource: String, expected: String) throws {
        #expect(try ResourceIdentifier(resource).metadataURL == expected)
    }

    @Test(
        "RFC 8414 §3.1, §5 and OpenID Connect Discovery §4: inserted, inserted, appended",
        arguments: [
            (
                "https://as.example",
                [
                    "https://as.example/.well-known/oauth-authorization-server",
                    "https://as.example/.well-known/openid-configuration",
                ]
            ),
            (
                "https://as.example/",
                [
                    "https://as.example/.well-known/oauth-authorization-server",
                    "https://as.example/.well-known/openid-configuration",
                ]
            ),
            (
                "https://as.example/tenant",
                [
                    "https://as.example/.well-known/oauth-authorization-server/tenant",
                    "https://as.example/.well-known/openid-configuration/tenant",
                    "https://as.example/tenant/.well-known/openid-configuration",
                ]
            ),
            (
                "https://as.example/tenant/",
                [
                    "https://as.example/.well-known/oauth-authorization-server/tenant",
                    "https://as.example/.well-known/openid-configuration/tenant",
                    "https://as.example/tenant/.well-known/openid-configuration",
                ]
            ),
        ])
    func discoveryURLs(issuer: String, expected: [String]) throws {
        #expect(try IssuerIdentifier(issuer).metadataURLs.map(\.text) == expected)
    }
}
