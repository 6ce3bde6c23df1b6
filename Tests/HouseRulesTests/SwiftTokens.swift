/// The tokens of a Swift file that the house rules need: comments are separate, strings are whole tokens, and code
/// inside string interpolations is scanned. In C files, only the comments are reliable.
struct SwiftTokens {
    struct Token: Equatable {
        enum Kind: Equatable { case word, mark, string }

        let kind: Kind
        let text: String
        let line: Int
        /// Whether no space separates it from the token before it.
        let isAttached: Bool
    }

    /// A comment with its marks. Each line that begins with `//` is a separate comment.
    struct Comment: Equatable {
        let text: String
        let line: Int
    }

    private(set) var tokens: [Token] = []
    private var comments: [Comment] = []
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var endOfLast = -1

    /// The tokens of a text.
    static func of(_ text: String) -> [Token] { scanned(text).tokens }

    /// The comments of a text, in order.
    static func comments(in text: String) -> [Comment] { scanned(text).comments }

    /// The lines that contain a part of a string literal.
    static func linesOfStrings(in text: String) -> Set<Int> {
        Set(
            of(text).filter { $0.kind == .string }.flatMap { token in
                token.line...token.line + token.text.utf8.count { $0 == UInt8(ascii: "\n") }
            })
    }

    private static func scanned(_ text: String) -> SwiftTokens {
        var scanner = SwiftTokens(Array(text.utf8))
        scanner.scan(untilParenthesis: false)
        return scanner
    }

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    private func byte(_ offset: Int = 0) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }

    private func starts(with text: String) -> Bool { bytes[min(index, bytes.count)...].starts(with: text.utf8) }

    private mutating func step(_ count: Int = 1) {
        for _ in 0..<count where index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n") { line += 1 }
            index += 1
        }
    }

    private func text(from start: Int) -> String { String(decoding: bytes[start..<index], as: UTF8.self) }

    private mutating func add(_ kind: Token.Kind, from start: Int, line: Int) {
        tokens.append(Token(kind: kind, text: text(from: start), line: line, isAttached: start == endOfLast))
        endOfLast = index
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }

    /// Scans to the end of the text, or past the parenthesis that closes an interpolation.
    private mutating func scan(untilParenthesis: Bool) {
        var depth = 0
        while index < bytes.count {
            let start = index
            let startLine = line
            if starts(with: "//") {
                while index < bytes.count, byte() != UInt8(ascii: "\n") { step() }
                comments.append(Comment(text: text(from: start), line: startLine))
            } else if starts(with: "/*") {
                skipBlockComment()
                comments.append(Comment(text: text(from: start), line: startLine))
            } else if byte() == UInt8(ascii: "\"") || isRawString() {
                skipString()
                add(.string, from: start, line: startLine)
            } else if byte() == UInt8(ascii: "`") {
                step()
                while index < bytes.count, byte() != UInt8(ascii: "`") { step() }
                step()
                add(.word, from: start, line: startLine)
            } else if Self.isWordByte(byte()) {
                while Self.isWordByte(byte()) { step() }
                add(.word, from: start, line: startLine)
            } else if byte() <= 0x20 {
                step()
            } else {
                if byte() == UInt8(ascii: "(") { depth += 1 }
                if byte() == UInt8(ascii: ")") {
                    if untilParenthesis, depth == 0 { return step() }
                    depth -= 1
                }
                step()
                add(.mark, from: start, line: startLine)
            }
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                step(2)
            } else if starts(with: "*/") {
                depth -= 1
                step(2)
            } else {
                step()
            }
        } while depth > 0 && index < bytes.count
    }

    private func isRawString() -> Bool {
        guard byte() == UInt8(ascii: "#") else { return false }
        var offset = 0
        while byte(offset) == UInt8(ascii: "#") { offset += 1 }
        return byte(offset) == UInt8(ascii: "\"")
    }

    /// Moves past a string literal. The tokens of its interpolations are added before the token of the string.
    private mutating func skipString() {
        var pounds = 0
        while byte() == UInt8(ascii: "#") {
            pounds += 1
            step()
        }
        let fence = String(repeating: "#", count: pounds)
        let quotes = starts(with: "\"\"\"") ? "\"\"\"" : "\""
        step(quotes.utf8.count)
        while index < bytes.count {
            if starts(with: quotes + fence) { return step(quotes.utf8.count + pounds) }
            if starts(with: "\\" + fence + "(") {
                step(pounds + 2)
                scan(untilParenthesis: true)
            } else if starts(with: "\\" + fence) {
                step(pounds + 2)
            } else if quotes == "\"", byte() == UInt8(ascii: "\n") {
                return  // Not closed on its line: no Swift, or a quote inside a regular expression.
            } else {
                step()
            }
        }
    }
}
