internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// A checked ``ScopeRequirement``: decides whether a token meets it, and which scopes to request otherwise.
struct ScopeDemand: Sendable, Hashable {
    /// All clauses must be met, each by one of its alternatives.
    private(set) var clauses: [[ScopeSet]]
    /// How the user must have been authenticated: see ``AuthenticationCheck``.
    private(set) var authentications: [ScopeRequirement.Authentication] = []

    /// A demand that every token meets.
    init() {
        clauses = []
    }

    /// A demand for all of these scopes.
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
                faults.add(
                    setting, "has an empty list of alternatives, which no token can meet",
                    "add an alternative, or remove it")
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
        for authentication in requirement.authentications { authentication.check(at: setting, &faults) }
        authentications = requirement.authentications
    }

    /// Whether every token meets it.
    var isEmpty: Bool { clauses.isEmpty && authentications.isEmpty }

    /// Every scope in the demand. These may be advertised.
    var mentioned: ScopeSet {
        clauses.joined().reduce(ScopeSet()) { $0.union($1) }
    }

    /// Adds the clauses of another demand that are not in this one.
    mutating func add(_ other: ScopeDemand) {
        for clause in other.clauses where !clauses.contains(clause) { clauses.append(clause) }
        for authentication in other.authentications where !authentications.contains(authentication) {
            authentications.append(authentication)
        }
    }

    /// Whether a token with these scopes meets every clause. The authentications are not looked at.
    func isMet(by granted: ScopeSet, _ hierarchy: ScopeHierarchy) -> Bool {
        clauses.allSatisfy { clause in
            clause.contains { alternative in
                alternative.tokens.allSatisfy { hierarchy.isMet($0, by: granted) }
            }
        }
    }

    /// The scopes to request: all that the operation needs, at once, and no more.
    ///
    /// Chooses the alternative that adds the fewest scopes that are neither in the token nor requested already. If two
    /// are equal, it chooses the one that adds the fewest to the request, then the first one. A scope that another
    /// requested scope includes is left out.
    ///
    /// Clauses are decided one after the other, those without a choice first, so that the cost is linear. A smaller
    /// result may exist where the alternatives of several clauses overlap.
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

extension ScopeRequirement.Authentication {
    /// The maximum number of values.
    private static let maximumValues = 16
    /// The range of ``maximumAge``.
    private static let ages: ClosedRange<Duration> = .zero ... .seconds(365 * 86_400)

    /// Finds a requirement that a challenge cannot carry, or that says nothing.
    fileprivate func check(at setting: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        if acrValues.isEmpty, maximumAge == nil {
            faults.add(setting, "requires an authentication of any kind and age", "give acrValues or maximumAge")
        }
        if acrValues.count > Self.maximumValues {
            let limit = String(Self.maximumValues)
            faults.add(setting, "has more than \(limit) acr values", "keep at most \(limit)")
        }
        // `acr_values` is a list with spaces in a quoted-string, whose characters are those of a scope.
        if ScopeSet(acrValues) == nil {
            faults.add(
                setting, "has an acr value that a challenge cannot carry",
                "use printable ASCII without space, quote and backslash")
        }
        if let maximumAge, !Self.ages.contains(maximumAge) {
            faults.add(setting, "has an age outside \(Self.ages.text)", "choose a time in this range")
        }
    }
}
