internal import TokenVerification
internal import WireFormat

/// Reads the variables of an environment and collects what is wrong with them. No fault shows a value: a secret may have
/// been put into the wrong variable.
struct EnvironmentReader {
    private var values: [EnvironmentVariable: String] = [:]
    /// What is wrong, so far.
    private(set) var faults: ConfigurationFaults = []

    /// Reads what begins with `OAUTH_`; every other variable belongs to other programs.
    init(_ environment: [String: String]) {
        let names = environment.keys.filter { $0.utf8.starts(with: EnvironmentVariable.prefix.utf8) }
        for name in names.sorted() where EnvironmentVariable(rawValue: name) == nil {
            let remedy: ConfigurationError.Text =
                if let nearest = EnvironmentVariable.nearest(to: name) {
                    "did you mean \(nearest.rawValue)?"
                } else {
                    "remove it"
                }
            faults.add(.init([.variable(Self.shown(name))]), "is not a setting of this server", remedy)
        }
        for variable in EnvironmentVariable.allCases {
            guard let value = environment[variable.rawValue] else { continue }
            values[variable] = value
            if value.utf8.allSatisfy({ Self.isSeparator($0) || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }) {
                fault(variable, "is empty", "remove it, or give it a value")
            } else if !value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || Self.isSeparator($0) })
                || value.unicodeScalars.contains("\u{FFFD}")
            {
                fault(variable, "holds control characters or bytes that are not UTF-8", "type it again")
            }
        }
    }

    /// Whether the variable is set, to whatever value.
    func has(_ variable: EnvironmentVariable) -> Bool { values[variable] != nil }

    /// Notes a fault of a variable.
    mutating func fault(
        _ variable: EnvironmentVariable, _ reason: ConfigurationError.Text, _ remedy: ConfigurationError.Text
    ) {
        faults.add(variable.path, reason, remedy)
    }

    /// Notes faults of what a variable leads to, such as a file.
    mutating func add(_ found: ConfigurationFaults) {
        faults += found
    }

    /// The text, when the variable is set and not faulty.
    func text(_ variable: EnvironmentVariable) -> String? {
        guard let value = values[variable], !faults.contains(where: { $0.path == variable.path }) else { return nil }
        return value
    }

    /// A text that must be there.
    mutating func required(_ variable: EnvironmentVariable, _ remedy: ConfigurationError.Text) -> String? {
        if !has(variable) { fault(variable, "is not set", remedy) }
        return text(variable)
    }

    /// The elements of a list, separated by commas, white space or both; empty when the variable is not set.
    func list(_ variable: EnvironmentVariable) -> [String] {
        guard let text = text(variable) else { return [] }
        return text.utf8.split { Self.isSeparator($0) || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// One of several words.
    mutating func choice<Value>(
        _ variable: EnvironmentVariable, _ choices: KeyValuePairs<String, Value>
    ) -> Value? {
        guard let text = text(variable) else { return nil }
        for (name, value) in choices where text.hasSameBytes(as: name) { return value }
        fault(variable, "is not one of \(choices.map(\.key).joined(separator: ", "))", "choose one of them")
        return nil
    }

    /// A whole number. The check of the configuration decides about its range.
    mutating func number(_ variable: EnvironmentVariable, of unit: String) -> Int? {
        guard let text = text(variable) else { return nil }
        if let number = ASCII.parseDecimal(text.utf8) { return number }
        fault(variable, "is not a whole number of \(unit)", "write digits alone")
        return nil
    }

    /// Tab, line feed, carriage return.
    private static func isSeparator(_ byte: UInt8) -> Bool { [0x09, 0x0A, 0x0D].contains(byte) }

    /// A name from outside, fit for a log.
    private static func shown(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") }
        return isPlain && name.utf8.count <= 64 ? name : "\(EnvironmentVariable.prefix)…"
    }
}
