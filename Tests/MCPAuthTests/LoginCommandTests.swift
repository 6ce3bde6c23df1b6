import HTTPMessages
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import SafeFetch
import Synchronization
import Testing
import TokenVerification
import WireFormat

@testable import mcp_auth

@Suite("mcp-auth login", .serialized, .timeLimit(.minutes(5)))
struct LoginCommandTests {
    private static let issuer = "http://127.0.0.1:9000"
    private static let endpoint = "http://127.0.0.1:8080/mcp"

    /// A guard and the development authorization server in this process, and a browser that follows redirects.
    private struct Lab {
        let server: DevelopmentAuthorizationServer
        let guarding: ResourceServer
        /// Changes what the authorization endpoint sends the browser to.
        var redirect: @Sendable (String) -> String = { $0 }
        /// Replaces answers by the method and the URL.
        var answers: [String: FetchedDocument] = [:]
        let steps = Steps()

        final class Steps: Sendable {
            private let lines = Mutex<[String]>([])
            func add(_ line: String) { lines.withLock { $0.append(line) } }
            var all: [String] { lines.withLock { $0 } }
        }

        init(_ change: (inout DevelopmentAuthorizationServer.Settings) -> Void = { _ in }) throws {
            var settings = DevelopmentAuthorizationServer.Settings()
            settings.algorithm = .es256
            change(&settings)
            server = try DevelopmentAuthorizationServer(issuer: LoginCommandTests.issuer, settings: settings)
            var configuration = ResourceServerConfiguration(
                resource: LoginCommandTests.endpoint, issuers: [IssuerConfiguration(LoginCommandTests.issuer)],
                requiredScopes: ["mcp:use"])
            configuration.tokens.fetching.insecureHTTP = .loopback
            configuration.requirements.operations = [.tool("write", requires: ["notes:write"])]
            guarding = try ResourceServer(configuration, fetcher: InProcessFetcher([LoginCommandTests.issuer: server]))
        }

        private func answer(to exchange: ClientExchange) async throws(FetchError) -> FetchedDocument {
            if let scripted = answers["\(exchange.method.name.name) \(exchange.url.text)"] { return scripted }
            let path = exchange.url.path + (exchange.url.query.map { "?\($0)" } ?? "")
            guard let target = HTTPRequest.Target(path) else { throw .notAllowed }
            var request = HTTPRequest(method: exchange.method.name, target: target, fields: exchange.fields)
            request.fields[.host] = HTTPFields.Value("127.0.0.1:\(exchange.url.effectivePort)")
            if let type = exchange.method.mediaType { request.fields[.contentType] = HTTPFields.Value("\(type)") }
            request.body = HTTPRequest.Body(exchange.method.bytes ?? [])
            let handler: any HTTPHandler =
                exchange.url.effectivePort == 9000
                ? server
                : guarding.protecting { _, _ in HTTPResponse.json(["jsonrpc": "2.0", "id": 1, "result": [:]]) }
            guard let response = try? await handler.respond(to: request), case .bytes(let body) = response.body else {
                throw .connectionFailed
            }
            return FetchedDocument(status: response.status, fields: response.fields, body: body)
        }

        /// Runs `login` with further arguments.
        func login(
            _ arguments: [String] = [], standardInput: String = "", command: String = "login"
        ) async -> Outcome {
            let network = ClientNetwork { exchange throws(FetchError) in try await answer(to: exchange) }
            var session = CommandSession(standardInput: Array(standardInput.utf8))
            session.network = network
            session.say = { [steps] in steps.add($0) }
            session.openBrowser = { [redirect] url in
                guard let url = try? AbsoluteURL(parsing: url),
                    let page = try? await network.send(ClientExchange(url, maximumBodyBytes: 100_000)),
                    let location = page.fields[.location]?.string,
                    let back = try? AbsoluteURL(parsing: redirect(location))
                else { return false }
                // The browser comes back over a real socket.
                let browser = CurlFetcher(insecureHTTP: .loopback)
                _ = try? await browser.fetch(DocumentRequest(url: back, maximumBodyBytes: 10_000))
                return true
            }
            return await session.run([command, LoginCommandTests.endpoint] + arguments)
        }
    }

    @Test("a login from the 401 to a token that the server accepts, each step shown")
    func login() async throws {
        let lab = try Lab()
        let outcome = await lab.login()
        #expect(outcome.status == .good && outcome.faults.isEmpty, "\(outcome.faults)")
        let steps = lab.steps.all.map { $0.split(separator: "\n").first.map(String.init) ?? "" }
        #expect(steps.count == 9)
        for (step, start) in zip(
            steps,
            [
                "the server answers 401, and asks for mcp:use", "the metadata of the resource is at http",
                "the authorization server is http://127.0.0.1:9000", "registered as the client ",
                "asks for the scopes mcp:use for http://127.0.0.1:8080/mcp", "log in at",
                "the browser came back with a code", "got a token for 3600 seconds",
                "the server accepts the token: 200",
            ])
        {
            #expect(step.hasPrefix(start), "\(step)")
        }
        let token = String(outcome.output.dropLast())
        #expect(token.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2)
        #expect(!lab.steps.all.contains { $0.contains(token) })
    }

    @Test("doctor --login logs in, and examines the token")
    func doctor() async throws {
        let outcome = try await Lab().login(["--login", "--json"], command: "doctor")
        let checks = try #require(try JSONValue(parsing: Array(outcome.output.utf8))["checks"]?.array)
        // The clock of this session is not that of the server, so that times are not good here.
        for code in ["login", "token_issuer", "token_audience", "token_accepted"] {
            #expect(checks.contains { $0["code"]?.string == code && $0["mark"] == "good" }, "\(code) \(outcome.output)")
        }
        let refused = try Lab { $0.allowedScopes = ScopeSet(["other"]) }
        let failed = await refused.login(["--login"], command: "doctor")
        #expect(failed.status == .refused && failed.output.contains("✗ A client logs in and gets a token"))
        #expect(failed.output.contains("invalid_scope"))
    }

    @Test("--refresh trades the refresh token once")
    func refresh() async throws {
        let lab = try Lab()
        #expect(await lab.login(["--refresh"]).status == .good)
        #expect(lab.steps.all.contains { $0.hasPrefix("refreshed it for 3600 seconds") })
    }

    @Test("--call steps up when a 403 names scopes, and keeps the earlier ones")
    func stepUp() async throws {
        let lab = try Lab()
        let outcome = await lab.login(["--call", "write", "--arguments", #"{"text":"hello"}"#])
        #expect(outcome.status == .good, "\(outcome.faults) \(lab.steps.all)")
        #expect(
            lab.steps.all.contains { $0.hasPrefix("the server asks for the scopes ") && $0.contains("notes:write") })
        #expect(lab.steps.all.contains { $0.hasPrefix("asks for the scopes mcp:use notes:write for ") })
        #expect(outcome.notes.contains { $0.hasPrefix("the tool answered: ") })
    }

    @Test("a known client with a secret from standard input; --output writes a file for its owner alone")
    func known() async throws {
        let lab = try Lab()
        try lab.server.registerClient(
            "cli", secret: "s3cret", grantTypes: [.authorizationCode], redirectURIs: ["http://127.0.0.1/callback"])
        let outcome = await lab.login(
            ["--client-id", "cli", "--client-secret-stdin", "--output", "token.txt"], standardInput: "s3cret\n")
        #expect(outcome.status == .good && outcome.output.isEmpty, "\(outcome.faults)")
        #expect(outcome.notes == ["the token is in token.txt, which only you can read"])
        #expect(!lab.steps.all.contains { $0.contains("s3cret") })
    }

    @Test("RFC 9207: an answer with another iss, or without one that was promised, ends the login")
    func issuerParameter() async throws {
        var lab = try Lab()
        lab.redirect = { $0.replacing("iss=http%3A%2F%2F127.0.0.1%3A9000", with: "iss=https%3A%2F%2Fother.example") }
        let other = await lab.login()
        #expect(other.status == .refused && other.faults.first?.hasSuffix("(iss_mismatch)") == true, "\(other.faults)")
        lab.redirect = { $0.replacing("iss=http%3A%2F%2F127.0.0.1%3A9000", with: "x=y") }
        #expect(await lab.login().faults.first?.hasSuffix("(iss_missing)") == true)
    }

    @Test("an answer with another state is not taken: no token is asked for")
    func state() async throws {
        var lab = try Lab()
        lab.redirect = { $0.replacing("state=", with: "state=x") }
        let outcome = await lab.login(["--timeout", "1"])
        #expect(outcome.faults.first == "No browser came back within 1 seconds. (no_answer)")
    }

    @Test("a refusal of the authorization server ends the login with its error")
    func refused() async throws {
        let lab = try Lab { $0.allowedScopes = ScopeSet(["other"]) }
        let outcome = await lab.login()
        #expect(outcome.status == .refused)
        #expect(outcome.faults.first?.contains("invalid_scope") == true, "\(outcome.faults)")
        #expect(outcome.faults.contains { $0.hasPrefix("to mend it: ") })
    }

    @Test(
        "where a login ends before the browser: the cause, its code, and what to mend",
        arguments: [
            ("POST http://127.0.0.1:8080/mcp", 200, "{}", "(protected)"),
            ("POST http://127.0.0.1:8080/mcp", 404, "", "(unauthenticated_401)"),
            (
                "GET http://127.0.0.1:8080/.well-known/oauth-protected-resource/mcp", 200,
                #"{"resource":"http://127.0.0.1:8080/other"}"#, "(resource_equal)"
            ),
            (
                "GET http://127.0.0.1:8080/.well-known/oauth-protected-resource/mcp", 200,
                #"{"resource":"http://127.0.0.1:8080/mcp"}"#, "(authorization_servers)"
            ),
            (
                "GET http://127.0.0.1:9000/.well-known/oauth-authorization-server", 200,
                #"{"issuer":"http://127.0.0.1:9000/"}"#, "(issuer_equal)"
            ),
            (
                "GET http://127.0.0.1:9000/.well-known/oauth-authorization-server", 200,
                #"{"issuer":"http://127.0.0.1:9000","response_types_supported":["code"],"authorization_endpoint":"#
                    + #""http://127.0.0.1:9000/a","token_endpoint":"http://127.0.0.1:9000/t"}"#, "(as_s256)"
            ),
            ("POST http://127.0.0.1:9000/register", 403, #"{"error":"access_denied"}"#, "(registration_refused)"),
            ("POST http://127.0.0.1:9000/token", 400, #"{"error":"invalid_grant"}"#, "(token_refused)"),
            ("POST http://127.0.0.1:9000/token", 200, #"{"access_token":"a","token_type":"DPoP"}"#, "(token_type)"),
        ])
    func ends(request: String, status: Int, body: String, code: String) async throws {
        var lab = try Lab()
        lab.answers[request] = FetchedDocument(
            status: try #require(HTTPStatus(status)), body: Array(body.utf8))
        let outcome = await lab.login()
        #expect(outcome.status == .refused && outcome.output.isEmpty)
        #expect(outcome.faults.first?.hasSuffix(code) == true, "\(outcome.faults)")
        #expect(outcome.faults.count == 3)
    }

    @Test("doctor takes the options of a login only with --login")
    func doctorArguments() async {
        let session = CommandSession()
        for (arguments, fault) in [
            (["--scope", "a"], "--scope needs --login"), (["--no-browser"], "--no-browser needs --login"),
            (["--login", "--token-stdin"], "--login and --token-stdin exclude each other"),
        ] {
            #expect(await session.run(["doctor", "https://a.example"] + arguments).faults == [fault])
        }
    }

    @Test("the arguments exclude each other")
    func arguments() async {
        let session = CommandSession()
        for (arguments, fault) in [
            (["--client-secret-stdin"], "--client-secret-stdin needs --client-id"),
            (["--arguments", "{}"], "--arguments needs --call"),
            (["--login"], "unknown option '--login'; see --help"),
            (["--redirect-uri", "https://app.example/cb"], "--redirect-uri must be an http URL of a loopback host"),
            (
                ["--client-id", "a", "--client-id-url", "https://a.example/c"],
                "--client-id and --client-id-url exclude each other"
            ),
        ] {
            #expect(await session.run(["login", "https://a.example"] + arguments).faults == [fault])
        }
    }
}
