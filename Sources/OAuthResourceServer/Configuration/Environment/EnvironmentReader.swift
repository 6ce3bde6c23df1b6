internal import TokenVerification
internal import WireFormat

/// Reads environment variables and collects their faults. No fault shows a value: a secret may be in the wrong
/// variable.
struct EnvironmentReader {
    private var values: [EnvironmentVariable: String] = [:]
    /// The faults found so far.
    private(set) var faults: ConfigurationFaults = []

    /// Reads the variables whose names begin with `OAUTH_`. All others belong to other programs.
    init(_ environment: [String: String]) {
        let names = environment.keys.filter { $0.utf8.starts(with: EnvironmentVariable.prefix.utf8) }
        for name in names.sorted() where EnvironmentVariable(rawValue: name) == nil {
            let remedy: ConfigurationError.Text =
                if let nearest = EnvironmentVariable.nearest(to: name) {
                    "did you mean \(nearest.rawValue)?"
                } else {
                    "remove it"
                }
            faults.add(.init([.variable(Self.shown(name))]), "is not a known variable", remedy)
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

    /// Whether the variable is set, even to a faulty value.
    func has(_ variable: EnvironmentVariable) -> Bool { values[variable] != nil }

    /// Adds a fault of a variable.
    mutating func fault(
        _ variable: EnvironmentVariable, _ reason: ConfigurationError.Text, _ remedy: ConfigurationError.Text
    ) {
        faults.add(variable.path, reason, remedy)
    }

    /// Adds faults of something that a variable names, such as a file.
    mutating func add(_ found: ConfigurationFaults) {
        faults += found
    }

    /// The value; nil when the variable is not set or is faulty.
    func text(_ variable: EnvironmentVariable) -> String? {
        guard let value = values[variable], !faults.contains(where: { $0.path == variable.path }) else { return nil }
        return value
    }

    /// The value of a variable that must be set. If it is not, adds a fault and returns nil.
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

    /// The value for one of several words. Any other word is a fault.
    mutating func choice<Value>(
        _ variable: EnvironmentVariable, _ choices: KeyValuePairs<String, Value>
    ) -> Value? {
        guard let text = text(variable) else { return nil }
        for (name, value) in choices where text.hasSameBytes(as: name) { return value }
        fault(variable, "is not one of \(choices.map(\.key).joined(separator: ", "))", "choose one of them")
        return nil
    }

    /// Whether something is switched on; nil when the variable is not set, or is faulty.
    mutating func flag(_ variable: EnvironmentVariable) -> Bool? {
        choice(variable, ["1": true, "true": true, "yes": true, "0": false, "false": false, "no": false])
    }

    /// A whole number. Its range is checked later, with the configuration.
    mutating func number(_ variable: EnvironmentVariable, of unit: String) -> Int? {
        guard let text = text(variable) else { return nil }
        if let number = ASCII.parseDecimal(text.utf8) { return number }
        // More digits than any range admits: the range is what is wrong.
        if text.utf8.allSatisfy(ASCII.isDigit) { return .max }
        fault(variable, "is not a whole number of \(unit)", "write digits only")
        return nil
    }

    /// Tab, line feed, carriage return.
    private static func isSeparator(_ byte: UInt8) -> Bool { [0x09, 0x0A, 0x0D].contains(byte) }

    /// A name that is safe to log: one with unexpected characters or over 64 bytes is replaced.
    private static func shown(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") }
        return isPlain && name.utf8.count <= 64 ? name : "\(EnvironmentVariable.prefix)…"
    }
}
