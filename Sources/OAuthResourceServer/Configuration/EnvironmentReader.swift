internal import WireFormat

/// Reads the variables of an environment and collects what is wrong with them. No fault shows a value: a secret may have
/// been put into the wrong variable.
struct EnvironmentReader {
    private var values: [EnvironmentVariable: String] = [:]
    /// What is wrong, so far.
    private(set) var faults: [ConfigurationError.Fault] = []

    /// Takes what begins with `OAUTH_`; everything else belongs to others.
    init(_ environment: [String: String]) {
        let names = environment.keys.filter { $0.utf8.starts(with: EnvironmentVariable.prefix.utf8) }
        for name in names.sorted() where EnvironmentVariable(rawValue: name) == nil {
            let nearest =
                EnvironmentVariable.nearest(to: name).map { "; did you mean \($0.rawValue)?" } ?? "; remove it"
            faults.append(.init(Self.shown(name), "is no setting of this server\(nearest)"))
        }
        for variable in EnvironmentVariable.allCases {
            guard let value = environment[variable.rawValue] else { continue }
            values[variable] = value
            if value.utf8.allSatisfy({ Self.isSeparator($0) || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }) {
                fault(variable, "is empty; remove it, or give it a value")
            } else if !value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || Self.isSeparator($0) })
                || value.unicodeScalars.contains("\u{FFFD}")
            {
                fault(variable, "holds control characters or bytes that are no UTF-8; type it anew")
            }
        }
    }

    /// Whether the variable is set, to whatever.
    func has(_ variable: EnvironmentVariable) -> Bool { values[variable] != nil }

    /// Reports a fault.
    mutating func fault(_ variable: EnvironmentVariable, _ explanation: String) {
        faults.append(.init(variable.rawValue, explanation))
    }

    /// Reports what another check found, each once, and nothing about a variable of which more is known already.
    mutating func add(_ found: [ConfigurationError.Fault]) {
        let known = faults.map(\.setting)
        for fault in found where !faults.contains(fault) {
            let variable = fault.setting.utf8.prefix { $0 != UInt8(ascii: " ") }
            if !known.contains(where: { $0.utf8.elementsEqual(variable) }) { faults.append(fault) }
        }
    }

    /// The text, when the variable is set and not faulty.
    func text(_ variable: EnvironmentVariable) -> String? {
        guard let value = values[variable], !faults.contains(where: { $0.setting == variable.rawValue }) else {
            return nil
        }
        return value
    }

    /// A text that must be there.
    mutating func required(_ variable: EnvironmentVariable, _ whatToDo: String) -> String? {
        if !has(variable) { fault(variable, "is not set; \(whatToDo)") }
        return text(variable)
    }

    /// The elements of a list, separated by commas, white space or both; empty when the variable is not set.
    func list(_ variable: EnvironmentVariable) -> [String] {
        guard let text = text(variable) else { return [] }
        return text.utf8.split { Self.isSeparator($0) || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// One of the values that there are.
    mutating func choice<Value>(
        _ variable: EnvironmentVariable, _ choices: KeyValuePairs<String, Value>
    ) -> Value? {
        guard let text = text(variable) else { return nil }
        for (name, value) in choices where text.hasSameBytes(as: name) { return value }
        fault(variable, "is none of \(choices.map(\.key).joined(separator: ", ")); choose one of them")
        return nil
    }

    /// A whole number in a range.
    mutating func number(_ variable: EnvironmentVariable, _ range: ClosedRange<Int>, _ unit: String) -> Int? {
        guard let text = text(variable) else { return nil }
        if let number = ASCII.parseDecimal(text.utf8), range.contains(number) { return number }
        fault(variable, "is no whole number of \(unit) from \(range.lowerBound) to \(range.upperBound); correct it")
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
