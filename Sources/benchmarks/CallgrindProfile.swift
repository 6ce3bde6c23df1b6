/// Instruction counts from a profile in callgrind's format, grouped by the part of the program that caused them.
///
/// A group includes the functions that it calls: an allocation belongs to the parser that asked for it.
struct CallgrindProfile {
    /// The parts of the program that are counted separately.
    private enum Group: String, CaseIterable {
        case libcrypto
        case json = "JSON"
        case base64
        case rest = "rest (JOSE, allocation, reference counts)"
    }

    /// A function, and the file of machine code that contains it.
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
    private var entered: [Function: Int] = [:]
    private var total = 0

    /// Parses the next line.
    mutating func read(_ line: String) {
        if let (key, value) = Self.assignment(in: line) {
            switch key {
            case "ob": current.object = name("ob", value)
            case "fn":
                current = Function(name: name("fn", value), object: current.object)
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
            // The cost of a call is inclusive, and the lines of the callee contain it too. It is counted only for calls
            // that enter a group from outside, so that nothing is counted twice.
            if isEntry(current) {
                totals[group(of: callee), default: 0] += cost
                entered[callee, default: 0] += cost
            }
            isCallCost = false
            callee = Function(name: "", object: current.object)
        } else {
            total += cost
            own[current, default: 0] += cost
        }
    }

    /// All instructions.
    var instructions: Int { total }
    /// The instructions outside of libcrypto and of what libcrypto calls.
    var instructionsWithoutLibcrypto: Int { total - (totals[.libcrypto] ?? 0) }

    /// The table of instructions per token.
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
        return table.text + "\n"
            + list("of their own, outside of libcrypto", own.filter { group(of: $0.key) != .libcrypto }, tokens)
            + list("called from JOSE, with all that they call", entered, tokens)
    }

    private func list(_ heading: String, _ counts: [Function: Int], _ tokens: Int) -> String {
        var text = heading + "\n"
        for (function, count) in counts.sorted(by: { $0.value > $1.value }).prefix(30) {
            let digits = (Double(count) / Double(tokens)).written(decimals: 0)
            text += String(repeating: " ", count: max(0, 10 - digits.count)) + digits + "  " + function.name + "\n"
        }
        return text + "\n"
    }

    /// Whether a function belongs to JOSE or its C code.
    private func isEntry(_ function: Function) -> Bool {
        module(of: function) == "4JOSE" || function.name.hasPrefix("lcrypto_")
    }

    private func group(of function: Function) -> Group {
        if function.object.contains("libcrypto") { return .libcrypto }
        // A mangled name begins with the module of the function. The names of other modules in it belong to its
        // arguments.
        guard let module = module(of: function), module == "10WireFormat" else { return .rest }
        if function.name.contains("Base64URL") { return .base64 }
        return function.name.contains("JSON") ? .json : .rest
    }

    private func module(of function: Function) -> String? {
        ["10WireFormat", "4JOSE"].compactMap { module in
            function.name.firstRange(of: module).map { (module, $0.lowerBound) }
        }.min { $0.1 < $1.1 }?.0
    }

    /// The parts of a line `key=value`; nil for a line of costs.
    private static func assignment(in line: String) -> (String, Substring)? {
        guard let equals = line.firstIndex(of: "="), line.utf8.first.map({ $0 >= 0x61 && $0 <= 0x7A }) == true else {
            return nil
        }
        return (String(line[..<equals]), line[line.index(after: equals)...])
    }

    /// The name on a line. Callgrind writes a name once, after a number in parentheses, and later only the number.
    private mutating func name(_ kind: String, _ value: Substring) -> String {
        guard let end = value.firstIndex(of: ")") else { return String(value) }
        let key = kind + value[...end]
        let text = value[value.index(after: end)...].drop { $0 == " " }
        if !text.isEmpty { names[key] = String(text) }
        return names[key] ?? ""
    }
}
