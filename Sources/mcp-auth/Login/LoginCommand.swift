import HTTPMessages
import OAuthMetadata
import SocketHTTP
import WireFormat

/// `login`: logs in to a protected MCP server as a client does, and prints the token.
struct LoginCommand {
    private let url: AbsoluteURL
    private let network: ClientNetwork.Options
    private let options: LoginOptions

    /// Parses the arguments after `login`.
    init(_ arguments: [String]) throws(CommandFault) {
        var list = ArgumentList(
            arguments, flags: ClientNetwork.Options.flags + LoginOptions.flags,
            repeatableFlags: ClientNetwork.Options.repeatableFlags, switches: LoginOptions.switches, operandCount: 1)
        network = ClientNetwork.Options(&list)
        options = LoginOptions(&list)
        url = try list.endpoint()
    }

    func run(in environment: CommandEnvironment) async throws(CommandFault) -> Outcome {
        var secret: String?
        if case .known(_, hasSecret: true) = options.client {
            secret = String(decoding: try TokenText.read(from: nil, in: environment), as: UTF8.self)
        }
        let client = MCPClient(endpoint: url, network: try environment.network(network))
        let result = try await LoginSession(client, options, secret: secret).run(in: environment)
        switch result {
        case .failure(let fault): return Outcome(status: .refused, faults: fault.lines)
        case .success(let grant): return try write(grant, in: environment)
        }
    }

    private func write(_ grant: LoginSession.Grant, in environment: CommandEnvironment) throws(CommandFault) -> Outcome
    {
        var outcome = Outcome()
        if let text = grant.callText { outcome.notes.append("the tool answered: \(text)") }
        guard let path = options.output else {
            outcome.output = grant.accessToken + "\n"
            return outcome
        }
        guard environment.writeSecretFile(path, Array((grant.accessToken + "\n").utf8)) else {
            throw CommandFault("\(ArgumentList.place(path)) cannot be written")
        }
        outcome.notes.append("the token is in \(ArgumentList.place(path)), which only you can read")
        return outcome
    }
}

/// One login with all its steps, while a loopback port is open for the browser.
struct LoginSession {
    /// What the login gave.
    struct Grant: Sendable {
        let accessToken: String
        /// The answer of the tool that was called; nil when none was.
        let callText: String?
    }

    private let client: MCPClient
    private let options: LoginOptions
    private let secret: String?

    /// The most times that scopes are asked for after the first login.
    private static let maximumStepUps = 2

    init(_ client: MCPClient, _ options: LoginOptions, secret: String?) {
        self.client = client
        self.options = options
        self.secret = secret
    }

    /// - Throws: A fault of the port that the browser comes back to.
    func run(in environment: CommandEnvironment) async throws(CommandFault) -> Result<Grant, LoginFault> {
        guard let wanted = try? AbsoluteURL(parsing: options.redirectURI) else {
            throw CommandFault("--redirect-uri must be an http URL of a loopback host")
        }
        let server: ListeningServer
        do throws(HTTPServer.StartError) {
            server = try HTTPServer(host: wanted.hostKind == .name ? "127.0.0.1" : wanted.host, port: wanted.port ?? 0)
                .listen()
        } catch {
            throw CommandFault("the port for the browser cannot be opened: \(error)")
        }
        let path = wanted.path.isEmpty ? "/" : wanted.path
        let host = wanted.hostKind == .ipv6 ? "[\(wanted.host)]" : wanted.host
        let receiver = CallbackReceiver(path: path)
        let login = Login(
            client: client, options: options, receiver: receiver,
            redirectURI: "http://\(host):\(server.port)\(wanted.path)", say: environment.say,
            openBrowser: environment.openBrowser)
        let running = Task { try? await server.run(receiver) }
        let result: Result<Grant, LoginFault>
        do throws(LoginFault) {
            result = .success(try await steps(login))
        } catch {
            result = .failure(error)
        }
        // The browser gets its page before the program ends.
        running.cancel()
        await running.value
        return result
    }

    private func steps(_ login: Login) async throws(LoginFault) -> Grant {
        let found = try await login.discover()
        let identity = try await login.identify(for: found, secret: secret)
        var scope = login.scopes(found)
        var token = try await login.authorize(found, as: identity, asking: scope)
        if options.refreshes {
            guard let refreshToken = token.refreshToken else {
                throw LoginFault(
                    "no_refresh_token", "The authorization server gave no refresh token.", "RFC 6749 §1.5",
                    fix: "Let the server issue refresh tokens to this client, or leave out --refresh.")
            }
            token = try await login.refresh(refreshToken, found, as: identity)
        }
        let session = try await login.begin(with: token.accessToken)
        guard let (tool, arguments) = options.call else {
            return Grant(accessToken: token.accessToken, callText: nil)
        }
        for _ in 0...Self.maximumStepUps {
            switch try await login.call(tool, arguments, with: token.accessToken, session: session) {
            case .accepted(let answer):
                login.say("the server accepts the token for \(DisplayText.line(tool)): \(answer.status)")
                let text = DisplayText.line(String(decoding: answer.body, as: UTF8.self))
                return Grant(accessToken: token.accessToken, callText: text)
            case .needs(let needed):
                login.say("the server asks for the scopes \(needed.description)")
                // MCP Authorization, Step-Up: earlier scopes are asked for again, so that they are not lost.
                scope = (scope ?? ScopeSet()).union(needed)
                token = try await login.authorize(found, as: identity, asking: scope)
            }
        }
        throw LoginFault(
            .tokenScope, "The server still asks for further scopes after \(Self.maximumStepUps) logins.")
    }
}
