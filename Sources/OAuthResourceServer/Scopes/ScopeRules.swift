internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// Everything that is configured about scopes, checked: what a request needs, and what to ask for when a token lacks it.
struct ScopeRules: Sendable {
    private struct Route {
        let pattern: ResourceURIPattern
        let methods: [HTTPMethod]
        let demand: ScopeDemand
    }

    private let every: ScopeDemand
    private let routes: [Route]
    private let operations: OperationRules?
    private let hierarchy: ScopeHierarchy

    /// Every scope that some request may need: what is advertised unless the operator says otherwise.
    let mentioned: ScopeSet

    init(_ requirements: ResourceServerConfiguration.Requirements, _ faults: inout ConfigurationFaults) {
        every = ScopeDemand(.all(requirements.scopes), at: .requirements + "scopes", &faults)
        hierarchy = ScopeHierarchy(requirements.implications, &faults)
        var routes: [Route] = []
        for (index, rule) in requirements.routeScopes.enumerated() {
            let setting = (.requirements + "routeScopes")[index]
            let demand = ScopeDemand(rule.requirement, at: setting, &faults)
            if demand.isEmpty { faults.add(setting, "requires no scope", "remove it") }
            if rule.path.utf8.first != UInt8(ascii: "/") || rule.path.utf8.count > GlobPattern.maximumBytes {
                faults.add(
                    setting,
                    "has a path that does not begin with / or is over \(String(GlobPattern.maximumBytes)) bytes",
                    "correct it")
            }
            routes.append(Route(pattern: ResourceURIPattern(rule.path), methods: rule.methods, demand: demand))
        }
        self.routes = routes
        operations = OperationRules(requirements.operations, &faults)
        mentioned = (routes.map(\.demand) + [operations?.mentioned ?? ScopeDemand()])
            .reduce(every.mentioned) { $0.union($1.mentioned) }
    }

    /// What every request of this method to this path needs, whatever its body says.
    func demand(of method: HTTPMethod, _ path: String) -> ScopeDemand {
        guard !routes.isEmpty else { return every }
        var demand = every
        demand.add(routeDemand(of: method, path))
        return demand
    }

    /// What the rules for routes need of it, also of whoever need not have a token otherwise.
    func routeDemand(of method: HTTPMethod, _ path: String) -> ScopeDemand {
        var demand = ScopeDemand()
        guard !routes.isEmpty else { return demand }
        let locator = ResourceURIReadings(Array(path.utf8), .path)
        for route in routes
        where route.methods.isEmpty || route.methods.contains(method)
            // RFC 9110 §9.3.2: a HEAD is a GET without the content.
            || method == .head && route.methods.contains(.get)
        {
            if route.pattern.matches(locator) { demand.add(route.demand) }
        }
        return demand
    }

    /// The rules that look into the body of a request to this path; nil when none does.
    func operations(at path: String) -> OperationRules? {
        operations.flatMap { $0.apply(to: path) ? $0 : nil }
    }

    /// Whether a token with these scopes meets the demand.
    func isMet(_ demand: ScopeDemand, by granted: ScopeSet) -> Bool {
        demand.isMet(by: granted, hierarchy)
    }

    /// What a client should ask for: all that the operation needs.
    func scopesToRequest(for demand: ScopeDemand, holding granted: ScopeSet = ScopeSet()) -> ScopeSet {
        demand.scopesToRequest(holding: granted, hierarchy)
    }
}
