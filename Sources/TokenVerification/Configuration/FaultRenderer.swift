/// Turns each fault into a line of text. One renderer uses the names of the code. Another uses the names of the
/// environment variables and therefore knows their table.
package struct FaultRenderer: Sendable {
    /// Returns the name of a setting.
    private let name: @Sendable (ConfigurationError.Path) -> String
    private let speaksCode: Bool

    /// Makes a renderer for a configuration from the environment.
    ///
    /// - Parameter name: Returns the name of a setting.
    package init(environmentNames name: @escaping @Sendable (ConfigurationError.Path) -> String) {
        self.name = name
        speaksCode = false
    }

    private init(codeNames name: @escaping @Sendable (ConfigurationError.Path) -> String) {
        self.name = name
        speaksCode = true
    }

    /// Names settings as the code does: `tokens.issuers[1].keys`.
    package static let code = FaultRenderer(codeNames: codeName)

    /// The line of a fault: the setting, what is wrong, and what to do.
    package func line(_ fault: ConfigurationError.Fault) -> String {
        "\(name(fault.path)) \(text(fault.reason)); \(text(fault.remedy))"
    }

    private func text(_ text: ConfigurationError.Text) -> String {
        text.pieces.map { piece in
            switch piece {
            case .words(let words): words
            case .setting(let path): name(path)
            case .either(let code, let environment): speaksCode ? code : environment
            }
        }.joined()
    }

    /// The name of a setting in code.
    package static func codeName(_ path: ConfigurationError.Path) -> String {
        var name = ""
        for step in path.steps {
            switch step {
            case .member(let member): name += name.isEmpty ? member : ".\(member)"
            case .element(let index): name += "[\(index)]"
            case .line(let number): name += " line \(number)"
            case .variable(let variable): name += variable
            }
        }
        return name
    }
}

/// The faults that a check has found.
package typealias ConfigurationFaults = [ConfigurationError.Fault]

extension [ConfigurationError.Fault] {
    /// Appends a fault.
    package mutating func add(
        _ path: ConfigurationError.Path, _ reason: ConfigurationError.Text, _ remedy: ConfigurationError.Text
    ) {
        append(ConfigurationError.Fault(path, reason, remedy))
    }
}
