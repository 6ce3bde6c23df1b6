/// STYLE.md "Language": words that comments must not use, because they hide who does what.
enum LanguageRule {
    static let words = ["whoever", "whatever", "somebody", "nobody", "at hand", "to be had", "by itself"]

    /// The uses of these words in the comments of a Swift or C file. Line breaks count as spaces.
    static func violations(path: String, text: String) -> [String] {
        violations(path: path, in: SwiftTokens.comments(in: text))
    }

    /// The uses of these words in an article.
    static func violations(path: String, article: String) -> [String] {
        violations(path: path, in: [SwiftTokens.Comment(text: article, line: 1)])
    }

    private static func violations(path: String, in comments: [SwiftTokens.Comment]) -> [String] {
        let found = words.map { $0.split(separator: " ").map(String.init) }
        return paragraphs(of: comments).flatMap { paragraph in
            paragraph.indices.flatMap { start in
                found.filter { paragraph[start...].map(\.text).starts(with: $0) }.map {
                    "\(path):\(paragraph[start].line): \($0.joined(separator: " "))"
                }
            }
        }
    }

    private struct Word {
        let text: String
        let line: Int
    }

    /// The words of adjacent comments. A line without a comment ends a paragraph.
    private static func paragraphs(of comments: [SwiftTokens.Comment]) -> [[Word]] {
        var paragraphs: [[Word]] = []
        var lastLine = -1
        for comment in comments {
            if comment.line > lastLine + 1 { paragraphs.append([]) }
            for (offset, line) in comment.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                lastLine = comment.line + offset
                for word in line.split(whereSeparator: { !$0.isLetter && $0 != "`" && $0 != "_" }) {
                    paragraphs[paragraphs.count - 1].append(Word(text: word.lowercased(), line: lastLine))
                }
            }
        }
        return paragraphs
    }
}
