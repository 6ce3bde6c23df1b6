/// Everything that is wrong with a configuration, at once.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One fault.
    public struct Fault: Sendable, Hashable {
        /// The setting, as it is spelled in the program.
        public let setting: String
        /// What is wrong and what to do.
        public let explanation: String

        /// A fault of a setting.
        public init(_ setting: String, _ explanation: String) {
            self.setting = setting
            self.explanation = explanation
        }
    }

    /// The faults, at least one.
    public let faults: [Fault]

    /// An error of several faults.
    public init(_ faults: [Fault]) {
        self.faults = faults
    }

    /// One line a fault.
    public var description: String {
        faults.map { "\($0.setting) \($0.explanation)" }.joined(separator: "\n")
    }
}
