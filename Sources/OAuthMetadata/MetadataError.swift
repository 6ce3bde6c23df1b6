public import WireFormat

/// The reason why a metadata document is not acceptable. No case contains text of the document.
public enum MetadataError: Error, Sendable, Hashable {
    /// The document is not strict JSON.
    case json(JSONDocument.ParseError.Reason)
    /// The document is not a JSON object.
    case notAnObject
    /// A required member is absent. The associated value is its name.
    case missing(String)
    /// A member does not have the type or form that its specification requires. The associated value is its name.
    case invalid(String)
    /// The document describes another resource or issuer than the expected one (RFC 9728 §3.3, RFC 8414 §3.3).
    case identifierMismatch
}

/// Reads the members of a metadata document, for both kinds of document.
struct MetadataReader {
    private(set) var rest: JSONDocument.Object

    init(parsing bytes: [UInt8], limits: JSONDocument.Limits) throws(MetadataError) {
        let value: JSONValue
        do throws(JSONDocument.ParseError) {
            value = try JSONValue(parsing: bytes, limits: limits)
        } catch {
            throw .json(error.reason)
        }
        guard let object = value.object else { throw .notAnObject }
        rest = object
    }

    /// Removes a member from the rest, so that only the extra members remain at the end.
    private mutating func take(_ name: String) -> JSONValue? {
        defer { rest[name] = nil }
        return rest[name]
    }

    mutating func string(_ name: String) throws(MetadataError) -> String? {
        guard let value = take(name) else { return nil }
        guard let string = value.string else { throw .invalid(name) }
        return string
    }

    mutating func bool(_ name: String) throws(MetadataError) -> Bool? {
        guard let value = take(name) else { return nil }
        guard let bool = value.bool else { throw .invalid(name) }
        return bool
    }

    mutating func url(_ name: String) throws(MetadataError) -> AbsoluteURL? {
        guard let text = try string(name) else { return nil }
        guard let url = try? AbsoluteURL(parsing: text) else { throw .invalid(name) }
        return url
    }

    mutating func strings(_ name: String) throws(MetadataError) -> [String]? {
        guard let value = take(name) else { return nil }
        guard let array = value.array else { throw .invalid(name) }
        var strings: [String] = []
        for element in array {
            guard let string = element.string else { throw .invalid(name) }
            strings.append(string)
        }
        return strings
    }
}

/// Writes the members that have a value. Absent and empty members are left out, and are never null or empty (RFC 9728
/// §2, RFC 8414 §3.2).
struct MetadataWriter {
    private(set) var object = JSONDocument.Object()

    mutating func write(_ name: String, _ value: String?) {
        if let value, !value.isEmpty { object[name] = .string(value) }
    }

    mutating func write(_ name: String, _ value: AbsoluteURL?) {
        write(name, value?.text)
    }

    mutating func write(_ name: String, _ value: Bool?) {
        if let value { object[name] = .bool(value) }
    }

    mutating func write(_ name: String, _ values: [String]) {
        if !values.isEmpty { object[name] = .array(values.map { .string($0) }) }
    }

    /// Writes members that have no property. An extra member never replaces a specified member of the same name.
    mutating func write(extra members: JSONDocument.Object) {
        for (name, value) in members.members where object[name] == nil && !Self.isEmpty(value) { object[name] = value }
    }

    private static func isEmpty(_ value: JSONValue) -> Bool {
        switch value {
        case .null: true
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let object): object.members.isEmpty
        case .bool, .number: false
        }
    }
}
