import ResourceServerKit

/// The parsed flags of a command line (`--flag value` or `--flag=value`), and their faults.
struct CommandLineFlags {
    /// The flags that a program knows.
    struct Known {
        var single: [String]
        var repeatable: [String]
        /// Flags without a value.
        var switches: [String] = []
    }

    /// The faults, one line each.
    var faults: [String] = []
    private var given: [(flag: String, value: String)] = []

    /// Parses all arguments. It continues after a fault, so that it reports all of them.
    init(parsing arguments: [String], known: Known) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard isFlag(argument) else {
                faults.append("unexpected argument \(printable(argument))")
                continue
            }
            let equals = argument.utf8.firstIndex(of: UInt8(ascii: "="))
            let name = String(argument[..<(equals ?? argument.endIndex)])
            if equals == nil, let flag = known.switches.first(where: { $0.hasSameBytes(as: name) }) {
                if contains(flag) { faults.append("\(flag) is given more than once") }
                given.append((flag, ""))
                continue
            }
            var value = equals.map { String(argument[argument.utf8.index(after: $0)...]) }
            if value == nil, let next = rest.first, !isFlag(next) {
                value = next
                rest.removeFirst()
            }
            guard let flag = (known.single + known.repeatable).first(where: { $0.hasSameBytes(as: name) }) else {
                faults.append("unknown option \(printable(name)); see --help")
                continue
            }
            if contains(flag), known.single.contains(flag) { faults.append("\(flag) is given more than once") }
            if value?.isEmpty ?? true { faults.append("\(flag) needs a value") }
            given.append((flag, value ?? ""))
        }
    }

    /// Whether the flag is given, with or without a correct value.
    func contains(_ flag: String) -> Bool {
        given.contains { $0.flag == flag }
    }

    /// The values of a repeatable flag.
    func all(_ flag: String) -> [String] {
        given.filter { $0.flag == flag && !$0.value.isEmpty }.map(\.value)
    }

    /// The value of a flag; nil if it is not given, or if `parse` rejects it, which is reported as a fault.
    mutating func value<Value>(_ flag: String, _ expected: String, _ parse: (String) -> Value?) -> Value? {
        guard let text = all(flag).first else { return nil }
        guard let value = parse(text) else {
            faults.append("\(flag) must be \(expected)")
            return nil
        }
        return value
    }

    /// The value of a flag that takes a decimal number.
    mutating func number(_ flag: String, _ range: ClosedRange<Int>) -> Int? {
        value(flag, "a number from \(range.lowerBound) to \(range.upperBound)") { text in
            ASCII.parseDecimal(text.utf8).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

private func isFlag(_ argument: String) -> Bool {
    argument.utf8.starts(with: "--".utf8)
}

/// The argument on one line, with limited length.
private func printable(_ argument: String) -> String {
    let text = argument.unicodeScalars.prefix(40).map {
        $0.isASCII && $0.value >= 0x20 && $0.value < 0x7F ? Character($0) : "?"
    }
    return "'\(String(text))'"
}
