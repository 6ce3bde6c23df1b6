internal import WireFormat

/// A set of scopes (RFC 6749 §3.3): case-sensitive ASCII tokens, sorted, without duplicates.
public struct ScopeSet: Sendable, Hashable, CustomStringConvertible {
    /// The scopes, sorted by their bytes.
    public let tokens: [String]

    /// Makes an empty set.
    public init() {
        tokens = []
    }

    /// Makes a set from a list. Returns nil when an element is not a scope-token.
    public init?(_ scopes: some Sequence<String>) {
        let scopes = Array(scopes)
        guard scopes.allSatisfy(Self.isScopeToken) else { return nil }
        self.init(validated: scopes)
    }

    /// Parses the value of a `scope` parameter, which separates scopes with spaces. Returns nil when one of them is not
    /// a scope-token.
    public init?(parsing text: String) {
        self.init(Self.split(text))
    }

    /// Makes a set from a list and ignores each element that is not a scope-token. Such an element cannot equal a
    /// required scope.
    public init(keepingValid scopes: some Sequence<String>) {
        let scopes = Array(scopes)
        self.init(validated: scopes.allSatisfy(Self.isScopeToken) ? scopes : scopes.filter(Self.isScopeToken))
    }

    /// Parses the value of a `scope` claim or parameter and ignores each part that is not a scope-token.
    public init(keepingValidOf text: String) {
        self.init(keepingValid: Self.split(text))
    }

    /// Makes a set from the bytes of a `scope` claim and ignores each word that is not a scope-token. Returns nil when
    /// there are more than `limit` words.
    ///
    /// Every verified token comes here: the words are found and checked in one pass.
    package init?(keepingValidOf text: Span<UInt8>, atMost limit: Int) {
        var scopes: [String] = []
        scopes.reserveCapacity(min(text.count / 2 + 1, Self.fewScopes))
        var words = 0
        var index = 0
        while index < text.count {
            let start = index
            var isValid = true
            while index < text.count, text[index] != 0x20 {
                isValid = isValid && Self.isScopeByte(text[index])
                index += 1
            }
            if index > start {
                words += 1
                guard words <= limit else { return nil }
                if isValid { Self.add(String(copying: text.extracting(start..<index)), to: &scopes) }
            }
            index += 1
        }
        self.init(added: scopes)
    }

    private init(validated scopes: [String]) {
        var added: [String] = []
        added.reserveCapacity(scopes.count)
        for scope in scopes { Self.add(scope, to: &added) }
        self.init(added: added)
    }

    /// Takes what ``add(_:to:)`` has collected, and sorts it if there are many.
    private init(added scopes: [String]) {
        tokens = scopes.count > Self.fewScopes ? Set(scopes).sorted() : scopes
    }

    /// Up to this number, insertion costs less than a `Set`, and a linear search less than a binary one. Most tokens
    /// have fewer scopes.
    private static let fewScopes = 16

    /// Inserts a scope in order, unless it is present. Beyond ``fewScopes`` it only appends, and ``init(added:)``
    /// sorts.
    private static func add(_ scope: String, to scopes: inout [String]) {
        // Scope-tokens are ASCII. For ASCII, the order and equality of String are those of the bytes.
        var place = scopes.count
        if place <= fewScopes {
            while place > 0, scope < scopes[place - 1] { place -= 1 }
            if place > 0, scope == scopes[place - 1] { return }
        }
        if place == scopes.count { scopes.append(scope) } else { scopes.insert(scope, at: place) }
    }

    /// Whether the set has no scope.
    public var isEmpty: Bool { tokens.isEmpty }

    /// Whether the set contains the scope. Only whole tokens are equal: a set of `read_all` does not contain `read`.
    public func contains(_ scope: String) -> Bool {
        guard tokens.count > Self.fewScopes else { return tokens.contains { $0.hasSameBytes(as: scope) } }
        // The search is binary, because a token may have many scopes. They are sorted by their bytes.
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

    /// The set without this scope.
    public func subtracting(_ scope: String) -> ScopeSet {
        ScopeSet(validated: tokens.filter { !$0.hasSameBytes(as: scope) })
    }

    /// The value of a `scope` parameter: the sorted scopes, separated by one space.
    public var description: String { tokens.joined(separator: " ") }

    /// RFC 6749 §3.3: 1*( %x21 / %x23-5B / %x5D-7E ).
    private static func isScopeToken(_ text: String) -> Bool {
        !text.utf8.isEmpty && text.utf8.allSatisfy(isScopeByte)
    }

    private static func isScopeByte(_ byte: UInt8) -> Bool {
        byte &- 0x21 < 0x7F - 0x21 && byte != 0x22 && byte != 0x5C
    }

    private static func split(_ text: String) -> [String] {
        text.utf8.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
    }
}
