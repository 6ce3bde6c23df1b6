/// Which scopes include others: `["admin": ["write"], "write": ["read"]]` lets a token with `admin` do what needs `write` or
/// `read`.
///
/// Implications serve the decision and keep challenges short: a client is asked for the least scope that suffices. They
/// never add to what is advertised. A plain value, checked when a ``ResourceServer`` is made: a cycle is a fault.
public struct ScopeImplications: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// A scope and what it includes directly.
    public struct Implication: Sendable, Hashable {
        /// The greater scope.
        public let scope: String
        /// The lesser ones.
        public let included: [String]

        /// An implication.
        public init(_ scope: String, includes included: [String]) {
            self.scope = scope
            self.included = included
        }
    }

    /// The direct implications; what follows from several of them holds too.
    public var implications: [Implication]

    /// Implications; none by default.
    public init(_ implications: [Implication] = []) {
        self.implications = implications
    }

    /// Each scope with those that it includes directly.
    public init(dictionaryLiteral elements: (String, [String])...) {
        implications = elements.map { Implication($0.0, includes: $0.1) }
    }
}
