import ResourceServerKit

/// The text that is printed when the servers listen: a ready line for programs, then commands for people to try.
struct Introduction {
    var resource: ResourceIdentifier
    /// The port of the MCP server.
    var port: UInt16
    /// The issuers of access tokens; empty for pre-shared tokens.
    var issuers: [IssuerIdentifier]
    /// A command that prints a token response; nil if tokens do not come from this program.
    var tokenCommand: String?
    /// Whether each call needs a proof of a key, which no command of a shell makes.
    var needsProofs = false

    /// The text. Lines that begin with two spaces are commands.
    var text: String {
        let server = "http://127.0.0.1:\(port)"
        let endpoint = quoted(server + (resource.url.path.isEmpty ? "/" : resource.url.path))
        let call = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}"#
        let names = issuers.map(\.text)
        let ready = "ready resource=\(resource.text) issuer=\(names.isEmpty ? "none" : names.joined(separator: ","))"
        if needsProofs {
            return """
                \(ready)

                Call the MCP server without a token; the answer says where to get one:
                  curl -si -X POST \(endpoint)
                \(discovery(server))
                Each call needs a token that is bound to a key, and a new proof of the key: use a client with DPoP.

                Stop with Control-C.
                """
        }
        let token =
            if let tokenCommand {
                """
                Get a token from the development authorization server, without a login:
                  TOKEN=$(\(tokenCommand) | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
                """
            } else if issuers.isEmpty {
                "Set TOKEN to a token that this server knows."
            } else {
                "Get a token for the resource \(resource.text) from "
                    + "\(names.joined(separator: " or ")) and set TOKEN to it."
            }
        return """
            \(ready)

            Call the MCP server without a token; the answer says where to get one:
              curl -si -X POST \(endpoint)
            \(discovery(server))
            \(token)

            Call the MCP server with it:
              curl -s \(endpoint) -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '\(call)'

            Stop with Control-C.
            """
    }

    /// The commands that lead from the challenge to the authorization servers.
    private func discovery(_ server: String) -> String {
        guard !issuers.isEmpty else { return "" }
        let documents =
            [server + resource.metadataPath]
            + issuers.map { $0.metadataURLs.first?.text ?? $0.text }
        return "\nFollow it, as a client does:\n" + documents.map { "  curl -s \(quoted($0))\n" }.joined()
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
