/// `completions`: a script that lets a shell complete commands and options. It is made from the table of commands.
struct ShellCompletion {
    /// A shell that has a script.
    enum Shell: String, CaseIterable {
        case bash, zsh, fish
    }

    private let shell: Shell

    /// Parses the arguments after `completions`.
    init(_ arguments: [String]) throws(CommandFault) {
        var list = ArgumentList(arguments, flags: [], operandCount: 1)
        let names = Shell.allCases.map(\.rawValue).joined(separator: ", ")
        let shell = list.operands.first.flatMap { Shell(rawValue: $0) }
        if shell == nil { list.faults.append("name a shell: \(names)") }
        guard list.faults.isEmpty, let shell else { throw CommandFault(list.faults) }
        self.shell = shell
    }

    func run(_ commands: [CommandSummary]) -> Outcome {
        switch shell {
        case .bash: Outcome(output: Self.bash(commands))
        case .zsh: Outcome(output: Self.zsh(commands))
        case .fish: Outcome(output: Self.fish(commands))
        }
    }

    /// The words that may follow the words of a line: the rest of a command, or its options.
    private static func following(_ commands: [CommandSummary]) -> [(line: String, words: [String])] {
        var lines: [(line: String, words: [String])] = commands.map { (line: $0.name, words: $0.options) }
        let families = Set(commands.filter { $0.words.count > 1 }.map { $0.words[0] }).sorted()
        for family in families {
            let members = commands.filter { $0.words.count > 1 && $0.words[0] == family }
            lines.append((line: family, words: members.map { $0.words[1] }))
        }
        return lines
    }

    private static func firstWords(_ commands: [CommandSummary]) -> [String] {
        var words: [String] = []
        for command in commands where !words.contains(command.words[0]) { words.append(command.words[0]) }
        return words
    }

    private static func bash(_ commands: [CommandSummary]) -> String {
        let cases = following(commands).map { line, words in
            "        '\(line)' | '\(line) '*) words='\(words.joined(separator: " "))' ;;\n"
        }.joined()
        return """
            # bash completion of mcp-auth; use it with: source <(mcp-auth completions bash)
            _mcp_auth() {
                local current="${COMP_WORDS[COMP_CWORD]}" words=''
                local line="${COMP_WORDS[*]:1:COMP_CWORD-1}"
                case "$line" in
                    '') words='\(firstWords(commands).joined(separator: " "))' ;;
            \(cases)    esac
                mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
                if [ "${#COMPREPLY[@]}" -eq 0 ]; then mapfile -t COMPREPLY < <(compgen -f -- "$current"); fi
            }
            complete -o filenames -F _mcp_auth mcp-auth

            """
    }

    private static func zsh(_ commands: [CommandSummary]) -> String {
        let cases = following(commands).map { line, words in
            "        '\(line)' | '\(line) '*) compadd -- \(words.joined(separator: " ")); _files ;;\n"
        }.joined()
        return """
            #compdef mcp-auth
            # zsh completion of mcp-auth; save it as _mcp-auth in a folder of $fpath
            _mcp_auth() {
                local line="${(j: :)words[2,CURRENT-1]}"
                case "$line" in
                    '') compadd -- \(firstWords(commands).joined(separator: " ")) ;;
            \(cases)    esac
            }
            compdef _mcp_auth mcp-auth

            """
    }

    private static func fish(_ commands: [CommandSummary]) -> String {
        let words = "(string join ' ' (commandline -opc)[2..])"
        var lines = ["# fish completion of mcp-auth; use it with: mcp-auth completions fish | source"]
        for word in firstWords(commands) {
            lines.append("complete -c mcp-auth -f -n 'test -z \"\(words)\"' -a \(word)")
        }
        for (line, next) in following(commands) {
            for word in next {
                let what = word.utf8.starts(with: "--".utf8) ? "-l \(word.dropFirst(2))" : "-f -a \(word)"
                lines.append("complete -c mcp-auth -n 'string match -qr \"^\(line)( |$)\" \"\(words)\"' \(what)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
