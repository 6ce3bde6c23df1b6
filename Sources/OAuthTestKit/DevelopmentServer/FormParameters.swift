internal import WireFormat

/// The parameters of an `application/x-www-form-urlencoded` text: a form body, or the query of an authorization request
/// (RFC 6749 appendix B).
///
/// Stricter than the WHATWG parser: ASCII only, no stray `%`, decoded bytes must be UTF-8, and a repeated name stays
/// visible as such instead of one of its values winning.
struct FormParameters: Sendable {
    enum Value: Sendable, Hashable {
        case absent
        case once(String)
        case repeated
    }

    /// More pairs than any OAuth request has.
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
        // RFC 6749 §3.1, §3.2: parameters MUST NOT be included more than once.
        guard found.count == 1 else { return .repeated }
        // RFC 6749 §3.1, §3.2: a parameter without a value counts as omitted.
        return first.value.isEmpty ? .absent : .once(first.value)
    }

    /// The value, nil when it is omitted.
    func optional(_ name: String) throws(Refusal) -> String? {
        switch value(of: name) {
        case .absent: return nil
        case .once(let value): return value
        case .repeated: throw .repeatedParameter
        }
    }

    /// The value of a parameter that the request cannot do without.
    func required(_ name: String, orThrow refusal: Refusal) throws(Refusal) -> String {
        guard let value = try optional(name) else { throw refusal }
        return value
    }

    /// Every value of a parameter that may be repeated, in order.
    func all(_ name: String) -> [String] {
        pairs.filter { $0.name.hasSameBytes(as: name) && !$0.value.isEmpty }.map(\.value)
    }

    /// Refuses any repeated name but `resource`, which RFC 8707 §2 allows several times.
    func checkUniqueness() throws(Refusal) {
        var seen: Set<[UInt8]> = []
        for pair in pairs where !pair.name.hasSameBytes(as: "resource") {
            guard seen.insert(Array(pair.name.utf8)).inserted else { throw .repeatedParameter }
        }
    }

    /// A name or a value, decoded; nil for what no form encoder writes.
    static func decode(_ text: some Collection<UInt8>) -> String? {
        PercentEncoding.decode(text, plus: .space).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
