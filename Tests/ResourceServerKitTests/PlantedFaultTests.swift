import Foundation
import OAuthTestKit
import Testing

@testable import ResourceServerKit

/// Every usual fault of an operation is planted, and its log line must name the cause and what to do.
@Suite("The cause at first sight (POLICY §17)", .serialized, .timeLimit(.minutes(5)))
struct PlantedFaultTests {
    private let stage = FaultStage()

    // MARK: Tokens

    @Test("A token for another resource: the expected audience is named, the found one is not")
    func audience() async throws {
        try await FaultTable.check("a token for another resource", stage.lines(audience: "https://other.example/mcp"))
    }

    @Test("A server behind TLS whose resource is its inner URL")
    func innerURL() async throws {
        var stage = stage
        stage.configuration.resource = "https://notes.internal:8443/mcp"
        let server = try stage.scripted()
        for _ in 0..<3 {
            await stage.send(
                nil, to: server, fields: [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "mcp.example.com")])
        }
        FaultTable.check("the resource is the inner URL behind TLS", stage.log.lines)
    }

    @Test("A server behind a proxy whose resource is its loopback URL")
    func loopbackURL() async throws {
        var stage = stage
        stage.configuration.resource = "http://127.0.0.1:8080/mcp"
        await stage.send(nil, to: try stage.scripted())
        FaultTable.check("the resource is a loopback URL behind a proxy", stage.log.lines)
    }

    @Test("An issuer with one trailing slash more")
    func trailingSlash() async throws {
        try await FaultTable.check(
            "an issuer with a trailing slash too much",
            stage.lines { $0.claims["iss"] = .string(FaultStage.issuerURL + "/") })
    }

    @Test("The issuer's clock is an hour ahead: the token, and the Date of the keys")
    func clock() async throws {
        try await FaultTable.check(
            "a token from the future", stage.lines { TokenDefect.issuedInFuture.spoil(&$0) })
        let other = FaultStage()
        other.fetcher.set(
            FaultStage.keySetURL, json: FaultStage.issuer.jwks, fields: [.date: "Thu, 01 Jan 2026 00:00:00 GMT"])
        try await FaultTable.check(
            "the issuer's clock differs", other.lines().map { $0.replacing(#/seconds=[0-9]{6,}/#, with: "seconds=N") })
    }

    @Test("An expired token")
    func expired() async throws {
        try await FaultTable.check("an expired token", stage.lines { TokenDefect.expired.spoil(&$0) })
    }

    @Test("A token without the scope")
    func scope() async throws {
        try await FaultTable.check("a token without the scope", stage.lines { $0.claims["scope"] = "other" })
    }

    @Test("A token with its scopes in another claim")
    func scopesElsewhere() async throws {
        let lines = try await stage.lines {
            $0.claims["scope"] = nil
            $0.claims["permissions"] = ["a", "mcp:use"]
        }
        FaultTable.check("the scopes are in another claim", lines)
    }

    @Test("A token of another tenant, and one of another server")
    func otherIssuer() async throws {
        var stage = stage
        stage.configuration.tokens.issuers = ["https://login.example/tenant-a/v2.0"]
        stage.configuration.tokens.issuers[0].keys = .url("https://login.example/keys")
        let server = try stage.scripted()
        for name in ["https://login.example/tenant-b/v2.0", "https://login.other.example"] {
            await stage.send("Bearer " + FaultStage.issuer.token { $0.claims["iss"] = .string(name) }, to: server)
        }
        FaultTable.check("a token of another tenant, then of another server", stage.log.lines)
    }

    @Test("An opaque token")
    func opaque() async throws {
        await stage.send("Bearer 8xLOxBtZp8", to: try stage.scripted())
        FaultTable.check("an opaque token", stage.log.lines)
    }

    @Test("ID tokens: with the hash of an access token, and without one")
    func idTokens() async throws {
        let first = try await stage.lines(audience: "client") {
            $0.header["typ"] = "JWT"
            $0.claims["at_hash"] = "x"
            $0.claims["scope"] = nil
        }
        FaultTable.check("an ID token with a hash", first)
        let second = try await FaultStage().lines(audience: "client") {
            $0.header["typ"] = "JWT"
            $0.claims["nonce"] = "x"
            $0.claims["scope"] = nil
        }
        FaultTable.check("an ID token without a hash", second)
    }

    @Test("An algorithm that is not allowed")
    func algorithm() async throws {
        try await FaultTable.check("an algorithm that is not allowed", stage.lines { $0.header["alg"] = "PS512" })
    }

    @Test("A key that the issuer does not have")
    func unknownKey() async throws {
        try await FaultTable.check("an unknown kid", stage.lines { $0.header["kid"] = "none" })
    }

    // MARK: Requests

    @Test("A token without the word Bearer, another scheme, and a token in the query")
    func header() async throws {
        let server = try stage.scripted()
        await stage.send(FaultStage.issuer.token(), to: server)
        await stage.send("Basic YTpi", to: server)
        await stage.send(nil, to: server, target: "/mcp?access_token=" + FaultStage.issuer.token())
        FaultTable.check("a token without Bearer, another scheme, a token in the query", stage.log.lines)
    }

    @Test("A web page of a foreign origin, and a foreign Host: both are named and escaped")
    func foreignOriginAndHost() async throws {
        var stage = stage
        stage.configuration.browsers.allowedOrigins = ["https://app.example.com"]
        await stage.send(nil, to: try stage.scripted(), fields: [("Origin", "https://evil.example\\")])
        FaultTable.check("a foreign Origin", stage.log.lines)
        var local = FaultStage()
        local.configuration.resource = "http://localhost:8080/mcp"
        await local.send(
            nil, to: try local.scripted(), fields: [("Host", String(repeating: "a", count: 200) + ".example")])
        FaultTable.check("a foreign Host", local.log.lines)
    }

    @Test("The first step of a login is no fault")
    func login() async throws {
        await stage.send(nil, to: try stage.scripted())
        #expect(stage.log.lines == ["info denied reason=missing_credentials token=none method=POST path=/mcp"])
    }

    @Test("A proxy that does not forward the metadata: five challenges, and nobody fetches it")
    func metadataOutOfReach() async throws {
        let server = try stage.scripted()
        for _ in 0..<8 { await stage.send(nil, to: server) }
        FaultTable.check(
            "metadata that a proxy does not forward", stage.log.lines.filter { !$0.hasPrefix("info denied") })
        let other = FaultStage()
        let reached = try other.scripted()
        await other.send(nil, to: reached, target: "/.well-known/oauth-protected-resource/mcp")
        for _ in 0..<8 { await other.send(nil, to: reached) }
        #expect(other.log.lines.allSatisfy { $0.hasPrefix("info denied") })
    }

    // MARK: Modes

    @Test("A guard that is disabled or in shadow mode says so at the start")
    func modes() async throws {
        var stage = stage
        stage.configuration.mode = .shadow
        _ = try stage.scripted()
        stage.configuration = ResourceServerConfiguration(resource: "http://127.0.0.1:8080/mcp")
        stage.configuration.mode = .disabled(anonymousAs: "developer")
        _ = try stage.scripted()
        FaultTable.check("shadow, then disabled, at the start", stage.log.lines)
    }

    // MARK: Issuers

    /// The lines after a first request with a good token, for a guard that fetches with libcurl.
    private func linesOfFetching(
        issuer: String, trusting authorities: CertificateAuthorityFile? = nil,
        _ configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) async throws -> [String] {
        var stage = stage
        stage.configuration.tokens.issuers = [IssuerConfiguration(issuer)]
        stage.configuration.tokens.fetching.insecureHTTP = .loopback
        configure(&stage.configuration)
        let server = try stage.fetching(trusting: authorities)
        let fake = FaultStage.makeIssuer(issuer)
        let response = await stage.send("Bearer " + fake.token(), to: server)
        #expect(response?.status == .serviceUnavailable)
        return stage.log.refusals
    }

    /// The lines with an issuer that answers every request with one response.
    private func lines(_ response: HTTPResponse) async throws -> [String] {
        let server = try HTTPServer(host: "127.0.0.1", port: 0).listen()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(ClosureHandler { _ in response }) }
            let lines = try await linesOfFetching(issuer: "http://127.0.0.1:\(server.port)")
            group.cancelAll()
            return lines
        }
    }

    @Test("An issuer that is down")
    func down() async throws {
        // The port was free a moment ago.
        let server = try HTTPServer(host: "127.0.0.1", port: 0).listen()
        let port = server.port
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(ClosureHandler { _ in .text("") }) }
            group.cancelAll()
        }
        try await FaultTable.check("an issuer that is down", linesOfFetching(issuer: "http://127.0.0.1:\(port)"))
    }

    @Test("A redirect in place of the metadata")
    func strangeAnswers() async throws {
        var redirect = HTTPResponse(status: .found)
        redirect.fields.append(.location, "https://login.example")
        try await FaultTable.check("a redirect in place of the metadata", lines(redirect))
    }

    @Test("A page in place of the metadata")
    func page() async throws {
        try await FaultTable.check("a page in place of the metadata", lines(.text("<html>Log in</html>")))
    }

    @Test("An issuer that fails")
    func failing() async throws {
        try await FaultTable.check("an issuer that fails", lines(.text("oops", status: .internalServerError)))
    }

    @Test("A corporate certificate authority that is not configured")
    func certificates() async throws {
        let good = try TLSHost()
        try await FaultTable.check(
            "a corporate certificate authority", linesOfFetching(issuer: "https://localhost:\(good.port)"))
        withExtendedLifetime(good) {}
    }

    @Test("An expired certificate")
    func expiredCertificate() async throws {
        let expired = try TLSHost(days: -1)
        let authority = try CertificateAuthorityFile(path: expired.authorityFile)
        try await FaultTable.check(
            "an expired certificate", linesOfFetching(issuer: "https://localhost:\(expired.port)", trusting: authority))
        withExtendedLifetime(expired) {}
    }

    @Test("A certificate for another name")
    func wrongName() async throws {
        let other = try TLSHost(name: "other.example")
        let authority = try CertificateAuthorityFile(path: other.authorityFile)
        try await FaultTable.check(
            "a certificate for another name",
            linesOfFetching(issuer: "https://localhost:\(other.port)", trusting: authority))
        withExtendedLifetime(other) {}
    }

    @Test("An issuer with a private address")
    func addresses() async throws {
        try await FaultTable.check("a private address", linesOfFetching(issuer: "https://10.1.2.3"))
    }

    @Test("An issuer that only a proxy could reach")
    func proxy() async throws {
        try await FaultTable.check(
            "an issuer that only a proxy reaches", linesOfFetching(issuer: "https://issuer.invalid"))
    }

    @Test("A fetcher of the program that lacks a permission of the configuration")
    func permission() async throws {
        var stage = stage
        stage.configuration.tokens.issuers = ["http://127.0.0.1:9"]
        stage.configuration.tokens.fetching.insecureHTTP = .loopback
        let server = try ResourceServer(stage.configuration, fetcher: CurlFetcher(), observer: stage.log.observer())
        await stage.send("Bearer " + FaultStage.makeIssuer("http://127.0.0.1:9").token(), to: server)
        FaultTable.check("a fetcher without a permission", stage.log.refusals)
    }

    #if os(Linux)
        @Test("libcurl is missing: the program does not start, and says what to install")
        func libraryMissing() throws {
            // The loader finds this file first, and it is not a library.
            let folder = FileManager.default.temporaryDirectory.appending(path: "libraries-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            try Data("none".utf8).write(to: folder.appending(path: "libcurl.so.4"))
            let run = try ProgramRun(
                "readme-example",
                environment: [
                    "OAUTH_RESOURCE": FaultStage.resource, "OAUTH_ISSUERS": FaultStage.issuerURL,
                    "LD_LIBRARY_PATH": folder.path(),
                ])
            #expect(run.status == 78)
            FaultTable.check("libcurl is missing", run.linesAboutConfiguration)
        }
    #endif

    // MARK: Values of tokens

    @Test("The operator may ask for aud, iss, alg and kid of refused tokens: they are escaped and bounded")
    func details() async throws {
        var stage = stage
        stage.configuration.events.tokenDetails = Set(ResourceServerConfiguration.Events.TokenDetail.allCases)
        let lines = try await stage.lines(audience: "https://other.example/\"\n" + String(repeating: "a", count: 200)) {
            $0.header["kid"] = "k"
        }
        FaultTable.check("the values of a refused token", lines)
    }
}
