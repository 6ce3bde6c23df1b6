/// Which scopes include others: with `["admin": ["write"], "write": ["read"]]`, a token with `admin` may do what
/// requires `write` or `read`.
///
/// Implications are used to decide, and to keep challenges short: a client is asked for the smallest scope that
/// suffices. They never add advertised scopes. They are plain values, which are checked when a ``ResourceServer`` is
/// created. A cycle is a fault.
public struct ScopeImplications: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// A scope, and the scopes that it includes directly.
    public struct Implication: Sendable, Hashable {
        /// The scope that includes the others.
        public let scope: String
        /// The included scopes.
        public let included: [String]

        /// An implication.
        public init(_ scope: String, includes included: [String]) {
            self.scope = scope
            self.included = included
        }
    }

    /// The direct implications. The indirect ones follow from them.
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
