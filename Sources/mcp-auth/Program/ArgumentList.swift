import WireFormat

/// The parsed arguments of one command: flags (`--flag value` or `--flag=value`), operands, and faults.
struct ArgumentList {
    /// The faults, one line each.
    var faults: [String] = []
    /// The arguments that do not belong to a flag, at most as many as the command takes.
    private(set) var operands: [String] = []
    private var given: [(flag: String, value: String)] = []

    /// Parses all arguments. It continues after a fault, so that it reports all of them.
    ///
    /// - Parameters:
    ///   - flags: The flags that the command knows. Each takes a value and may be given once.
    ///   - repeatableFlags: The flags that may be given several times.
    ///   - switches: The flags without a value.
    ///   - operandCount: The largest number of operands.
    init(
        _ arguments: [String], flags: [String], repeatableFlags: [String] = [], switches: [String] = [],
        operandCount: Int = 0
    ) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard Self.isFlag(argument) else {
                if operands.count < operandCount, argument.utf8.first != UInt8(ascii: "-") || argument.utf8.count == 1 {
                    operands.append(argument)
                } else {
                    let looksLikeFlag = argument.utf8.first == UInt8(ascii: "-")
                    faults.append("unexpected argument \(looksLikeFlag ? Self.printable(argument) : Self.hidden)")
                }
                continue
            }
            let equals = argument.utf8.firstIndex(of: UInt8(ascii: "="))
            if equals == nil, let flag = switches.first(where: { $0.hasSameBytes(as: argument) }) {
                if contains(flag) { faults.append("\(flag) is given more than once") }
                given.append((flag, ""))
                continue
            }
            let name = String(argument[..<(equals ?? argument.endIndex)])
            var value = equals.map { String(argument[argument.utf8.index(after: $0)...]) }
            if value == nil, let next = rest.first, !Self.isFlag(next) {
                value = next
                rest.removeFirst()
            }
            guard let flag = (flags + repeatableFlags).first(where: { $0.hasSameBytes(as: name) }) else {
                faults.append("unknown option \(Self.printable(name)); see --help")
                continue
            }
            if contains(flag), flags.contains(flag) { faults.append("\(flag) is given more than once") }
            if value?.isEmpty ?? true { faults.append("\(flag) needs a value") }
            given.append((flag, value ?? ""))
        }
    }

    /// Whether the flag is given, with or without a correct value.
    func contains(_ flag: String) -> Bool { given.contains { $0.flag == flag } }

    /// The value of a flag; nil if the flag is not given or has no value.
    subscript(_ flag: String) -> String? { given.first { $0.flag == flag && !$0.value.isEmpty }?.value }

    /// The values of a repeatable flag. Values that `parse` rejects are left out and reported as faults.
    mutating func values<Value>(_ flag: String, _ expected: String, _ parse: (String) -> Value?) -> [Value] {
        let texts = given.filter { $0.flag == flag && !$0.value.isEmpty }.map(\.value)
        let values = texts.compactMap(parse)
        if values.count < texts.count { faults.append("\(flag) must be \(expected)") }
        return values
    }

    /// The value of a flag; nil if it is not given, or if `parse` rejects it, which is reported as a fault.
    mutating func value<Value>(_ flag: String, _ expected: String, _ parse: (String) -> Value?) -> Value? {
        guard let text = self[flag] else { return nil }
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

    private static func isFlag(_ argument: String) -> Bool { argument.utf8.starts(with: "--".utf8) }

    /// The argument on one line, with limited length. If it may be a token, it is not shown at all.
    private static func printable(_ argument: String) -> String {
        let mayBeToken = argument.utf8.count > 40 || argument.utf8.starts(with: "eyJ".utf8)
        return mayBeToken ? hidden : quoted(argument)
    }

    /// The name of a file for a message. If a token was given instead of a name, it is not shown.
    static func place(_ path: String) -> String {
        path.utf8.starts(with: "eyJ".utf8) ? "the file \(hidden)" : DisplayText.escaped(path)
    }

    private static let hidden = "(not shown: it may be a token; tokens are read from standard input)"

    private static func quoted(_ argument: String) -> String { "'\(DisplayText.escaped(argument))'" }
}
