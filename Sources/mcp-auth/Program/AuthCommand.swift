import WireFormat

/// The table of commands, and the function that runs them.
enum AuthCommand {
    /// A command, whose name has two words.
    private struct Row: Sendable {
        var words: [String]
        var help: String
        var run: @Sendable ([String], CommandEnvironment) async throws(CommandFault) -> Outcome
    }

    private static let rows = [
        Row(words: ["token", "inspect"], help: HelpText.tokenInspect) {
            (arguments, environment) throws(CommandFault) in
            try TokenInspection(arguments).run(in: environment)
        },
        Row(words: ["token", "verify"], help: HelpText.tokenVerify) {
            (arguments, environment) async throws(CommandFault) in
            try await TokenVerifyCommand(arguments).run(in: environment)
        },
        Row(words: ["jwks", "inspect"], help: HelpText.keySetInspect) {
            (arguments, environment) async throws(CommandFault) in
            try await KeySetInspection(arguments).run(in: environment)
        },
        Row(words: ["cimd", "create"], help: HelpText.clientDocumentCreate) {
            (arguments, environment) throws(CommandFault) in
            try ClientDocumentCreation(arguments).run(in: environment)
        },
        Row(words: ["cimd", "validate"], help: HelpText.clientDocumentValidate) {
            (arguments, environment) async throws(CommandFault) in
            try await ClientDocumentValidation(arguments).run(in: environment)
        },
        Row(words: ["static-token", "new"], help: HelpText.staticTokenNew) {
            (arguments, environment) throws(CommandFault) in
            try StaticTokenCreation(arguments).run(in: environment)
        },
    ]

    /// Runs the command that the arguments name. The program's name is not among them.
    static func run(_ arguments: [String], in environment: CommandEnvironment) async -> Outcome {
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
        return (family.isEmpty ? HelpText.all : family.map(\.help).joined(separator: "\n\n")) + "\n"
    }

    private static func unknown(_ words: [String]) -> Outcome {
        let names = rows.map { $0.words.joined(separator: " ") }.joined(separator: ", ")
        // The message does not repeat the words: one of them may be a token that was pasted by mistake.
        let fault = words.isEmpty ? "a command is missing" : "there is no such command"
        return Outcome(status: .usage, faults: ["\(fault); there are \(names); see --help"])
    }
}
