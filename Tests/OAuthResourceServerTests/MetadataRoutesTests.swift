import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import Testing
import TokenVerification
import WireFormat

@Suite("Metadata routes", .serialized)
struct MetadataRoutesTests {
    private static let inserted = "/.well-known/oauth-protected-resource/mcp"
    private static let alias = "/.well-known/oauth-protected-resource"
    private static let document =
        #"{"resource":"https://mcp.example/mcp","authorization_servers":["https://issuer.example"],"scopes_supported":["mcp:use"],"bearer_methods_supported":["header"]}"#

    @Test(
        "RFC 9728 §3: the document stands at both locations, with one trailing slash tolerated, without a token",
        arguments: [inserted, alias, inserted + "/", alias + "/", inserted + "?x=1"])
    func served(path: String) async throws {
        let response = try await GuardFixture().refusal(method: .get, target: path)
        #expect(response?.status == .ok)
        #expect(response?.text(.contentType) == "application/json")
        #expect(response?.text(.cacheControl) == "public, max-age=3600")
        #expect(response?.text(.accessControlAllowOrigin) == "*")
        #expect(response?.bodyText == Self.document)
        let tag = try #require(response?.text(.eTag))
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\"") && tag.utf8.count > 10)
    }

    @Test(
        "RFC 9728 §3.3: the served resource is the configured string, byte for byte",
        arguments: ["https://mcp.example", "https://mcp.example/", "https://MCP.example:443/%7Ea"])
    func byteForByte(resource: String) async throws {
        let fixture = try GuardFixture { $0.resource = resource }
        let url = try AbsoluteURL(parsing: fixture.server.resource.metadataURL)
        let response = try await fixture.refusal(method: .get, target: url.path)
        let value = try JSONValue(parsing: Array(try #require(response?.bodyText).utf8))
        #expect(value["resource"]?.string?.hasSameBytes(as: resource) == true)
        // The server serves the metadata at the URL that the challenge names.
        #expect(
            try await fixture.refusal()?.text(.wwwAuthenticate)?.hasSuffix("resource_metadata=\"\(url.text)\"") == true)
    }

    @Test(
        "POLICY §4: everything else below /.well-known/ is 404 JSON, not 401",
        arguments: [
            "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/",
            "/.well-known/oauth-protected-resource/other", "/.well-known/oauth-protected-resource/mcp//",
            "/.well-known/oauth-protected-resource/mcp/x", "/.well-known/OAuth-Protected-Resource",
            "/.well-known/oauth-protected-resourcemcp", "/.well-known/oauth-protected-resource/%6Dcp",
        ])
    func notFound(path: String) async throws {
        let response = try await GuardFixture().refusal(method: .get, target: path)
        #expect(response?.status == .notFound)
        #expect(response?.text(.contentType) == "application/json")
        #expect(response?.fields.contains(.wwwAuthenticate) == false)
    }

    @Test(
        "Nothing outside /.well-known/ is served without a token",
        arguments: [
            "/.well-known", "/x/.well-known/oauth-protected-resource", "//.well-known/oauth-protected-resource",
            "/.Well-Known/oauth-protected-resource", "/%2Ewell-known/oauth-protected-resource",
        ])
    func outside(path: String) async throws {
        #expect(try await GuardFixture().refusal(method: .get, target: path)?.status == .unauthorized)
    }

    @Test("A path that the wrapped handler claims goes on to the guard")
    func claimed() async throws {
        let fixture = try GuardFixture { $0.metadata.handlerPaths = ["/.well-known/security.txt"] }
        #expect(try await fixture.refusal(method: .get, target: "/.well-known/security.txt")?.status == .unauthorized)
    }

    @Test("The root alias can be switched off")
    func aliasOff() async throws {
        let fixture = try GuardFixture { $0.metadata.rootAlias = .notServed }
        #expect(try await fixture.refusal(method: .get, target: Self.alias)?.status == .notFound)
        #expect(try await fixture.refusal(method: .get, target: Self.inserted)?.status == .ok)
    }

    @Test("RFC 9110 §13.1.2: If-None-Match with the tag, a list, a weak tag or * is 304; another tag is 200")
    func conditional() async throws {
        let fixture = try GuardFixture()
        let tag = try #require(try await fixture.refusal(method: .get, target: Self.inserted)?.text(.eTag))
        for (condition, status) in [
            (tag, HTTPStatus.notModified), ("\"x\", \(tag)", .notModified), ("W/\(tag)", .notModified),
            ("*", .notModified), ("\"x\"", .ok), ("x" + tag, .ok),
        ] {
            let response = try await fixture.refusal(
                method: .get, target: Self.inserted, fields: [(.ifNoneMatch, try #require(HTTPFields.Value(condition)))]
            )
            #expect(response?.status == status)
            #expect(response?.text(.eTag) == tag)
            #expect((response?.bodyText == "") == (status == .notModified))
        }
    }

    @Test("HEAD has the fields and no body")
    func head() async throws {
        let response = try await GuardFixture().refusal(method: .head, target: Self.inserted)
        #expect(response?.status == .ok)
        #expect(response?.fields.contains(.eTag) == true)
        #expect(response?.bodyText == "")
    }

    @Test(
        "OPTIONS is answered for browsers; other methods are 405 with Allow",
        arguments: [HTTPMethod.post, .put, .delete, .patch])
    func methods(method: HTTPMethod) async throws {
        let fixture = try GuardFixture()
        let preflight = try await fixture.refusal(method: .options, target: Self.inserted)
        #expect(preflight?.status == .noContent)
        #expect(preflight?.text(.accessControlAllowOrigin) == "*")
        #expect(preflight?.text(.accessControlAllowMethods) == "GET, HEAD, OPTIONS")
        let refused = try await fixture.refusal(method: method, target: Self.inserted)
        #expect(refused?.status == .methodNotAllowed)
        #expect(refused?.text(.allow) == "GET, HEAD, OPTIONS")
    }

    @Test("RFC 9728 §2.2: signed_metadata that the program sets is served, and a client verifies it")
    func signedMetadata() async throws {
        let vouching = "https://vouching.example"
        let key = try SigningKey.generate(.es256, keyID: "k")
        let signer = MetadataSigner(issuer: try TokenIssuer(vouching), algorithm: .es256, keyID: "k") {
            try key.sign($0)
        }
        let resource = try ResourceIdentifier("https://mcp.example/mcp")
        var document = ProtectedResourceMetadata(resource: resource)
        document.authorizationServers = [try IssuerIdentifier("https://issuer.example")]
        let jwt = try await signer.signed(document, lifetime: nil).signedMetadata
        let fixture = try GuardFixture { $0.metadata.describe = { $0.signedMetadata = jwt } }
        let body = try #require(try await fixture.refusal(method: .get, target: Self.inserted)?.bodyText)
        let served = try ProtectedResourceMetadata(parsing: Array(body.utf8), expecting: resource)
        let keys = try JSONWebKeySet(
            parsing: JSONValue.object(["keys": [.object(key.publicJWK)]]).encoded(), issuer: vouching)
        let verified = try SignedMetadataVerifier(keys: keys).verify(served)
        #expect(verified.authorizationServers == document.authorizationServers)
        #expect(verified == served)
    }

    @Test("POLICY §4: Host and X-Forwarded-* change nothing")
    func hostIsNotRead() async throws {
        let fixture = try GuardFixture()
        let forwarded: HTTPFields.Name = "X-Forwarded-Host"
        let response = try await fixture.refusal(
            method: .get, target: Self.inserted, fields: [(.host, "evil.example"), (forwarded, "evil.example")])
        #expect(response?.bodyText == Self.document)
        let refused = try await fixture.refusal(fields: [(.host, "evil.example"), (forwarded, "evil.example")])
        #expect(refused?.text(.wwwAuthenticate)?.hasSuffix(GuardFixture.challengeTail) == true)
    }
}
