import JOSE
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import TokenVerification

@Suite("StaticTokenVerifier and its list (POLICY §12)", .serialized)
struct StaticVerifierTests {
    // The SHA-256 of "abc" (FIPS 180-4 appendix B.1).
    private static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    private static func verifier(_ text: String) throws -> StaticTokenVerifier {
        StaticTokenVerifier(try StaticTokenList(parsing: Array(text.utf8)))
    }

    private func code(_ token: String, _ verifier: StaticTokenVerifier) async -> String? {
        do throws(TokenRejection) {
            _ = try await verifier.verify(PresentedToken(Array(token.utf8)))
            return nil
        } catch {
            return error.code
        }
    }

    @Test("A listed token is good: its name is the subject, its scopes are those of the line, nothing else is known")
    func good() async throws {
        let verifier = try Self.verifier("ci-bot.1_x:\(Self.abc):mcp:use files:read")
        let token = try await verifier.verify(PresentedToken(Array("abc".utf8)))
        #expect(token.subject == "ci-bot.1_x" && token.scopes.tokens == ["files:read", "mcp:use"])
        #expect(token.issuer == nil && token.expiresAt == nil && token.clientID == nil)
    }

    @Test("Any other token is refused", arguments: ["abd", "ab", "abcd", "", abc, "ABC"])
    func unknown(token: String) async throws {
        #expect(await code(token, try Self.verifier("a:\(Self.abc)")) == "static_token_unknown")
    }

    @Test("Every line counts, wherever it stands; a name may stand twice, while one token follows another")
    func every() async throws {
        let tokens = (0..<50).compactMap { _ in StaticToken(name: "same", scopes: ScopeSet()) }
        let verifier = try Self.verifier(tokens.map(\.line).joined(separator: "\n"))
        for token in tokens { #expect(await code(token.text, verifier) == nil) }
        #expect(tokens.count == 50)
    }

    @Test(
        "Comments, empty lines, CR LF, upper-case digits and a last line without an end are all right",
        arguments: [
            "a:\(abc)", "a:\(abc)\n", "a:\(abc)\r\n", "# a comment: with: colons\n\n\r\na:\(abc)\n\n",
            "a:\(abc.uppercased()):", "a:\(abc):  read  write ",
        ])
    func layout(text: String) async throws {
        #expect(await code("abc", try Self.verifier(text)) == nil)
    }

    @Test(
        "A line that is wrong is told by its number, and never shown",
        arguments: [
            ("SECRETname", "is not name:hash or name:hash:scopes"), (" ", "is not name:hash"),
            (":\(abc)", "has a name"), ("SECRET name:\(abc)", "has a name"), ("SECRETnäme:\(abc)", "has a name"),
            (String(repeating: "a", count: 65) + ":\(abc)", "has a name"), ("\u{FEFF}a:\(abc)", "has a name"),
            ("a:", "has a hash"), ("a:SECRET", "has a hash"), ("a:\(abc.dropLast())", "has a hash"),
            ("a:\(abc)0", "has a hash"), ("a: \(abc)", "has a hash"), ("a:\(abc.dropLast())g", "has a hash"),
            ("a:\(abc) ", "has a hash"), ("a:\(abc.dropLast(2))é", "has a hash"),
            ("a:mcpstatic_SECRETSECRET", "holds a token where its hash belongs"),
            ("a:\(abc):re\"SECRET", "has a scope"), ("a:\(abc):r\u{E9}", "has a scope"),
            ("a:\(abc):a\tb", "has a scope"),
            ("b:\(abc)\nc:\(abc)", "has the hash of line 2"),
        ])
    func faults(line: String, explanation: String) {
        do throws(ConfigurationError) {
            _ = try StaticTokenList(parsing: Array("# first\n\(line)\n".utf8))
            Issue.record("accepted")
        } catch {
            let number = line.contains("\n") ? 3 : 2
            #expect(error.settings == ["staticTokens line \(number)"])
            #expect(error.lines.first?.hasPrefix("staticTokens line \(number) \(explanation)") == true, "\(error)")
            #expect(!error.description.contains("SECRET") && !error.description.contains("ba7816"))
        }
    }

    @Test("All faults are told at once, beside lines that are good")
    func allFaults() {
        let text = "x\ngood:\(Self.abc)\n:\nbad name:\(Self.abc)\n"
        do throws(ConfigurationError) {
            _ = try StaticTokenList(parsing: Array(text.utf8))
            Issue.record("accepted")
        } catch {
            #expect(error.settings == [1, 3, 4].map { "staticTokens line \($0)" })
        }
    }

    @Test("A list without a token is an error: nobody could get in", arguments: ["", "\n\n", "# nobody\n"])
    func empty(text: String) {
        #expect(
            throws: ConfigurationError([
                .init(
                    "staticTokens",
                    "holds no token, so no request can be accepted",
                    "make one with mcp-auth static-token new")
            ])
        ) { try StaticTokenList(parsing: Array(text.utf8)) }
    }

    @Test("1,000 tokens fit on a list, one more does not")
    func limit() throws {
        func list(_ count: Int) throws -> StaticTokenList {
            let lines = (0..<count).map { number in
                let digits = String(number, radix: 16)
                return "n:" + String(repeating: "0", count: 64 - digits.count) + digits
            }
            return try StaticTokenList(parsing: Array(lines.joined(separator: "\n").utf8))
        }
        #expect(try list(1_000).entries.count == 1_000)
        #expect(throws: ConfigurationError.self) { try list(1_001) }
    }

    @Test("A new token has 256 random bits, a beginning that scanners find, and a line that recognises it")
    func newToken() async throws {
        let scopes = try #require(ScopeSet(["mcp:use", "a"]))
        let token = try #require(StaticToken(name: "bot", scopes: scopes))
        #expect(token.text.hasPrefix("mcpstatic_"))
        #expect(Base64URL.decode(String(token.text.dropFirst(10)))?.count == 32)
        #expect(PresentedToken(Array(token.text.utf8)).isWellFormed)
        #expect(token.line.hasPrefix("bot:") && token.line.hasSuffix(":a mcp:use"))
        #expect(!token.line.contains(token.text.dropFirst(10)))
        let verifier = try Self.verifier(token.line)
        #expect(await code(token.text, verifier) == nil)
        let other = try #require(StaticToken(name: "bot", scopes: scopes))
        #expect(other.text != token.text)
        #expect(await code(other.text, verifier) == "static_token_unknown")
        #expect(StaticToken(name: "bot", scopes: ScopeSet())?.line.utf8.count == 68)
        for name in ["", "a b", "a:b", "é", "a\n", String(repeating: "a", count: 65)] {
            #expect(StaticToken(name: name, scopes: ScopeSet()) == nil)
        }
    }

    @Test("Descriptions and mirrors of lists, tokens and secrets show nothing")
    func redacted() throws {
        let token = try #require(StaticToken(name: "SECRET", scopes: ScopeSet()))
        let list = try StaticTokenList(parsing: Array(token.line.utf8))
        let secret = try ClientSecret("SECRET")
        for value: Any in [token, list, secret] {
            for text in ["\(value)", String(reflecting: value), "\([value])"] {
                #expect(!text.contains("SECRET") && !text.contains("mcpstatic_"))
            }
            var dumped = ""
            dump(value, to: &dumped)
            #expect(!dumped.contains("SECRET") && !dumped.contains("mcpstatic_"))
        }
    }
}
