// A value may be a credential or a cookie, so what is printed by accident names the fields and nothing more.
// ``HTTPFields/pairs`` and ``HTTPFieldValue/string`` are for those who mean it.

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

extension HTTPFieldValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<field value>`
    public var description: String { "<field value>" }
    /// `<field value>`
    public var debugDescription: String { description }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
