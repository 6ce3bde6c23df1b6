import OAuthMetadata
import TokenVerification

/// `static-token new`: makes a token, shows it once, and prints the line by which a server recognises it.
struct StaticTokenCreation {
    private let token: StaticToken

    /// Parses the arguments after `static-token new`.
    init(_ arguments: [String]) throws(CommandFault) {
        var list = ArgumentList(arguments, flags: ["--name"], repeatableFlags: ["--scope"])
        if !list.contains("--name") { list.faults.append("--name is required: who the token is for") }
        let name = list.value("--name", "1 to 64 letters, digits, '.', '_' and '-'") { text in
            StaticToken(name: text, scopes: ScopeSet()).map { _ in text }
        }
        let scopes = list.values(
            "--scope", "scopes of printable ASCII without quote and backslash, separated by spaces"
        ) {
            ScopeSet(parsing: $0)
        }
        let all = scopes.reduce(ScopeSet()) { $0.union($1) }
        guard list.faults.isEmpty, let name, let token = StaticToken(name: name, scopes: all) else {
            throw CommandFault(list.faults)
        }
        self.token = token
    }

    func run(in environment: CommandEnvironment) -> Outcome {
        let paint = environment.paint
        return Outcome(
            output: """
                \(paint.heading("The token, shown only now. Give it to the client, and keep it nowhere else:"))
                \(token.text)

                \(paint.heading("The line for the server's file of static tokens (OAUTH_STATIC_TOKENS_FILE):"))
                \(token.line)

                """)
    }
}
