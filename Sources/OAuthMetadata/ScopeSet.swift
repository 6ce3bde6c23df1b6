internal import WireFormat

/// A set of scopes (RFC 6749 §3.3): case-sensitive ASCII tokens, sorted, each once.
public struct ScopeSet: Sendable, Hashable, CustomStringConvertible {
    /// The scopes, sorted by their bytes.
    public let tokens: [String]

    /// No scopes.
    public init() {
        tokens = []
    }

    /// The scopes of a list; nil when one of them is no scope-token.
    public init?(_ scopes: some Sequence<String>) {
        let scopes = Array(scopes)
        guard scopes.allSatisfy(Self.isScopeToken) else { return nil }
        self.init(validated: scopes)
    }

    /// The scopes of a `scope` parameter, separated by spaces; nil when one of them is no scope-token.
    public init?(parsing text: String) {
        self.init(Self.split(text))
    }

    /// The scopes of a list without those that are no scope-token and so can equal no required scope.
    public init(keepingValid scopes: some Sequence<String>) {
        self.init(validated: scopes.filter(Self.isScopeToken))
    }

    /// The scopes of a `scope` claim or parameter, as above.
    public init(keepingValidOf text: String) {
        self.init(keepingValid: Self.split(text))
    }

    private init(validated scopes: [String]) {
        // All ASCII here, where the order and equality of String are those of the bytes.
        tokens = Set(scopes).sorted()
    }

    /// Whether there are none.
    public var isEmpty: Bool { tokens.isEmpty }

    /// Whether the scope is in the set; whole tokens only, so that `read` is not in `read_all`.
    public func contains(_ scope: String) -> Bool {
        // Sorted by bytes: a token may hold many.
        var range = tokens.startIndex..<tokens.endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if tokens[middle].hasSameBytes(as: scope) { return true }
            let isBelow = tokens[middle].utf8.lexicographicallyPrecedes(scope.utf8)
            range = isBelow ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return false
    }

    /// Whether every scope of `other` is in this set.
    public func isSuperset(of other: ScopeSet) -> Bool {
        other.tokens.allSatisfy(contains)
    }

    /// The scopes of both sets.
    public func union(_ other: ScopeSet) -> ScopeSet {
        ScopeSet(validated: tokens + other.tokens)
    }

    /// The set without one scope.
    public func subtracting(_ scope: String) -> ScopeSet {
        ScopeSet(validated: tokens.filter { !$0.hasSameBytes(as: scope) })
    }

    /// The value of a `scope` parameter: sorted, separated by one space.
    public var description: String { tokens.joined(separator: " ") }

    /// RFC 6749 §3.3: 1*( %x21 / %x23-5B / %x5D-7E ).
    private static func isScopeToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
    }

    private static func split(_ text: String) -> [String] {
        text.utf8.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
    }
}
