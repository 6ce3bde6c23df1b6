/// What the table of commands says about one of them, for the help, the completions and the manual page.
struct CommandSummary {
    let words: [String]
    /// What it does, in a few words.
    let summary: String
    let help: String

    var name: String { words.joined(separator: " ") }

    /// The options, as the help lists them: two spaces, then `--name`.
    var options: [String] {
        help.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("  --") else { return nil }
            return line.dropFirst(2).split(separator: " ").first.map(String.init)
        }
    }
}

/// `man`: the manual page, made from the same table as `--help`.
enum ManualPage {
    static func text(_ commands: [CommandSummary]) -> String {
        var lines = [
            ".TH MCP-AUTH 1", ".SH NAME", "mcp\\-auth \\- examines protected MCP servers and their tokens",
            ".SH SYNOPSIS", ".B mcp\\-auth", ".I command", "[options]", ".SH COMMANDS",
        ]
        for command in commands {
            lines += [".TP", ".B \(escaped(command.name))", escaped(command.summary)]
        }
        for command in commands {
            lines += [".SH \(escaped(command.name.uppercased()))", ".nf"]
            lines += command.help.split(separator: "\n", omittingEmptySubsequences: false).map { escaped(String($0)) }
            lines.append(".fi")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A line that roff prints as it is: backslashes and hyphens are escaped, and no line begins with a request.
    private static func escaped(_ line: String) -> String {
        var text = ""
        for scalar in line.unicodeScalars {
            switch scalar {
            case "\\": text += "\\e"
            case "-": text += "\\-"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
    }
}
