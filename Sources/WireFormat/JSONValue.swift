/// A JSON value (RFC 8259). Strings are compared as bytes; objects keep the order of their members.
public indirect enum JSONValue: Sendable, Hashable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number, as written.
    case number(JSONDocument.Number)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object(JSONDocument.Object)

    /// The value of a whole text; see ``JSONDocument/init(parsing:limits:)``.
    public init(parsing bytes: [UInt8], limits: JSONDocument.Limits = JSONDocument.Limits()) throws(JSONDocument
        .ParseError)
    {
        self = try JSONDocument(parsing: bytes, limits: limits).root.value
    }

    /// The text of the value: UTF-8, no insignificant white space.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.text
    }

    /// The member of an object; nil when there is no such member, or when this is not an object.
    public subscript(_ name: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[name]
    }

    /// The string, or nil for another kind.
    public var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The Boolean, or nil for another kind. A number is never a Boolean.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The number, or nil for another kind.
    public var number: JSONDocument.Number? {
        guard case .number(let value) = self else { return nil }
        return value
    }

    /// The elements, or nil for another kind.
    public var array: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The object, or nil for another kind.
    public var object: JSONDocument.Object? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// Equal when both have the same kind and the same value: strings the same bytes, numbers the same spelling,
    /// objects the same members in any order.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    /// Hashes consistently with `==`.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .number(let value): hasher.combine(value)
        case .string(let value): hasher.combine(bytesOf: value)
        case .array(let value): hasher.combine(value)
        case .object(let value): hasher.combine(value)
        }
    }
}
