import OAuthMetadata
import TokenVerification
import Testing
import WireFormat

@testable import mcp_auth

@Suite("mcp-auth static-token new", .serialized)
struct StaticTokenCreationTests {
    private let session = CommandSession()

    /// The output lines of a successful command.
    private func lines(_ arguments: String...) async throws -> [String] {
        let outcome = await session.run(["static-token", "new"] + arguments)
        try #require(outcome.status == .good && outcome.faults.isEmpty)
        let lines = outcome.output.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { String(decoding: Array($0), as: UTF8.self) }
        try #require(lines.count == 6 && lines[2].isEmpty && lines[5].isEmpty)
        return lines
    }

    @Test("The token is printed once, and the line is one that the server accepts for it")
    func accepted() async throws {
        let lines = try await lines("--name", "ci-bot", "--scope", "mcp:use", "--scope=files:read mcp:use")
        let (token, line) = (lines[1], lines[4])
        #expect(token.hasPrefix("mcpstatic_") && token.utf8.count == 53)
        #expect(line.hasPrefix("ci-bot:") && line.hasSuffix(":files:read mcp:use"))
        #expect(!line.contains(token.dropFirst(10)))
        let verifier = StaticTokenVerifier(try StaticTokenList(parsing: Array(line.utf8)))
        let verified = try await verifier.verify(PresentedToken(Array(token.utf8)))
        #expect(verified.subject == "ci-bot" && verified.scopes.description == "files:read mcp:use")
        await #expect(throws: TokenRejection.self) {
            try await verifier.verify(PresentedToken(Array(lines[4].utf8)))
        }
    }

    @Test("Every token is another one; without scopes the line has none")
    func fresh() async throws {
        let first = try await lines("--name", "a")
        let second = try await lines("--name", "a")
        #expect(first[1] != second[1] && first[4] != second[4])
        #expect(first[4].utf8.count == 2 + 64)
    }

    @Test("Colours are for terminals, and never inside the token or the line")
    func colours() async throws {
        var coloured = session
        coloured.usesColour = true
        let output = await coloured.run("static-token", "new", "--name", "a").output
        let lines = output.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
        #expect(lines[0].contains(0x1B) && lines[3].contains(0x1B))
        #expect(!lines[1].contains(0x1B) && !lines[4].contains(0x1B))
    }

    @Test(
        "A fault of the arguments is a line, and there is no token then",
        arguments: [
            ([], ["--name is required: who the token is for"]),
            (["--name"], ["--name needs a value"]),
            (["--name", "a b"], ["--name must be 1 to 64 letters, digits, '.', '_' and '-'"]),
            (["--name", "a:b"], ["--name must be 1 to 64 letters, digits, '.', '_' and '-'"]),
            (["--name", "a", "--name", "b"], ["--name is given more than once"]),
            (["--name", "a", "--scope"], ["--scope needs a value"]),
            (
                ["--name", "a", "--scope", "x", "--scope", "a\"b"],
                ["--scope must be scopes of printable ASCII without quote and backslash, separated by spaces"]
            ),
            (
                ["--scope", "é", "x"],
                [
                    "unexpected argument (not shown: it may be a token; tokens are read from standard input)",
                    "--name is required: who the token is for",
                    "--scope must be scopes of printable ASCII without quote and backslash, separated by spaces",
                ]
            ),
        ] as [([String], [String])])
    func faults(arguments: [String], lines: [String]) async {
        let outcome = await session.run(["static-token", "new"] + arguments)
        #expect(outcome.status == .usage && outcome.output.isEmpty)
        #expect(outcome.faults == lines)
    }
}
