import OAuthTestKit
import Testing

@testable import ResourceServerKit

@Suite("ServerProgram: the README's program", .serialized, .timeLimit(.minutes(5)))
struct ServerProgramTests {
    private static let good = [
        "OAUTH_RESOURCE": "https://mcp.example.com/mcp", "OAUTH_ISSUERS": "https://login.example.com",
    ]

    @Test("A missing variable is one line, and status 78")
    func missingVariable() throws {
        let run = try ProgramRun("readme-example", environment: ["OAUTH_ISSUERS": "https://login.example.com"])
        #expect(run.status == 78)
        #expect(
            run.linesAboutConfiguration == [
                "OAUTH_RESOURCE is not set; give it the public URL of this server, such as https://mcp.example.com/mcp"
            ])
    }

    @Test("Every mistake of the environment is a line, and the program is not started half")
    func everyMistake() throws {
        let run = try ProgramRun(
            "readme-example",
            environment: [
                "OAUTH_RESOURCE": "mcp.example.com", "OAUTH_ISSUERS": "https://login.example.com",
                "OAUTH_CLOCK_SKEW": "301", "OAUTH_SCOPE": "a", "OAUTH_ALLOWED_ORIGINS": "null",
                "OAUTH_STATIC_TOKENS_FILE": "/nowhere/tokens",
            ])
        #expect(run.status == 78)
        let names = run.linesAboutConfiguration.compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(
            names.sorted() == [
                "OAUTH_ALLOWED_ORIGINS", "OAUTH_CLOCK_SKEW", "OAUTH_RESOURCE", "OAUTH_SCOPE",
                "OAUTH_STATIC_TOKENS_FILE",
            ])
    }

    @Test("A port in use is one line")
    func ports() async throws {
        let taken = try HTTPServer(host: "127.0.0.1", port: 0).listen()
        var mistakes = Mistakes()
        _ = await mistakes.collect { try HTTPServer(host: "127.0.0.1", port: taken.port).listen() }
        #expect(mistakes.exitStatus == 78)
        #expect(mistakes.lines == [Self.inUse(taken)])
    }

    @Test("A faulty configuration and a port in use are shown together")
    func both() async throws {
        let taken = try HTTPServer(host: "127.0.0.1", port: 0).listen()
        var mistakes = Mistakes()
        _ = await mistakes.collect { try ResourceServer(resource: "x", issuer: "y") }
        _ = await mistakes.collect { try HTTPServer(host: "127.0.0.1", port: taken.port).listen() }
        #expect(mistakes.exitStatus == 78)
        #expect(
            mistakes.lines == [
                "resource is not an absolute URL (unsupported_scheme); write it like https://mcp.example.com/mcp",
                "tokens.issuers[0] is not an absolute URL (unsupported_scheme); write it like https://login.example.com, "
                    + "or set tokens.issuers[0].keys to the URL of its keys",
                Self.inUse(taken),
            ])
    }

    private static func inUse(_ taken: ListeningServer) -> String {
        "cannot listen on \(taken.place): the port is in use; stop the program that holds it, or choose another port"
    }

    @Test("What an error says about the program's own values has a remedy, and status 78; one more failure makes it 1")
    func values() async {
        var mistakes = Mistakes()
        _ = await mistakes.collect { try IssuerIdentifier("https://login.example.com#a") }
        _ = await mistakes.collect { try AbsoluteURL(parsing: "x") }
        _ = await mistakes.collect { try JSONWebKeySet(parsing: Array("[]".utf8), issuer: "https://a.example") }
        #expect(mistakes.exitStatus == 78)
        #expect(
            mistakes.lines == [
                "an identifier or URL of the program has a fragment (#…); remove it",
                "an identifier or URL of the program is not an absolute URL (unsupported_scheme); write it like "
                    + "https://mcp.example.com/mcp",
                "a key set is not a JWK Set; give it a JSON object with an array \"keys\" (RFC 7517 §5)",
            ])
        _ = await mistakes.collect { throw HTTPServer.StartError.alreadyRun }
        #expect(mistakes.exitStatus == 1)
    }

    @Test("A file that cannot be read is one line; an error of the program's own is status 1")
    func otherErrors() async throws {
        var files = Mistakes()
        _ = await files.collect { try ClientSecret(file: "/nowhere/secret") }
        _ = await files.collect { try StaticTokenList(file: "/nowhere/tokens") }
        _ = await files.collect { try CertificateAuthorityFile(path: "/nowhere/ca.pem") }
        #expect(files.exitStatus == 78)
        #expect(files.lines.count == 3)
        #expect(
            files.lines.last
                == #"the certificate authority file "/nowhere/ca.pem" cannot be read; give the path of a PEM file that "#
                + "this program may read")
        struct OwnError: Error {}
        var own = Mistakes()
        _ = await own.collect { throw OwnError() }
        #expect(own.exitStatus == 1)
        #expect(own.lines == ["OwnError()"])
        #expect(Mistakes().exitStatus == nil)
    }

    @Test("A failure of the system is status 1: the next start may succeed")
    func systemFailure() async {
        var mistakes = Mistakes()
        _ = await mistakes.collect { throw HTTPServer.StartError.system("epoll_create1", 24) }
        #expect(mistakes.exitStatus == 1)
        #expect(mistakes.lines.count == 1)
    }

    @Test("A policy of the program's own is a mistake of configuration, one line for each fault")
    func ownPolicy() async {
        var mistakes = Mistakes()
        _ = await mistakes.collect {
            var policy = JWTPolicy(issuer: "https://login.example.com", resource: "https://mcp.example.com/mcp")
            policy.clockSkew = 301
            policy.algorithms = []
            _ = try JWTValidation(policy)
        }
        #expect(mistakes.exitStatus == 78)
        #expect(
            mistakes.lines == [
                "algorithms is empty; allow at least one, such as RS256",
                "clockSkew is outside 0…300 seconds; choose a number in this range",
            ])
    }

    @Test("A disabled guard on the network is refused before the program says that it listens")
    func disabledOnNetwork() async throws {
        var configuration = ResourceServerConfiguration(resource: "http://127.0.0.1:8080/mcp")
        configuration.mode = .disabled(anonymousAs: "anonymous")
        let handler = try ResourceServer(configuration).protecting { _, _ in .text("") }
        var mistakes = Mistakes()
        _ = await mistakes.collect {
            let listening = try HTTPServer(host: "0.0.0.0", port: 0).listen()
            try await listening.runUntilTerminated(handler) { Issue.record("it listens") }
        }
        #expect(mistakes.exitStatus == 78)
        #expect(mistakes.lines.count == 1)
        #expect(mistakes.lines.first?.contains("the guard is disabled") == true)
    }

    @Test("No text of an error ends its line")
    func oneLine() {
        #expect(ServerProgram.oneLine("0…1 bad\nhost\u{1B}[2J\u{2028}\u{202E}\r") == "0…1 bad host [2J   ")
    }
}

@Suite("TokenVerification alone: the README's program without HTTP", .serialized)
struct VerificationProgramTests {
    @Test("A good token names its subject; others their reason")
    func verifies() throws {
        let issuer = FakeIssuer(
            "https://login.example.com", audience: "https://grpc.example.com", algorithms: [.es256])
        let keys = String(decoding: JSONValue.object(issuer.jwks).encoded(), as: UTF8.self)
        func output(_ token: String) throws -> String { try ProgramRun("verification-example", [keys, token]).output }
        #expect(try output(issuer.token { $0.claims["scope"] = "notes:read" }) == "test-user\n")
        #expect(try output(issuer.token()) == "insufficient scope\n")
        #expect(try output(issuer.token(with: .expired)) == "exp_expired\n")
        #expect(try output("x") == "token_parts\n")
        for document in ["", "nonsense", "[]", "{}"] {
            let run = try ProgramRun("verification-example", [document, "x"])
            #expect(run.status == 78)
            #expect(
                run.output == "KEY-SET is not a JWK Set (RFC 7517 §5); give a JSON object with an array \"keys\"\n")
            #expect(run.lines == [])
        }
    }
}
