// A value may be a credential or a cookie. A description, which may be printed by accident, therefore shows only names.
// ``HTTPFields/pairs`` and ``HTTPFields/Value/string`` show values.

extension HTTPFields: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names of the lines in order, without the values.
    public var description: String {
        "HTTPFields(\(pairs.map(\.name).joined(separator: ", ")))"
    }
    /// The names of the lines in order, without the values.
    public var debugDescription: String { description }
    /// Shows the names of the lines in order, without the values.
    public var customMirror: Mirror { Mirror(self, children: ["names": pairs.map(\.name)]) }
}

extension HTTPFields.Value: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<field value>`
    public var description: String { "<field value>" }
    /// `<field value>`
    public var debugDescription: String { description }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
