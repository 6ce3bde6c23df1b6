/// How long lines and files may be, and how files are named.
enum LayoutRule {
    /// The columns of a line, comments included: `swift format` and `clang-format` let a long comment pass.
    static let maximumColumns = 120
    /// The lines of a file of a library.
    static let maximumLines = 300

    /// The lines of a file that are too long.
    ///
    /// - Parameter exceptStrings: Leaves out the lines of string literals, since a test vector is not to be split.
    static func longLines(path: String, text: String, exceptStrings: Bool = false) -> [String] {
        let ofStrings = exceptStrings ? SwiftTokens.linesOfStrings(in: text) : []
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            guard line.count > maximumColumns, !ofStrings.contains(index + 1) else { return nil }
            return "\(path):\(index + 1): \(line.count) columns"
        }
    }

    /// A file that has too many lines.
    static func longFile(path: String, text: String) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count - (text.hasSuffix("\n") ? 1 : 0)
        return lines > maximumLines ? "\(path): \(lines) lines" : nil
    }

    /// The paths whose base names are not unique. `main.swift` is each program's own.
    static func sharedNames(of paths: [String]) -> [String] {
        let named = Dictionary(grouping: paths) { $0.split(separator: "/").last ?? "" }
        return named.filter { $0.key != "main.swift" && $0.value.count > 1 }.values.joined().sorted()
    }
}
