internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// All scope settings, checked: which scopes a request needs, and which to request when a token lacks them.
///
/// It is a class, so that its use costs each request one reference count.
final class ScopeRules: Sendable {
    private struct Route {
        let pattern: ResourceURIPattern
        let methods: [HTTPMethod]
        let demand: ScopeDemand
    }

    private let every: ScopeDemand
    /// What to request where nothing but the demand of every request applies.
    let usualScopesToRequest: ScopeSet
    private let routes: [Route]
    private let operations: OperationRules?
    private let hierarchy: ScopeHierarchy

    /// Every scope that some request may need. They are advertised by default.
    let mentioned: ScopeSet

    /// - Parameter resourcePath: The path of the resource; nil when that has a fault.
    init(
        _ requirements: ResourceServerConfiguration.Requirements, resourcePath: String?,
        _ faults: inout ConfigurationFaults
    ) {
        every = ScopeDemand(.all(requirements.scopes), at: .requirements + "scopes", &faults)
        hierarchy = ScopeHierarchy(requirements.implications, &faults)
        usualScopesToRequest = every.scopesToRequest(holding: ScopeSet(), hierarchy)
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
        operations = OperationRules(requirements.operations, resourcePath: resourcePath, &faults)
        mentioned = (routes.map(\.demand) + [operations?.everything.scopes ?? ScopeDemand()])
            .reduce(every.mentioned) { $0.union($1.mentioned) }
    }

    /// What every request with this method to this path needs, regardless of its body.
    func demand(of method: HTTPMethod, _ path: String) -> ScopeDemand {
        demand(with: routeDemand(of: method, path))
    }

    /// What every request needs, with a demand of ``routeDemand(of:_:)``.
    func demand(with route: ScopeDemand) -> ScopeDemand {
        guard !route.isEmpty else { return every }
        var demand = every
        demand.add(route)
        return demand
    }

    /// The scopes that ``RouteScopeRule`` requires for this request. They also apply on optional routes.
    func routeDemand(of method: HTTPMethod, _ path: String) -> ScopeDemand {
        var demand = ScopeDemand()
        guard !routes.isEmpty else { return demand }
        let readings = ResourceURIReadings(Array(path.utf8), .path)
        for route in routes
        where route.methods.isEmpty || route.methods.contains(method)
            // RFC 9110 §9.3.2: a HEAD is a GET without the content.
            || method == .head && route.methods.contains(.get)
        {
            if route.pattern.matches(readings) { demand.add(route.demand) }
        }
        return demand
    }

    /// The rules for the body of a request to this path; nil when there are none.
    func operations(at path: String) -> OperationRules? {
        operations.flatMap { $0.apply(to: path) ? $0 : nil }
    }

    /// Whether operations may need less than the scopes of every request, in a request with this head.
    func admitExemptions(for request: GuardedRequest) -> Bool {
        operations(at: request.target.path)?.exemptions?.count(for: request) ?? false
    }

    /// Whether a request with this head may proceed without a token, if its body holds open operations only.
    func mayBeOpen(_ request: GuardedRequest) -> Bool {
        operations?.exemptions?.openSomething == true && admitExemptions(for: request)
            && routeDemand(of: request.method, request.target.path).isEmpty
    }

    /// Whether a token with these scopes meets the demand.
    func isMet(_ demand: ScopeDemand, by granted: ScopeSet) -> Bool {
        demand.isMet(by: granted, hierarchy)
    }

    /// The scopes that a client should request: all that the operation needs.
    func scopesToRequest(for demand: ScopeDemand, holding granted: ScopeSet = ScopeSet()) -> ScopeSet {
        if granted.isEmpty, demand == every { return usualScopesToRequest }
        return demand.scopesToRequest(holding: granted, hierarchy)
    }
}
