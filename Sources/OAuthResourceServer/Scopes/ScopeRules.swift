internal import HTTPMessages
internal import OAuthMetadata
internal import WireFormat

/// Everything that is configured about scopes, checked: what a request needs, and what to ask for when a token lacks it.
struct ScopeRules: Sendable {
    private struct Route {
        let pattern: LocatorPattern
        let methods: [HTTPMethod]
        let demand: ScopeDemand
    }

    private let every: ScopeDemand
    private let routes: [Route]
    private let operations: OperationRules?
    private let hierarchy: ScopeHierarchy

    /// Every scope that some request may need: what is advertised unless the operator says otherwise.
    let mentioned: ScopeSet

    init(_ configuration: ResourceServerConfiguration, _ faults: inout [ConfigurationError.Fault]) {
        every = ScopeDemand(.all(configuration.requiredScopes), setting: "requiredScopes", &faults)
        hierarchy = ScopeHierarchy(configuration.scopeImplications, &faults)
        var routes: [Route] = []
        for (index, rule) in configuration.routeScopes.enumerated() {
            let setting = "routeScopes[\(index)]"
            let demand = ScopeDemand(rule.requirement, setting: setting, &faults)
            if demand.isEmpty { faults.append(.init(setting, "requires no scope; remove it")) }
            if rule.path.utf8.first != UInt8(ascii: "/") || rule.path.utf8.count > GlobPattern.maximumBytes {
                faults.append(
                    .init(setting, "has a path that does not begin with / or is over \(GlobPattern.maximumBytes) bytes")
                )
            }
            routes.append(Route(pattern: LocatorPattern(rule.path), methods: rule.methods, demand: demand))
        }
        self.routes = routes
        operations = OperationRules(configuration.operationScopes, &faults)
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
        let locator = LocatorReadings(Array(path.utf8), .path)
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
    func request(_ demand: ScopeDemand, beyond granted: ScopeSet = ScopeSet()) -> ScopeSet {
        demand.request(beyond: granted, hierarchy)
    }
}
