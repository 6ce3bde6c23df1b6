import OAuthMetadata
import OAuthResourceServer
import Synchronization
import Testing
import WireFormat

@testable import mcp_quickstart

@Suite("mcp-quickstart: what it prints", .serialized)
struct IntroductionTests {
    private static let tokens = Introduction.TokenCommands(
        basic: "curl -s x", writing: "curl -s y", loginAt: "http://127.0.0.1:9000",
        scopes: ScopeSet(keepingValid: ["mcp:use"]))

    private func lines(
        resource: String, issuer: String, tokens: Introduction.TokenCommands? = nil,
        mode: ResourceServer.Mode = .enforced, needsProofs: Bool = false
    ) throws -> [String] {
        let introduction = Introduction(
            resource: try ResourceIdentifier(resource, insecureHTTP: .loopback), port: 8080,
            issuers: try issuer.split(separator: ",").map { try IssuerIdentifier(String($0), insecureHTTP: .loopback) },
            mode: mode, tokens: tokens, needsProofs: needsProofs)
        return introduction.text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test("the first line is the ready line, and every command is indented by two spaces")
    func readyLine() throws {
        let lines = try lines(
            resource: "http://127.0.0.1:8080/mcp", issuer: "http://127.0.0.1:9000", tokens: Self.tokens)
        #expect(lines.first == "ready resource=http://127.0.0.1:8080/mcp issuer=http://127.0.0.1:9000")
        #expect(lines.filter { $0.hasPrefix("  ") }.count == 13)
        #expect(lines.filter { $0.hasPrefix(" ") && !$0.hasPrefix("  ") }.isEmpty)
        #expect(lines.contains(#"  TOKEN=$(curl -s x | sed 's/.*"access_token":"\([^"]*\)".*/\1/')"#))
    }

    @Test("where each call needs a proof, no command sends a bearer token")
    func needsProofs() throws {
        let lines = try lines(
            resource: "http://127.0.0.1:8080/mcp", issuer: "http://127.0.0.1:9000", tokens: Self.tokens,
            needsProofs: true)
        #expect(lines.first == "ready resource=http://127.0.0.1:8080/mcp issuer=http://127.0.0.1:9000")
        #expect(lines.filter { $0.hasPrefix("  ") }.count == 3)
        #expect(!lines.contains { $0.contains("TOKEN") })
    }

    @Test("several issuers stand in one word, and each has its metadata; none is said to be none")
    func severalIssuers() throws {
        let several = try lines(
            resource: "http://127.0.0.1:8080/mcp", issuer: "https://a.example,https://b.example")
        #expect(several.first == "ready resource=http://127.0.0.1:8080/mcp issuer=https://a.example,https://b.example")
        #expect(several.filter { $0.contains("/.well-known/oauth-authorization-server") }.count == 2)
        let none = try lines(resource: "http://127.0.0.1:8080/mcp", issuer: "")
        #expect(none.first == "ready resource=http://127.0.0.1:8080/mcp issuer=none")
        #expect(!none.contains { $0.contains("/.well-known/") })
    }

    @Test("the metadata of an issuer with a path stands where RFC 8414 §3.1 puts it")
    func issuerWithPath() throws {
        let lines = try lines(resource: "http://127.0.0.1:8080/mcp", issuer: "https://as.example/tenant")
        #expect(lines.contains("  curl -s https://as.example/.well-known/oauth-authorization-server/tenant"))
        #expect(!lines.contains { $0.contains("TOKEN=$(") })
    }

    @Test("a resource elsewhere is called here; what a shell would read is quoted")
    func quoting() throws {
        let lines = try lines(resource: "https://mcp.example/a'b;c&d", issuer: "https://as.example")
        #expect(lines.first == "ready resource=https://mcp.example/a'b;c&d issuer=https://as.example")
        #expect(lines.contains(#"  curl -si -X POST 'http://127.0.0.1:8080/a'\''b;c&d'"#))
        #expect(
            lines.contains(#"  curl -s 'http://127.0.0.1:8080/.well-known/oauth-protected-resource/a'\''b;c&d'"#))
    }

    @Test("the client lines name the resource, and carry the token where clients cannot log in")
    func clients() throws {
        let enforced = try lines(resource: "https://mcp.example/mcp", issuer: "https://as.example")
        #expect(
            enforced.contains(
                "- Claude Code:    claude mcp add --transport http quickstart https://mcp.example/mcp"))
        #expect(
            enforced.contains(
                #"- VS Code, .vscode/mcp.json: {"servers":{"quickstart":{"type":"http","url":"https://mcp.example/mcp"}}}"#
            ))
        #expect(
            enforced.contains {
                $0.hasPrefix("- MCP Inspector:  npx @modelcontextprotocol/inspector --transport http ")
            })
        let pinned = try lines(resource: "http://127.0.0.1:8080/mcp", issuer: "", mode: .staticTokens)
        #expect(pinned.contains { $0.hasSuffix(#"/mcp --header "Authorization: Bearer $TOKEN""#) })
        #expect(!pinned.contains { $0.contains("notes:write") })
    }

    @Test("each mode says what is different in it")
    func modes() throws {
        let shadow = try lines(
            resource: "http://127.0.0.1:8080/mcp", issuer: "https://as.example", mode: .shadow)
        #expect(shadow.contains { $0.hasPrefix("Shadow mode: every request is let through.") })
        #expect(!shadow.contains { $0.contains("403") })
        let disabled = try lines(
            resource: "http://127.0.0.1:8080/mcp", issuer: "", mode: .disabled(anonymousAs: "anonymous"))
        #expect(disabled.contains { $0.hasPrefix("The guard is disabled:") })
        #expect(!disabled.contains { $0.contains("TOKEN") })
    }

    @Test("colours are for terminals: the ready line and the plain text have none")
    func colours() {
        let text = "ready resource=a issuer=b\n\nTry it:\n  curl x\nAnd so on."
        #expect(TerminalStyle(isColored: false).styled(text) == text)
        #expect(
            TerminalStyle(isColored: true).styled(text)
                == "ready resource=a issuer=b\n\n\u{1B}[1mTry it:\u{1B}[0m\n\u{1B}[36m  curl x\u{1B}[0m\nAnd so on.")
        // The tests do not run on a terminal.
        #expect(!TerminalStyle.standardOutput(["NO_COLOR": "1"]).isColored)
    }

    @Test("the tour walks through all steps, and shows no token", .timeLimit(.minutes(5)))
    func tour() async throws {
        let lines = Mutex<[String]>([])
        try await Tour.run(style: TerminalStyle(isColored: false)) { line in lines.withLock { $0.append(line) } }
        let text = lines.withLock { $0 }.joined(separator: "\n")
        for number in 1...8 { #expect(text.contains("\n\(number). ")) }
        for reason in [
            "insufficient_scope", "exp_expired", "aud_mismatch", "issuer_differs_by_trailing_slash", "bad_signature",
        ] {
            #expect(text.contains("reason=\(reason) "))
        }
        #expect(!text.contains("eyJ"))
    }
}
