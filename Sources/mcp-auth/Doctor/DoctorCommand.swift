import WireFormat

/// `doctor`: examines a protected MCP server as a client sees it.
struct DoctorCommand {
    /// Where the token comes from that is examined too.
    private enum TokenSource {
        case none
        case standardInput
        case login(LoginOptions)
    }

    private let url: AbsoluteURL
    private let options: ClientNetwork.Options
    private let writesJSON: Bool
    private let tokenSource: TokenSource

    /// The options of `login` that `--login` takes too.
    private static let loginFlags = ["--client-id", "--client-id-url", "--scope", "--redirect-uri", "--timeout"]

    /// Parses the arguments after `doctor`.
    init(_ arguments: [String]) throws(CommandFault) {
        var list = ArgumentList(
            arguments, flags: ClientNetwork.Options.flags + Self.loginFlags,
            repeatableFlags: ClientNetwork.Options.repeatableFlags,
            switches: ["--json", "--token-stdin", "--login", "--no-browser"], operandCount: 1)
        options = ClientNetwork.Options(&list)
        writesJSON = list.contains("--json")
        let login = LoginOptions(&list)
        switch (list.contains("--login"), list.contains("--token-stdin")) {
        case (true, true): list.faults.append("--login and --token-stdin exclude each other")
        case (false, _):
            for flag in Self.loginFlags + ["--no-browser"] where list.contains(flag) {
                list.faults.append("\(flag) needs --login")
            }
        case (true, false): break
        }
        tokenSource =
            list.contains("--login") ? .login(login) : list.contains("--token-stdin") ? .standardInput : .none
        url = try list.endpoint()
    }

    func run(in environment: CommandEnvironment) async throws(CommandFault) -> Outcome {
        var token: [UInt8]?
        if case .standardInput = tokenSource { token = try TokenText.read(from: nil, in: environment) }
        let client = MCPClient(endpoint: url, network: try environment.network(options))
        var doctor = Doctor(client, now: environment.now())
        await doctor.examine()
        if case .login(let login) = tokenSource {
            switch try await LoginSession(client, login, secret: nil).run(in: environment) {
            case .success(let grant):
                doctor.report.good(.login)
                token = Array(grant.accessToken.utf8)
            case .failure(let fault):
                doctor.report.fault(.login, "\(fault.cause) (\(fault.code))", fix: fault.fix)
            }
        }
        if let token { await doctor.examine(token: TokenText.withoutScheme(token)) }
        let report = doctor.report
        let text =
            writesJSON
            ? DisplayText.json(report.json, isIndented: environment.outputIsTerminal) + "\n"
            : report.text(environment.paint)
        return Outcome(status: report.hasFaults ? .refused : .good, output: text)
    }
}

extension ArgumentList {
    /// The operand of a command that takes the URL of an MCP server.
    ///
    /// - Throws: All faults of the arguments.
    mutating func endpoint() throws(CommandFault) -> AbsoluteURL {
        let url = operands.first.flatMap { try? AbsoluteURL(parsing: $0) }
        if operands.isEmpty {
            faults.append("the URL is missing: name the MCP endpoint, such as https://mcp.example.com/mcp")
        } else if url == nil {
            faults.append("the URL must be an http or https URL, such as https://mcp.example.com/mcp")
        }
        guard faults.isEmpty, let url else { throw CommandFault(faults) }
        return url
    }
}
