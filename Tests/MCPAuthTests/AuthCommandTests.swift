import Testing
import WireFormat

@testable import mcp_auth

@Suite("mcp-auth: commands", .serialized)
struct AuthCommandTests {
    private let session = CommandSession()

    @Test(
        "--help is on every level, with exit 0 and nothing on stderr, wherever it stands",
        arguments: [
            (["--help"], "Usage: mcp-auth <command>"), (["nonsense", "--help"], "Usage: mcp-auth <command>"),
            (["token", "--help"], "Usage: mcp-auth token inspect"),
            (["--help", "jwks"], "Usage: mcp-auth jwks inspect"),
            (["token", "inspect", "--help"], "Usage: mcp-auth token inspect"),
            (["token", "verify", "--help"], "Usage: mcp-auth token verify"),
            (["token", "verify", "--nope", "x", "--help"], "Usage: mcp-auth token verify"),
            (["jwks", "inspect", "--help"], "Usage: mcp-auth jwks inspect"),
            (["static-token", "--help"], "Usage: mcp-auth static-token new"),
            (["static-token", "new", "--help"], "Usage: mcp-auth static-token new"),
        ])
    func help(arguments: [String], beginning: String) async {
        let outcome = await session.run(arguments)
        #expect(outcome.status == .good && outcome.faults.isEmpty)
        #expect(outcome.output.hasPrefix(beginning) && outcome.output.hasSuffix("\n"))
    }

    @Test("help names every flag, every exit status, and the commands of a family")
    func helpIsComplete() async {
        let verify = await session.run("token", "verify", "--help").output
        for flag in [
            "--jwks", "--audience", "--issuer", "--alg", "--now", "--skew", "--profile", "--token-file", "--help",
        ] {
            #expect(verify.contains("  \(flag) "), "\(flag)")
        }
        let family = await session.run("token", "--help").output
        #expect(family.contains("token inspect") && family.contains("token verify"))
        let new = await session.run("static-token", "new", "--help").output
        #expect(new.contains("  --name NAME ") && new.contains("  --scope SCOPES "))
        for help in [verify, family, new, await session.run("jwks", "inspect", "--help").output] {
            #expect(help.contains("Exit status: 0"))
            #expect(help.split(separator: "\n").allSatisfy { $0.utf8.count <= 120 })
        }
    }

    @Test(
        "no command, half a command and a wrong one: exit 2 and one line",
        arguments: [
            ([], "a command is missing"), (["token"], "there is no such command"),
            (["jwks"], "there is no such command"),
            (["token", "sign"], "there is no such command"), (["Token", "inspect"], "there is no such command"),
            (["eyJhbGciOiJub25lIn0.e30."], "there is no such command"),
        ])
    func unknown(arguments: [String], beginning: String) async {
        let outcome = await session.run(arguments)
        #expect(outcome.status == .usage && outcome.output.isEmpty)
        #expect(
            outcome.faults == [
                "\(beginning); there are doctor, login, token inspect, token verify, explain, jwks inspect, cimd create, "
                    + "cimd validate, static-token new, completions, man; see --help"
            ])
    }

    @Test(
        "an argument that may be a token is not repeated on the screen",
        arguments: [
            ["token", "inspect", "eyJhbGciOiJub25lIn0.e30.AAAA"],
            ["token", "inspect", "eyJhbGciOiJub25lIn0"],
            ["token", "inspect", String(repeating: "secret", count: 7)],
            ["token", "inspect", "--eyJsecretsecretsecretsecretsecretsecretsecretsecret"],
            ["token", "verify", "--token=eyJsecret"], ["token", "verify", "--token", "eyJsecret"],
        ])
    func pasted(arguments: [String]) async {
        let outcome = await session.run(arguments)
        #expect(outcome.status == .usage)
        #expect(!outcome.faults.isEmpty)
        for fault in outcome.faults { #expect(!fault.contains("eyJ") && !fault.contains("secret")) }
    }

    @Test(
        "a fault of the arguments is one line that names it",
        arguments: [
            (
                ["token", "inspect", "x"],
                "unexpected argument (not shown: it may be a token; tokens are read from standard input)"
            ),
            (["token", "inspect", "-h"], "unexpected argument '-h'"),
            (["token", "inspect", "--file", "x"], "unknown option '--file'; see --help"),
            (["token", "inspect", "--\u{1B}\u{202E}"], #"unknown option '--\u001b\u202e'; see --help"#),
            (["jwks", "inspect"], "the key set is missing: name a file, a URL, or - for standard input"),
            (
                ["jwks", "inspect", "a", "b"],
                "unexpected argument (not shown: it may be a token; tokens are read from standard input)"
            ),
            (["jwks", "inspect", "-x"], "unexpected argument '-x'"),
            (
                ["jwks", "inspect", "http://example.com/jwks"],
                "the key set must be a file, - for standard input, an https URL, or an http URL of a loopback host"
            ),
            (
                ["jwks", "inspect", "HTTPS://user@example.com/"],
                "the key set must be a file, - for standard input, an https URL, or an http URL of a loopback host"
            ),
        ] as [([String], String)])
    func fault(arguments: [String], line: String) async {
        let outcome = await session.run(arguments)
        #expect(outcome.status == .usage && outcome.output.isEmpty)
        #expect(outcome.faults.contains(line))
    }

    @Test("--version prints one line; completions and the manual page name every command and option")
    func generated() async {
        #expect(await session.run("--version") == Outcome(output: "mcp-auth \(ProgramVersion.text)\n"))
        let manual = await session.run("man").output
        #expect(manual.hasPrefix(".TH MCP-AUTH 1\n"))
        for line in manual.split(separator: "\n") where line.hasPrefix(".") {
            #expect([".TH", ".SH", ".TP", ".B", ".I", ".nf", ".fi"].contains { line.hasPrefix($0) }, "\(line)")
        }
        for shell in ["bash", "zsh", "fish"] {
            let script = await session.run("completions", shell).output
            for word in ["doctor", "verify", "static-token", "completions"] { #expect(script.contains(word)) }
            for option in ["jwks", "token-stdin", "client-id-url", "required-scope"] {
                #expect(script.contains(option), "\(shell) \(option)")
            }
        }
        #expect(await session.run("completions").faults == ["name a shell: bash, zsh, fish"])
        #expect(await session.run("completions", "tcsh").status == .usage)
        #expect(await session.run("man", "x").status == .usage)
    }

    @Test("the exit statuses are 0, 1 and 2")
    func statuses() {
        #expect(Outcome.Status.good.rawValue == 0)
        #expect(Outcome.Status.refused.rawValue == 1)
        #expect(Outcome.Status.usage.rawValue == 2)
    }
}
