import WireFormat

/// The table of commands, and the function that runs them.
enum AuthCommand {
    /// A command, whose name has one or two words.
    private struct Row: Sendable {
        var words: [String]
        /// What it does, in a few words.
        var summary: String
        var help: String
        var run: @Sendable ([String], CommandEnvironment) async throws(CommandFault) -> Outcome

        init(
            _ name: String, _ summary: String, _ help: String,
            run: @escaping @Sendable ([String], CommandEnvironment) async throws(CommandFault) -> Outcome
        ) {
            words = name.split(separator: " ").map(String.init)
            self.summary = summary
            self.help = help
            self.run = run
        }
    }

    private static let rows: [Row] = [
        Row(
            "doctor", "what keeps clients from using an MCP server, and how to mend it",
            HelpText.doctor
        ) { (arguments, environment) async throws(CommandFault) in
            try await DoctorCommand(arguments).run(in: environment)
        },
        Row(
            "login", "logs in to an MCP server as a client does, and prints the token",
            HelpText.login
        ) { (arguments, environment) async throws(CommandFault) in
            try await LoginCommand(arguments).run(in: environment)
        },
        Row(
            "token inspect", "what a token says; proves nothing",
            HelpText.tokenInspect
        ) { (arguments, environment) throws(CommandFault) in
            try TokenInspection(arguments).run(in: environment)
        },
        Row(
            "token verify", "whether a token is good, as a server judges",
            HelpText.tokenVerify
        ) { (arguments, environment) async throws(CommandFault) in
            if ServerVerdict.isMeant(by: arguments) { return try await ServerVerdict(arguments).run(in: environment) }
            return try await TokenVerifyCommand(arguments).run(in: environment)
        },
        Row(
            "explain", "what a code of a log line, a metric or a finding means",
            HelpText.explain
        ) { (arguments, environment) throws(CommandFault) in
            try ExplainCommand(arguments).run(in: environment)
        },
        Row(
            "jwks inspect", "the keys of a set, and why some are not used",
            HelpText.keySetInspect
        ) { (arguments, environment) async throws(CommandFault) in
            try await KeySetInspection(arguments).run(in: environment)
        },
        Row(
            "cimd create", "a new client ID metadata document (the JSON at the URL that is a client_id)",
            HelpText.clientDocumentCreate
        ) { (arguments, environment) throws(CommandFault) in
            try ClientDocumentCreation(arguments).run(in: environment)
        },
        Row(
            "cimd validate", "whether an authorization server would accept such a document, rule by rule",
            HelpText.clientDocumentValidate
        ) { (arguments, environment) async throws(CommandFault) in
            try await ClientDocumentValidation(arguments).run(in: environment)
        },
        Row(
            "static-token new", "a new pre-shared token, and the line by which a server recognises it",
            HelpText.staticTokenNew
        ) { (arguments, environment) throws(CommandFault) in
            try StaticTokenCreation(arguments).run(in: environment)
        },
        Row(
            "completions", "a script that completes commands and options in a shell",
            HelpText.completions
        ) { (arguments, _) throws(CommandFault) in
            try ShellCompletion(arguments).run(summaries)
        },
        Row(
            "man", "the manual page",
            HelpText.manual
        ) { (arguments, _) throws(CommandFault) in
            let list = ArgumentList(arguments, flags: [])
            guard list.faults.isEmpty else { throw CommandFault(list.faults) }
            return Outcome(output: ManualPage.text(summaries))
        },
    ]

    /// The table without its functions.
    private static var summaries: [CommandSummary] {
        rows.map { CommandSummary(words: $0.words, summary: $0.summary, help: $0.help) }
    }

    /// Runs the command that the arguments name. The program's name is not among them.
    static func run(_ arguments: [String], in environment: CommandEnvironment) async -> Outcome {
        if arguments.count == 1, arguments[0].hasSameBytes(as: "--version") {
            return Outcome(output: "mcp-auth \(ProgramVersion.text)\n")
        }
        let asksForHelp = arguments.contains { $0.hasSameBytes(as: "--help") }
        let words = arguments.filter { !$0.hasSameBytes(as: "--help") }
        guard let row = rows.first(where: { words.starts(with: $0.words) { $0.hasSameBytes(as: $1) } }) else {
            return asksForHelp ? Outcome(output: help(for: words)) : unknown(words)
        }
        guard !asksForHelp else { return Outcome(output: row.help + "\n") }
        do throws(CommandFault) {
            return try await row.run(Array(arguments.dropFirst(row.words.count)), environment)
        } catch {
            return Outcome(status: .usage, faults: error.lines)
        }
    }

    /// The help for an incomplete command, or for all commands.
    private static func help(for words: [String]) -> String {
        let family = rows.filter { words.first?.hasSameBytes(as: $0.words[0]) == true }
        return (family.isEmpty ? HelpText.all(summaries) : family.map(\.help).joined(separator: "\n\n")) + "\n"
    }

    private static func unknown(_ words: [String]) -> Outcome {
        let names = rows.map { $0.words.joined(separator: " ") }.joined(separator: ", ")
        // The message does not repeat the words: one of them may be a token that was pasted by mistake.
        let fault = words.isEmpty ? "a command is missing" : "there is no such command"
        return Outcome(status: .usage, faults: ["\(fault); there are \(names); see --help"])
    }
}
