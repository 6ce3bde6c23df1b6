#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The looks of text: plain, or with colours on a terminal.
struct TerminalStyle {
    /// Whether colours are written.
    let isColored: Bool

    /// Colours on a terminal, unless `NO_COLOR` is set to a text that is not empty (no-color.org) or the terminal is
    /// `dumb`.
    static func standardOutput(_ environment: [String: String]) -> TerminalStyle {
        let isWanted = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        return TerminalStyle(isColored: isWanted && isatty(STDOUT_FILENO) == 1)
    }

    /// A text whose headings end in a colon, and whose commands are indented. The first line is for programs and stays
    /// as it is.
    func styled(_ text: String) -> String {
        guard isColored else { return text }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated().map { index, line in
            if index == 0 { return String(line) }
            if line.hasPrefix("  ") { return "\u{1B}[36m\(line)\u{1B}[0m" }
            return line.hasSuffix(":") ? heading(String(line)) : String(line)
        }.joined(separator: "\n")
    }

    /// A heading in bold.
    func heading(_ text: String) -> String { isColored ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

    /// A text that is less important.
    func dim(_ text: String) -> String { isColored ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}
