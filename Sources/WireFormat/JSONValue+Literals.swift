// There is no `nil` literal, because `object["x"] = nil` removes a member. Null is written `.null`.
extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// `true` or `false`
    public init(booleanLiteral value: Bool) { self = .bool(value) }

    /// An integer.
    public init(integerLiteral value: Int64) { self = .number(JSONDocument.Number(value)) }

    /// A finite number. A literal beyond the range of Double is a programmer's mistake and stops the program.
    public init(floatLiteral value: Double) {
        guard let number = JSONDocument.Number(value) else {
            preconditionFailure("A JSON number literal must be finite.")
        }
        self = .number(number)
    }

    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }

    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    /// An object. Of several members of one name the last one is kept.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONDocument.Object()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}
