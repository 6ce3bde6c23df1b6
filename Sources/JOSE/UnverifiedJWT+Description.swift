// A token is a secret before its verification too: a description in a log would disclose it (RFC 6750 §5.3).
extension UnverifiedJWT: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<unverified JWT>`
    public var description: String { "<unverified JWT>" }
    /// `<unverified JWT>`
    public var debugDescription: String { description }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
