import ResourceServerKit

/// The text that is printed when the servers listen: a ready line for programs, then commands for people to try.
struct Introduction {
    var resource: ResourceIdentifier
    /// The port of the MCP server.
    var port: UInt16
    /// The issuers of access tokens; empty for pre-shared tokens.
    var issuers: [IssuerIdentifier]
    /// The port of the operations; nil if they are not served.
    var operationsPort: UInt16?
    /// What the guard does with tokens.
    var mode = ResourceServer.Mode.enforced
    /// The commands that get tokens; nil if tokens do not come from this program.
    var tokens: TokenCommands?
    /// Whether each call needs a proof of a key, which no command of a shell makes.
    var needsProofs = false

    /// The commands that get tokens from the development authorization server.
    struct TokenCommands {
        /// Prints a token response with the scopes that every request needs.
        var basic: String
        /// Prints a token response with the scope for notes too.
        var writing: String
        /// The issuer, if it approves every login at once; nil if it asks a person.
        var loginAt: String?
        /// The scopes that every request needs.
        var scopes: ScopeSet
    }

    /// The text. Lines that begin with two spaces are commands, and can be pasted one after the other.
    var text: String {
        let names = issuers.map(\.text)
        let sections = [
            "ready resource=\(resource.text) issuer=\(names.isEmpty ? "none" : names.joined(separator: ","))",
            modeSection, withoutToken, discovery, login, withToken, stepUp, clients, operations,
            "Stop with Control-C.",
        ]
        return sections.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var server: String { "http://127.0.0.1:\(port)" }
    private var endpoint: String { quoted(server + (resource.url.path.isEmpty ? "/" : resource.url.path)) }

    private var isDisabled: Bool { if case .disabled = mode { true } else { false } }

    /// What is different in this mode.
    private var modeSection: String {
        switch mode {
        case .enforced, .staticTokens: ""
        case .shadow: "Shadow mode: every request is let through. The log says which ones would be refused, and why."
        case .disabled: "The guard is disabled: every request is let through, and no token is looked at."
        }
    }

    private var withoutToken: String {
        switch mode {
        case .disabled, .shadow: "Call the MCP server without a token:\n  \(call("whoami"))"
        case .staticTokens: "Call the MCP server without a token; it is refused:\n  curl -si -X POST \(endpoint)"
        case .enforced:
            "Call the MCP server without a token; the answer says where to get one:\n  curl -si -X POST \(endpoint)"
        }
    }

    /// The commands that lead from the challenge to the authorization servers.
    private var discovery: String {
        guard !issuers.isEmpty, !isDisabled else { return "" }
        let documents =
            [server + resource.metadataPath]
            + issuers.map { $0.metadataURLs.first?.text ?? $0.text }
        return "Follow it, as a client does:" + documents.map { "\n  curl -s \(quoted($0))" }.joined()
    }

    private var login: String {
        guard !isDisabled else { return "" }
        guard !needsProofs else {
            return "Each call needs a token that is bound to a key, and a new proof of the key: use a client with DPoP."
        }
        guard let tokens else {
            return issuers.isEmpty
                ? "Set TOKEN to a token that this server knows."
                : "Get a token for the resource \(resource.text) from "
                    + "\(issuers.map(\.text).joined(separator: " or ")) and set TOKEN to it."
        }
        let direct = """
            Get a token from the development authorization server, without a login:
              TOKEN=$(\(tokens.basic) | \(Self.member("access_token")))
            """
        guard let issuer = tokens.loginAt else { return direct }
        let callback = "http://127.0.0.1:3030/callback"
        let scope = tokens.scopes.isEmpty ? "" : " -d scope=\(quoted(tokens.scopes.description))"
        let client = #"{"redirect_uris":["\#(callback)"],"token_endpoint_auth_method":"none"}"#
        return direct + """


            Or log in as a client does, with a code and PKCE (this authorization server approves at once):
              CLIENT=$(curl -s \(quoted(issuer + "/register")) -H 'Content-Type: application/json' -d '\(client)' | \
            \(Self.member("client_id")))
              VERIFIER=$(openssl rand -hex 32)
              CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 | \
            tr '+/' '-_' | tr -d '=')
              CODE=$(curl -s -o /dev/null -w '%{redirect_url}' -G \(quoted(issuer + "/authorize")) \
            -d response_type=code -d "client_id=$CLIENT" -d redirect_uri=\(callback) -d "code_challenge=$CHALLENGE" \
            -d code_challenge_method=S256 -d resource=\(quoted(resource.text))\(scope) | \
            sed 's/.*[?&]code=\\([^&]*\\).*/\\1/')
              TOKEN=$(curl -s \(quoted(issuer + "/token")) -d grant_type=authorization_code -d "code=$CODE" \
            -d redirect_uri=\(callback) -d "client_id=$CLIENT" -d "code_verifier=$VERIFIER" \
            -d resource=\(quoted(resource.text)) | \(Self.member("access_token")))
            """
    }

    private var withToken: String {
        isDisabled || needsProofs ? "" : "Call the MCP server with it:\n  \(call("whoami", as: "TOKEN"))"
    }

    /// The tool `add_note` needs a scope that the first token lacks.
    private var stepUp: String {
        guard mode == .enforced, !needsProofs else { return "" }
        let refused =
            "See a 403: the token lacks \(Notebook.writeScope), and the answer says so:\n  "
            + "\(call("add_note", #"{"text":"hello"}"#, as: "TOKEN", showsHead: true))"
        guard let tokens else {
            return refused + "\nTo repair it, get a token with the scopes that the answer names."
        }
        return refused + """


            Repair it with a token that has the scope:
              TOKEN=$(\(tokens.writing) | \(Self.member("access_token")))
              \(call("add_note", #"{"text":"hello"}"#, as: "TOKEN"))
            """
    }

    /// What people paste into their clients. Clients compare the URL with the resource.
    private var clients: String {
        let url = quoted(resource.text)
        let hasToken = mode == .staticTokens
        let header = hasToken ? #" --header "Authorization: Bearer $TOKEN""# : ""
        let headers = hasToken ? #","headers":{"Authorization":"Bearer ${input:token}"}"# : ""
        let heading =
            switch mode {
            case .disabled: "Connect a client; it needs no token:"
            case .staticTokens: "Connect a client with your token:"
            case .enforced, .shadow: "Connect a client; it logs in when it is refused:"
            }
        return """
            \(heading)
            - Claude Code:    claude mcp add --transport http quickstart \(url)\(header)
            - MCP Inspector:  npx @modelcontextprotocol/inspector --transport http --server-url \(url)
            - VS Code, .vscode/mcp.json: \
            {"servers":{"quickstart":{"type":"http","url":"\(resource.text)"\(headers)}}}
            """
    }

    private var operations: String {
        guard let operationsPort else { return "" }
        let pages = ["healthz", "readyz", "metrics"].map { "  curl -s http://127.0.0.1:\(operationsPort)/\($0)" }
        return "See how the server does:\n" + pages.joined(separator: "\n")
    }

    /// A command that calls a tool.
    private func call(
        _ tool: String, _ arguments: String = "{}", as variable: String? = nil, showsHead: Bool = false
    ) -> String {
        let body =
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\#(tool)","arguments":\#(arguments)}}"#
        let token = variable.map { #" -H "Authorization: Bearer $\#($0)""# } ?? ""
        return "curl -s\(showsHead ? "i" : "") \(endpoint)\(token) -H 'Content-Type: application/json' -d '\(body)'"
    }

    /// A filter that prints a string member of a JSON object.
    private static func member(_ name: String) -> String {
        #"sed 's/.*"\#(name)":"\([^"]*\)".*/\1/'"#
    }

    /// The word, quoted for a shell if necessary.
    private func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            ASCII.isDigit(byte) || ASCII.isLetter(byte) || [0x2D, 0x2E, 0x2F, 0x3A, 0x5F].contains(byte)
        }
        guard !isPlain else { return word }
        let escaped = word.utf8.flatMap { $0 == UInt8(ascii: "'") ? Array("'\\''".utf8) : [$0] }
        return "'\(String(decoding: escaped, as: UTF8.self))'"
    }
}
