import HTTPMessages
import OAuthClientMetadata
import OAuthMetadata
import Testing
import WireFormat

@Suite("AuthorizationServerMetadataHandler")
struct AuthorizationServerMetadataHandlerTests {
    private static func handler(
        _ issuer: String = "https://as.example/t", wrapping wrapped: (any HTTPHandler)? = nil, maximumAge: Int = 3_600
    ) throws -> AuthorizationServerMetadataHandler {
        var metadata = AuthorizationServerMetadata(issuer: try IssuerIdentifier(issuer))
        metadata.tokenEndpoint = try AbsoluteURL(parsing: "https://as.example/token")
        return AuthorizationServerMetadataHandler(metadata, wrapping: wrapped, maximumAge: maximumAge)
    }

    private static func send(
        _ handler: AuthorizationServerMetadataHandler, _ method: HTTPMethod = .get, _ target: String,
        _ fields: [(HTTPFields.Name, String)] = []
    ) async throws -> HTTPResponse {
        var request = HTTPRequest(method: method, target: try #require(HTTPRequest.Target(target)))
        for (name, value) in fields { request.fields.append(name, try #require(HTTPFields.Value(value))) }
        return try await handler.respond(to: request)
    }

    private static func text(_ response: HTTPResponse, _ name: HTTPFields.Name) -> String? {
        response.fields[name]?.string
    }

    private static func body(_ response: HTTPResponse) -> [UInt8]? {
        if case .bytes(let bytes) = response.body { bytes } else { nil }
    }

    @Test("RFC 8414 §3.1, §5: the document stands at every location of the issuer, one slash more is tolerated")
    func locations() async throws {
        for (issuer, count) in [
            ("https://as.example", 2), ("https://as.example/", 2), ("https://as.example/t", 3),
            ("https://as.example:8443/t/1/", 3),
        ] {
            let handler = try Self.handler(issuer)
            let paths = try IssuerIdentifier(issuer).metadataURLs.map(\.path)
            #expect(paths.count == count)
            for path in paths.flatMap({ [$0, $0 + "/", $0 + "?x=1"] }) {
                let response = try await Self.send(handler, .get, path)
                #expect(response.status == .ok, "\(path)")
                #expect(Self.text(response, .contentType) == "application/json")
                #expect(Self.text(response, .cacheControl) == "public, max-age=3600")
                #expect(Self.text(response, .accessControlAllowOrigin) == "*")
                let parsed = try AuthorizationServerMetadata(
                    parsing: #require(Self.body(response)), expecting: IssuerIdentifier(issuer))
                #expect(parsed == handler.metadata)
            }
        }
    }

    @Test(
        "Another path is 404 JSON without a wrapped handler",
        arguments: [
            "/", "/.well-known/", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/t//", "/.well-known/oauth-authorization-server/T",
            "/.well-known/oauth-authorization-server/%74", "/.well-known/oauth-authorization-server/t/x",
            "/t/.well-known/oauth-authorization-server", "//.well-known/oauth-authorization-server/t",
            "/.well-known/oauth-protected-resource/t", "/x?/.well-known/oauth-authorization-server/t",
        ])
    func notFound(path: String) async throws {
        let response = try await Self.send(Self.handler(), .get, path)
        #expect(response.status == .notFound)
        #expect(Self.text(response, .contentType) == "application/json")
        #expect(Self.text(response, .cacheControl) == "no-store")
    }

    @Test("RFC 9110 §13.1.2: If-None-Match with the entity-tag is 304; another document has another tag")
    func conditional() async throws {
        let path = "/.well-known/oauth-authorization-server/t"
        let tag = try #require(Self.text(await Self.send(Self.handler(), .get, path), .eTag))
        for (condition, status) in [
            (tag, HTTPStatus.notModified), ("\"x\", W/\(tag)", .notModified), ("*", .notModified), ("\"x\"", .ok),
        ] {
            let response = try await Self.send(Self.handler(), .get, path, [(.ifNoneMatch, condition)])
            #expect(response.status == status)
            #expect(Self.text(response, .eTag) == tag)
            #expect(Self.body(response)?.isEmpty == (status == .notModified))
        }
        let other = try await Self.send(
            Self.handler("https://as.example/t/"), .get, path, [(.ifNoneMatch, tag)])
        #expect(other.status == .ok)
    }

    @Test("GET, HEAD and OPTIONS are answered; other methods are 405 with Allow")
    func methods() async throws {
        let path = "/t/.well-known/openid-configuration"
        #expect(try await Self.send(Self.handler(), .head, path).status == .ok)
        let preflight = try await Self.send(Self.handler(), .options, path)
        #expect(preflight.status == .noContent)
        #expect(Self.text(preflight, .accessControlAllowOrigin) == "*")
        #expect(Self.text(preflight, .accessControlAllowMethods) == "GET, HEAD, OPTIONS")
        for method in [HTTPMethod.post, .put, .patch, .delete] {
            let response = try await Self.send(Self.handler(), method, path)
            #expect(response.status == .methodNotAllowed)
            #expect(Self.text(response, .allow) == "GET, HEAD, OPTIONS")
            #expect(Self.text(response, .accessControlAllowOrigin) == "*")
        }
    }

    @Test("A wrapped handler answers the other paths, and its response keeps status, fields and content")
    func wrapped() async throws {
        let inner = ClosureHandler { request in
            var response = HTTPResponse(status: .unauthorized, body: .bytes(Array("x".utf8)))
            response.fields.append(.wwwAuthenticate, "Basic")
            response.fields.append(.wwwAuthenticate, "Bearer")
            response.fields.append(.cacheControl, "no-store")
            response.principalID = request.path
            return response
        }
        let handler = try Self.handler(wrapping: inner)
        for path in ["/token", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json"] {
            let response = try await Self.send(handler, .post, path)
            #expect(response.status == .unauthorized)
            #expect(response.fields.values(of: .wwwAuthenticate).map(\.string) == ["Basic", "Bearer"])
            #expect(Self.text(response, .cacheControl) == "no-store")
            #expect(!response.fields.contains(.eTag) && !response.fields.contains(.accessControlAllowOrigin))
            #expect(Self.body(response) == Array("x".utf8))
            #expect(response.principalID == path)
        }
        #expect(try await Self.send(handler, .get, "/.well-known/oauth-authorization-server/t").status == .ok)
        #expect(try await Self.send(handler, .post, "/.well-known/oauth-authorization-server/t").status.code == 405)
    }

    @Test("What the wrapped handler throws and where it may run are its own")
    func errorsAndExposure() async throws {
        struct Failing: HTTPHandler {
            struct Failure: Error {}
            var exposure: HTTPExposure { .loopbackOnly(reason: "a test") }
            func respond(to request: HTTPRequest) async throws -> HTTPResponse { throw Failure() }
        }
        let handler = try Self.handler(wrapping: Failing())
        await #expect(throws: Failing.Failure.self) { try await Self.send(handler, .get, "/token") }
        #expect(handler.exposure == .loopbackOnly(reason: "a test"))
        #expect(try Self.handler().exposure == .anywhere)
    }

    @Test("maximumAge is sent; a number out of range stops the program")
    func maximumAge() async throws {
        let response = try await Self.send(
            Self.handler(maximumAge: 0), .get, "/.well-known/oauth-authorization-server/t")
        #expect(Self.text(response, .cacheControl) == "public, max-age=0")
        await #expect(processExitsWith: .failure) { _ = try Self.handler(maximumAge: -1) }
        await #expect(processExitsWith: .failure) { _ = try Self.handler(maximumAge: 86_401) }
    }
}
