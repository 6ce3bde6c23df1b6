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
    /// What happens to a member that is null, of another type, or no usable URL.
    enum Rule {
        /// The document is refused.
        case strict
        /// The member counts as absent, and ``unusable`` names it.
        case lenient
    }

    private let rule: Rule
    private(set) var rest: JSONDocument.Object
    private(set) var unusable: [String] = []

    init(parsing bytes: [UInt8], limits: JSONDocument.Limits, _ rule: Rule) throws(MetadataError) {
        self.rule = rule
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

    /// The one member without which a document has no meaning. No rule makes it optional.
    mutating func identifier(_ name: String) throws(MetadataError) -> String {
        guard let value = take(name) else { throw .missing(name) }
        guard let string = value.string else { throw .invalid(name) }
        return string
    }

    mutating func string(_ name: String) throws(MetadataError) -> String? {
        try member(name) { $0.string }
    }

    mutating func bool(_ name: String) throws(MetadataError) -> Bool? {
        try member(name) { $0.bool }
    }

    mutating func url(_ name: String) throws(MetadataError) -> AbsoluteURL? {
        try member(name) { $0.string.flatMap { try? AbsoluteURL(parsing: $0) } }
    }

    mutating func strings(_ name: String) throws(MetadataError) -> [String]? {
        try member(name) { value in
            let strings = value.array?.compactMap(\.string)
            return strings?.count == value.array?.count ? strings : nil
        }
    }

    private mutating func member<Value>(
        _ name: String, _ read: (JSONValue) -> Value?
    ) throws(MetadataError) -> Value? {
        guard let value = take(name) else { return nil }
        if let usable = read(value) { return usable }
        guard rule == .lenient else { throw .invalid(name) }
        unusable.append(name)
        return nil
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
