/// Every Swift block of the README is compiled in some target.
enum ReadmeRule {
    /// The lines of each ```swift block, without their indentation.
    static func swiftBlocks(in readme: String) -> [[String]] {
        var blocks: [[String]] = []
        var block: [String]?
        for line in lines(of: readme) {
            if block != nil, line.hasPrefix("```") {
                blocks.append(block ?? [])
                block = nil
            } else if block != nil {
                block?.append(line)
            } else if line.hasPrefix("```swift") {
                block = []
            }
        }
        // A block without an end extends to the end of the file.
        return blocks + (block.map { [$0] } ?? [])
    }

    /// A file whose lines are split once, for many blocks.
    struct CodeFile {
        let text: String
        private let lines: [String]
        private let known: Set<String>

        init(_ text: String) {
            self.text = text
            lines = ReadmeRule.lines(of: text)
            known = Set(lines)
        }

        /// Whether the file contains the lines of a block as code, with any indentation, and not in a comment or a
        /// string.
        func contains(_ block: [String]) -> Bool {
            guard block.allSatisfy(known.contains), ReadmeRule.holds(lines, block) else { return false }
            let code = SwiftTokens.of(block.joined(separator: "\n")).map(\.text)
            return ReadmeRule.holds(SwiftTokens.of(text).map(\.text), code)
        }
    }

    /// Whether a file contains the lines of a block as code, with any indentation, and not in a comment or a string.
    static func contains(_ file: String, _ block: [String]) -> Bool { CodeFile(file).contains(block) }

    /// The targets of the links `[text](path)` that are paths of this repository.
    static func linkedPaths(in text: String) -> [String] {
        text.split(separator: "](").dropFirst().compactMap { rest in
            let target = rest.prefix { $0 != ")" && $0 != "#" }
            return target.contains(":") || target.isEmpty ? nil : String(target)
        }
    }

    private static func lines(of text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var rest = line.drop { $0 == " " || $0 == "\t" }
            while rest.last == " " || rest.last == "\r" { rest.removeLast() }
            return String(rest)
        }
    }

    private static func holds(_ whole: [String], _ part: [String]) -> Bool {
        guard let first = part.first, part.count <= whole.count else { return false }
        return (0...whole.count - part.count).contains {
            whole[$0] == first && whole[$0..<$0 + part.count].elementsEqual(part)
        }
    }
}
