internal import OAuthMetadata
internal import TokenVerification

/// A checked ``ScopeRequirement``: whether a token meets it, and what to ask for otherwise.
struct ScopeDemand: Sendable, Hashable {
    /// All must be met, each by one of its alternatives.
    private(set) var clauses: [[ScopeSet]]

    /// Nothing.
    init() {
        clauses = []
    }

    /// All of these scopes.
    init(_ scopes: ScopeSet) {
        clauses = scopes.isEmpty ? [] : [[scopes]]
    }

    /// Checks a requirement.
    init(
        _ requirement: ScopeRequirement, at setting: ConfigurationError.Path, _ faults: inout ConfigurationFaults
    ) {
        clauses = []
        for clause in requirement.clauses {
            let alternatives = clause.map { ScopeSet($0) }
            if alternatives.isEmpty {
                faults.add(setting, "names no alternative, so that no token could meet it", "name one, or remove it")
            }
            if alternatives.contains(where: { $0?.isEmpty == true }) {
                faults.add(setting, "has an alternative without scopes, which every token meets", "remove it")
            }
            if alternatives.contains(nil) { faults.addNotAScope(setting) }
            if alternatives.contains(where: { $0?.contains("offline_access") == true }) {
                faults.add(setting, "holds offline_access, which access tokens do not carry", "remove it")
            }
            clauses.append(alternatives.compactMap(\.self))
        }
    }

    /// Whether every token meets it.
    var isEmpty: Bool { clauses.isEmpty }

    /// Every scope that is mentioned: what may be advertised.
    var mentioned: ScopeSet {
        clauses.joined().reduce(ScopeSet()) { $0.union($1) }
    }

    /// Demands this and the other; what is demanded already is not demanded twice.
    mutating func add(_ other: ScopeDemand) {
        for clause in other.clauses where !clauses.contains(clause) { clauses.append(clause) }
    }

    /// Whether a token with these scopes meets everything.
    func isMet(by granted: ScopeSet, _ hierarchy: ScopeHierarchy) -> Bool {
        clauses.allSatisfy { clause in
            clause.contains { missing($0, granted, hierarchy) == 0 }
        }
    }

    /// The scopes to ask for: all that the operation needs, at once, and no more.
    ///
    /// Of several alternatives the one that takes the fewest scopes beyond those of the token and those asked for already,
    /// then the one that makes the answer shortest, then the first. What another scope of the answer includes is left out. Decided clause by clause,
    /// those without a choice first, so that the cost is linear; a smaller whole may exist where choices overlap.
    func scopesToRequest(holding granted: ScopeSet, _ hierarchy: ScopeHierarchy) -> ScopeSet {
        var asked = ScopeSet()
        for clause in clauses where clause.count == 1 { asked = asked.union(clause[0]) }
        for clause in clauses where clause.count > 1 {
            let known = asked.union(granted)
            let best = clause.min { left, right in
                let further = (missing(left, known, hierarchy), missing(right, known, hierarchy))
                guard further.0 == further.1 else { return further.0 < further.1 }
                return missing(left, asked, hierarchy) < missing(right, asked, hierarchy)
            }
            if let best { asked = asked.union(best) }
        }
        return hierarchy.reduced(asked)
    }

    private func missing(_ scopes: ScopeSet, _ granted: ScopeSet, _ hierarchy: ScopeHierarchy) -> Int {
        scopes.tokens.reduce(0) { hierarchy.isMet($1, by: granted) ? $0 : $0 + 1 }
    }
}
