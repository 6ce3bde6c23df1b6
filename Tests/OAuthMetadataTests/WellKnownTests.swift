import OAuthMetadata
import Testing
import WireFormat

@Suite("Well-known locations and their inverse")
struct WellKnownTests {
    private static let origins = [
        "https://a.example", "https://a.example:8443", "https://a.example:443", "HTTPS://A.example",
        "https://203.0.113.7",
        "https://[2001:db8::1]:8443", "http://127.0.0.1:8080", "http://[::1]:1",
    ]

    private static let paths = [
        "", "/", "//", "/mcp", "/mcp/", "/mcp//", "/a/b/c", "/a%2Fb", "/a%2fb", "/A", "/~user;v=1", "/a,b",
        "/.well-known",
        "/.well-known/", "/.well-known/oauth-protected-resource", "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/x", "/x/.well-known/openid-configuration", "/...", "/a..b",
        "/well-known/openid-configuration",
    ]

    private static let queries = ["", "?", "?t=1", "?a=%20&b=/.well-known/", "?x?y", "?/../"]

    @Test("RFC 9728 §3.1: a resource of any port, path and query is found again from its metadata URL")
    func resources() throws {
        for text in Self.origins.flatMap({ origin in Self.paths.map { origin + $0 } }).flatMap({ text in
            Self.queries.map { text + $0 }
        }) {
            let resource = try ResourceIdentifier(text)
            let url = try AbsoluteURL(parsing: resource.metadataURL)
            let found = ResourceIdentifier.resources(ofMetadataURL: url)
            #expect(found.contains(resource), "\(text)")
            #expect(found.count == (resource.url.path.utf8.count <= 1 ? 2 : 1), "\(text)")
            #expect(found.allSatisfy { $0.metadataURL == resource.metadataURL }, "\(text)")
        }
    }

    @Test("RFC 8414 §3.1, §5: an issuer of any port and path is found again from each of its locations")
    func issuers() throws {
        for text in Self.origins.flatMap({ origin in Self.paths.map { origin + $0 } }) {
            let issuer = try IssuerIdentifier(text, insecureHTTP: .loopback)
            #expect(issuer.metadataURLs.map(\.path) == issuer.metadataPaths)
            for url in issuer.metadataURLs {
                let found = IssuerIdentifier.issuers(ofMetadataURL: url, insecureHTTP: .loopback)
                #expect(found.contains(issuer), "\(text) at \(url)")
                #expect(Set(found).count == found.count, "\(url)")
                #expect(found.allSatisfy { $0.metadataURLs.contains(url) }, "\(url)")
            }
        }
    }

    @Test(
        "RFC 9728 §3.1: the well-known part is removed, and nothing else is changed",
        arguments: [
            ("https://m.example/.well-known/oauth-protected-resource", ["https://m.example", "https://m.example/"]),
            ("https://m.example/.well-known/oauth-protected-resource/mcp", ["https://m.example/mcp"]),
            ("https://m.example/.well-known/oauth-protected-resource/mcp/", ["https://m.example/mcp/"]),
            ("https://m.example/.well-known/oauth-protected-resource//", ["https://m.example//"]),
            (
                "https://m.example/.well-known/oauth-protected-resource?t=1",
                ["https://m.example?t=1", "https://m.example/?t=1"]
            ),
            ("https://M.example:443/.well-known/oauth-protected-resource/%7e?", ["https://M.example:443/%7e?"]),
            // No location of a resource: one slash only is removed when the location is made.
            ("https://m.example/.well-known/oauth-protected-resource/", []),
            ("https://m.example/.well-known/oauth-protected-resources", []),
            ("https://m.example/.well-known/oauth-protected-resource.json", []),
            ("https://m.example/.well-known/oauth-protected-resource%2Fmcp", []),
            ("https://m.example/.well-known/OAuth-protected-resource/mcp", []),
            ("https://m.example/.well-known/oauth%2Dprotected-resource/mcp", []),
            ("https://m.example/%2Ewell-known/oauth-protected-resource/mcp", []),
            ("https://m.example//.well-known/oauth-protected-resource/mcp", []),
            ("https://m.example/mcp/.well-known/oauth-protected-resource", []),
            ("https://m.example/.well-known/oauth-authorization-server/mcp", []),
            ("https://m.example/.well-known/oauth-protected-resource/mcp#x", []),
            ("https://m.example/.well-known/oauth-protected-resource/a/../b", []),
            ("https://m.example/.well-known/oauth-protected-resource/%2e%2E", []),
            ("http://m.example/.well-known/oauth-protected-resource/mcp", []),
            ("https://m.example", []), ("https://m.example/mcp?/.well-known/oauth-protected-resource", []),
        ])
    func resource(url: String, expected: [String]) throws {
        #expect(try ResourceIdentifier.resources(ofMetadataURL: AbsoluteURL(parsing: url)).map(\.text) == expected)
    }

    @Test(
        "RFC 8414 §3.1, §5: the three forms of a location, and their neighbours",
        arguments: [
            (
                "https://as.example/.well-known/oauth-authorization-server",
                ["https://as.example", "https://as.example/"]
            ),
            ("https://as.example/.well-known/openid-configuration", ["https://as.example", "https://as.example/"]),
            (
                "https://as.example:8443/.well-known/oauth-authorization-server/t/1",
                ["https://as.example:8443/t/1", "https://as.example:8443/t/1/"]
            ),
            (
                "https://as.example/.well-known/openid-configuration/t",
                ["https://as.example/t", "https://as.example/t/"]
            ),
            (
                "https://as.example/t/.well-known/openid-configuration",
                ["https://as.example/t", "https://as.example/t/"]
            ),
            ("https://as.example/.well-known/oauth-authorization-server/t/", ["https://as.example/t//"]),
            (
                "https://as.example/.well-known/openid-configuration/t/.well-known/openid-configuration",
                [
                    "https://as.example/t/.well-known/openid-configuration",
                    "https://as.example/t/.well-known/openid-configuration/",
                    "https://as.example/.well-known/openid-configuration/t",
                    "https://as.example/.well-known/openid-configuration/t/",
                ]
            ),
            ("https://as.example/t/.well-known/oauth-authorization-server", []),
            ("https://as.example/.well-known/oauth-authorization-servers", []),
            ("https://as.example/.well-known/oauth-authorization-server.t", []),
            ("https://as.example/.well-known/openid-configuration%2Ft", []),
            ("https://as.example/t/.well-known/openid-configuration/", []),
            ("https://as.example/t.well-known/openid-configuration", []),
            ("https://as.example/t/.well-known/OpenID-configuration", []),
            ("https://as.example/.well-known/oauth-authorization-server/t?x", []),
            ("https://as.example/.well-known/oauth-authorization-server/t#x", []),
            ("https://as.example/.well-known/oauth-authorization-server/../t", []),
            ("http://as.example/.well-known/oauth-authorization-server/t", []), ("https://as.example/t", []),
            ("http://127.0.0.1/.well-known/oauth-authorization-server", []),
        ])
    func issuer(url: String, expected: [String]) throws {
        #expect(try IssuerIdentifier.issuers(ofMetadataURL: AbsoluteURL(parsing: url)).map(\.text) == expected)
    }
}
