/// Instruction counts from a profile in callgrind's format, by who spent them.
///
/// What a group's functions call is theirs too: an allocation belongs to the parser that asked for it.
struct CallgrindProfile {
    /// Who may spend instructions.
    private enum Group: String, CaseIterable {
        case libcrypto
        case json = "JSON"
        case base64
        case rest = "rest (JOSE, allocation, reference counts)"
    }

    /// A function, and the file of machine code that it is in.
    private struct Function: Hashable {
        var name = ""
        var object = ""
    }

    private var names: [String: String] = [:]
    private var current = Function()
    private var callee = Function()
    private var isCallCost = false
    private var totals: [Group: Int] = [:]
    private var own: [Function: Int] = [:]
    private var total = 0

    /// Takes the next line.
    mutating func read(_ line: String) {
        if let (key, value) = Self.assignment(in: line) {
            switch key {
            case "ob": current.object = name("ob", value)
            case "fn": current = Function(name: name("fn", value), object: current.object)
                callee.object = current.object
            case "cob": callee.object = name("ob", value)
            case "cfn": callee.name = name("fn", value)
            case "calls": isCallCost = true
            default: break
            }
            return
        }
        guard let first = line.utf8.first, first == 0x2B || first == 0x2D || first == 0x2A || (0x30...0x39) ~= first,
            let cost = line.split(separator: " ").last.flatMap({ Int($0) })
        else { return }
        if isCallCost {
            // Inclusive, and already in the callee's own lines: it moves a group's share where the group is entered.
            let (from, to) = (group(of: current), group(of: callee))
            if from == .rest, to != .rest { totals[to, default: 0] += cost }
            isCallCost = false
            callee = Function(name: "", object: current.object)
        } else {
            total += cost
            own[current, default: 0] += cost
        }
    }

    /// The table, per token.
    func table(tokens: Int) -> String {
        var table = TextTable(["instructions per token", "count", "share", "share without libcrypto"])
        let crypto = totals[.libcrypto] ?? 0
        let others = Group.allCases.dropLast().reduce(0) { $0 + (totals[$1] ?? 0) }
        for group in Group.allCases {
            let count = group == .rest ? total - others : totals[group] ?? 0
            table.append([
                group.rawValue, (Double(count) / Double(tokens)).written(decimals: 0),
                (Double(count) / Double(total)).percent,
                group == .libcrypto ? "" : (Double(count) / Double(total - crypto)).percent,
            ])
        }
        table.append(["all", (Double(total) / Double(tokens)).written(decimals: 0), "", ""])
        var functions = TextTable(["the functions outside of libcrypto that spend most themselves", "count"])
        let dearest = own.filter { group(of: $0.key) != .libcrypto }.sorted { $0.value > $1.value }
        for (function, count) in dearest.prefix(25) {
            functions.append([function.name, (Double(count) / Double(tokens)).written(decimals: 0)])
        }
        return table.text + "\n" + functions.text
    }

    private func group(of function: Function) -> Group {
        if function.object.contains("libcrypto") { return .libcrypto }
        // Mangled names of the parsers' own types.
        if function.name.contains("10WireFormat") {
            if function.name.contains("Base64URL") { return .base64 }
            if function.name.contains("JSON") { return .json }
        }
        return .rest
    }

    /// `key=value` of a line; nil for a line of costs.
    private static func assignment(in line: String) -> (String, Substring)? {
        guard let equals = line.firstIndex(of: "="), line.utf8.first.map({ $0 >= 0x61 && $0 <= 0x7A }) == true else {
            return nil
        }
        return (String(line[..<equals]), line[line.index(after: equals)...])
    }

    /// Names stand once, after their number in parentheses, and are the number alone afterwards.
    private mutating func name(_ kind: String, _ value: Substring) -> String {
        guard let end = value.firstIndex(of: ")") else { return String(value) }
        let key = kind + value[...end]
        let text = value[value.index(after: end)...].drop { $0 == " " }
        if !text.isEmpty { names[key] = String(text) }
        return names[key] ?? ""
    }
}
