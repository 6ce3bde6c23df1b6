internal import WireFormat

/// The parameters of an `application/x-www-form-urlencoded` text: a form body, or the query of an authorization request
/// (RFC 6749 appendix B).
///
/// Stricter than the WHATWG parser: only ASCII, no `%` outside an escape, and decoded bytes must be UTF-8. A repeated
/// name is reported as repeated, so that no caller uses one of its values by accident.
struct FormParameters: Sendable {
    enum Value: Sendable, Hashable {
        case absent
        case once(String)
        case repeated
    }

    /// The most pairs that are accepted, which is more than any OAuth request needs.
    static let maximumPairs = 64

    private var pairs: [(name: String, value: String)] = []

    init(parsing bytes: some Collection<UInt8>) throws(Refusal) {
        if bytes.isEmpty { return }
        for pair in bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            guard pairs.count < Self.maximumPairs else { throw .malformedForm }
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, let name = Self.decode(first), !name.isEmpty else { throw .malformedForm }
            guard let value = parts.count == 2 ? Self.decode(parts[1]) : "" else { throw .malformedForm }
            pairs.append((name, value))
        }
    }

    /// The value of a parameter that must not be repeated.
    func value(of name: String) -> Value {
        let found = pairs.filter { $0.name.hasSameBytes(as: name) }
        guard let first = found.first else { return .absent }
        // RFC 6749 §3.1, §3.2: a parameter must not be included more than once.
        guard found.count == 1 else { return .repeated }
        // RFC 6749 §3.1, §3.2: a parameter without a value is treated as omitted.
        return first.value.isEmpty ? .absent : .once(first.value)
    }

    /// The value of a parameter; nil if it is omitted.
    func optional(_ name: String) throws(Refusal) -> String? {
        switch value(of: name) {
        case .absent: return nil
        case .once(let value): return value
        case .repeated: throw .repeatedParameter
        }
    }

    /// The value of a required parameter.
    func required(_ name: String, orThrow refusal: Refusal) throws(Refusal) -> String {
        guard let value = try optional(name) else { throw refusal }
        return value
    }

    /// Every value of a parameter that may be repeated, in order.
    func all(_ name: String) -> [String] {
        pairs.filter { $0.name.hasSameBytes(as: name) && !$0.value.isEmpty }.map(\.value)
    }

    /// Refuses a repeated name. Only `resource` may be repeated (RFC 8707 §2).
    func checkUniqueness() throws(Refusal) {
        var seen: Set<[UInt8]> = []
        for pair in pairs where !pair.name.hasSameBytes(as: "resource") {
            guard seen.insert(Array(pair.name.utf8)).inserted else { throw .repeatedParameter }
        }
    }

    /// Decodes a name or a value; nil if no form encoder produces this text.
    static func decode(_ text: some Collection<UInt8>) -> String? {
        PercentEncoding.decode(text, plus: .space).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
