public import WireFormat

/// Why a metadata document is not acceptable. No case holds text of the document.
public enum MetadataError: Error, Sendable, Hashable {
    /// Not strict JSON.
    case json(JSONDocument.ParseError.Reason)
    /// Not a JSON object.
    case notAnObject
    /// A required member is absent; its name.
    case missing(String)
    /// A member has another type or form than its specification says; its name.
    case invalid(String)
    /// The document is about another resource or issuer than the one asked for (RFC 9728 §3.3, RFC 8414 §3.3).
    case identifierMismatch
}

/// Reads the members of a metadata document; one way for both kinds.
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

    /// Takes a member out, so that what is left at the end are the extra members.
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

/// Writes members that are there: absent and empty ones are left out, never null or empty (RFC 9728 §2, RFC 8414 §3.2).
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

    /// Members without a property here. A specified member is never overwritten by an extra one of its name.
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
