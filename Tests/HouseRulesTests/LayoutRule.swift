/// The length of lines and files, and the names of files.
enum LayoutRule {
    /// The longest line in columns, comments included. `swift format` and `clang-format` do not split long comments.
    static let maximumColumns = 120
    /// The most lines of a library file.
    static let maximumLines = 300

    /// The lines of a file that are too long.
    ///
    /// - Parameter exceptStrings: Whether to leave out lines with string literals, because a test vector cannot be
    ///   split.
    static func longLines(path: String, text: String, exceptStrings: Bool = false) -> [String] {
        let ofStrings = exceptStrings ? SwiftTokens.linesOfStrings(in: text) : []
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            guard line.count > maximumColumns, !ofStrings.contains(index + 1) else { return nil }
            return "\(path):\(index + 1): \(line.count) columns"
        }
    }

    /// The file, if it has too many lines.
    static func longFile(path: String, text: String) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count - (text.hasSuffix("\n") ? 1 : 0)
        return lines > maximumLines ? "\(path): \(lines) lines" : nil
    }

    /// The paths whose base names are not unique. Every program may have a `main.swift`.
    static func sharedNames(of paths: [String]) -> [String] {
        let named = Dictionary(grouping: paths) { $0.split(separator: "/").last ?? "" }
        return named.filter { $0.key != "main.swift" && $0.value.count > 1 }.values.joined().sorted()
    }
}
