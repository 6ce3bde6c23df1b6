import Foundation
import Testing

@testable import mcp_auth

@Suite("The article \"Why is this token refused?\" and `mcp-auth explain`")
struct RefusalArticleTests {
    /// All names in backquotes.
    private let names: [String]
    /// The names in the first cells of the tables: reasons and events.
    private let explained: [String]

    init() throws {
        let article = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Sources/ResourceServerKit/ResourceServerKit.docc/RefusedTokens.md")
        let text = try String(contentsOf: article, encoding: .utf8)
        names = Self.names(in: text[...])
        explained = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
            .flatMap { Self.names(in: $0.dropFirst().prefix { $0 != "|" }) }
            .filter { name in name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" } && name.contains("_") }
    }

    @Test("mcp-auth explain knows every reason and event of the article")
    func articleIsExplained() {
        #expect(explained.count > 100)
        for code in explained { #expect(CodeExplanation.of(code) != nil, "\(code)") }
    }

    @Test("The article names every reason that mcp-auth explain knows of requests, tokens, bindings and fetches")
    func explanationsAreInArticle() {
        let entries =
            CodeExplanation.ofRequests + CodeExplanation.ofTokens + CodeExplanation.ofBindings
            + CodeExplanation.ofFetches
        for entry in entries {
            #expect(names.contains { $0 == entry.code || $0.hasSuffix("_" + entry.code) }, "\(entry.code)")
        }
    }

    private static func names(in text: Substring) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
