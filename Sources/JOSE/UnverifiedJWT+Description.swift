// An unverified token is a secret like a verified one: whoever prints it by accident gives it away (RFC 6750 §5.3).
extension UnverifiedJWT: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<unverified JWT>`
    public var description: String { "<unverified JWT>" }
    /// `<unverified JWT>`
    public var debugDescription: String { description }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
