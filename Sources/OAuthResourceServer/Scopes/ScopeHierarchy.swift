internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// Checked implications: for each scope, the scopes that include it, directly or indirectly.
struct ScopeHierarchy: Sendable {
    /// Each included scope, with all scopes that include it. There are few, so that a linear search is faster than
    /// hashing.
    private var including: [(scope: String, greater: ScopeSet)] = []

    /// A hierarchy without implications.
    init() {}

    /// The maximum number of implications.
    static let maximumImplications = 1_000

    init(_ implications: ScopeImplications, _ faults: inout ConfigurationFaults) {
        let setting = .requirements + ("implications" as ConfigurationError.Path)
        guard implications.implications.count <= Self.maximumImplications else {
            let limit = String(Self.maximumImplications)
            faults.add(setting, "has more than \(limit) entries", "keep at most \(limit)")
            return
        }
        for (index, implication) in implications.implications.enumerated() {
            guard ScopeSet([implication.scope]) != nil, ScopeSet(implication.included) != nil else {
                faults.addNotAScope(setting[index])
                return
            }
        }
        // From here on all scopes are ASCII, so that equality of `String` is equality of bytes.
        var greater: [String: Set<String>] = [:]
        for implication in implications.implications {
            for scope in implication.included { greater[scope, default: []].insert(implication.scope) }
        }
        for scope in greater.keys.sorted() {
            var reached: Set<String> = []
            var open = Array(greater[scope] ?? [])
            while let next = open.popLast() {
                if reached.insert(next).inserted { open += greater[next] ?? [] }
            }
            guard !reached.contains(scope) else {
                faults.add(
                    setting, "form a cycle: \(scope) includes itself", "remove one of the implications")
                return
            }
            including.append((scope, ScopeSet(keepingValid: reached)))
        }
    }

    /// Whether a token with these scopes has this scope, or one that includes it.
    func isMet(_ scope: String, by granted: ScopeSet) -> Bool {
        if granted.contains(scope) { return true }
        guard let greater = greater(than: scope) else { return false }
        return granted.tokens.contains(where: greater.contains)
    }

    /// The set without scopes that another scope of the set includes.
    func reduced(_ scopes: ScopeSet) -> ScopeSet {
        ScopeSet(
            keepingValid: scopes.tokens.filter { scope in
                guard let greater = greater(than: scope) else { return true }
                return !scopes.tokens.contains(where: greater.contains)
            })
    }

    private func greater(than scope: String) -> ScopeSet? {
        including.first { $0.scope.hasSameBytes(as: scope) }?.greater
    }
}
