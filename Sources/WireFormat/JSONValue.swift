/// A JSON value (RFC 8259). Strings compare as bytes, objects keep their order.
public indirect enum JSONValue: Sendable, Hashable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number, as written.
    case number(JSONNumber)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object(JSONObject)

    /// The value of a whole text; see ``JSONDocument/init(parsing:limits:)``.
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        fatalError("pending")
    }

    /// The text of the value: UTF-8, no insignificant white space.
    public func encoded() -> [UInt8] {
        fatalError("pending")
    }

    /// The member of an object; nil when there is none or when this is not an object.
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
    public var number: JSONNumber? {
        guard case .number(let value) = self else { return nil }
        return value
    }

    /// The elements, or nil for another kind.
    public var array: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The object, or nil for another kind.
    public var object: JSONObject? {
        guard case .object(let value) = self else { return nil }
        return value
    }
}
