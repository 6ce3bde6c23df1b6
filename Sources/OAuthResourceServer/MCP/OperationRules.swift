internal import HTTPMessages
internal import TokenVerification
internal import WireFormat

/// Checked ``MCPScopeRules``: decides which scopes the operations in a body need.
struct OperationRules: Sendable {
    private enum Subject {
        case any
        case name(GlobPattern)
        case uri(ResourceURIPattern)
    }

    private struct Rule {
        let method: GlobPattern
        let subject: Subject
        let demand: ScopeDemand
    }

    private let rules: [Rule]
    private let looksAtURIs: Bool
    private let otherPaths: [String]
    /// The largest body that is read, in bytes.
    let maximumBodyBytes: Int

    /// Nil when there are no rules.
    init?(_ configured: MCPScopeRules, _ faults: inout ConfigurationFaults) {
        guard !configured.rules.isEmpty else { return nil }
        let setting = .requirements + ("operations" as ConfigurationError.Path)
        if configured.rules.count > OperationLimits.maximumRules {
            let limit = String(OperationLimits.maximumRules)
            faults.add(setting, "has more than \(limit) rules", "keep at most \(limit)")
        }
        if !OperationLimits.bodyBytes.contains(configured.maximumBodyBytes) {
            faults.add(
                setting + "maximumBodyBytes", "is outside \(OperationLimits.bodyBytes.text) bytes",
                "choose a size in this range")
        }
        for (index, path) in configured.otherPaths.enumerated() where path.utf8.first != UInt8(ascii: "/") {
            faults.add((setting + "otherPaths")[index], "does not begin with /", "write it as requests do")
        }
        var rules: [Rule] = []
        for (index, rule) in configured.rules.enumerated() {
            let demand = ScopeDemand(rule.requirement, at: setting[index], &faults)
            if demand.isEmpty { faults.add(setting[index], "requires no scope", "remove it") }
            let patterns = [rule.method] + rule.subject.pattern
            if patterns.contains(where: { $0.isEmpty || $0.utf8.count > GlobPattern.maximumBytes }) {
                faults.add(
                    setting[index],
                    "has a pattern that is empty or longer than \(String(GlobPattern.maximumBytes)) bytes", "correct it"
                )
            }
            let subject: Subject =
                switch rule.subject {
                case .any: .any
                case .name(let name): .name(GlobPattern(Array(name.utf8), .none))
                case .uri(let uri): .uri(ResourceURIPattern(uri))
                }
            rules.append(
                Rule(method: GlobPattern(Array(rule.method.utf8), .slashes), subject: subject, demand: demand))
        }
        self.rules = rules
        looksAtURIs = configured.rules.contains {
            if case .uri = $0.subject { true } else { false }
        }
        otherPaths = configured.otherPaths
        maximumBodyBytes = configured.maximumBodyBytes
    }

    /// The demands of all rules together.
    var mentioned: ScopeDemand {
        var all = ScopeDemand()
        for rule in rules { all.add(rule.demand) }
        return all
    }

    /// Whether the rules apply to requests to this path.
    func apply(to path: String) -> Bool {
        !otherPaths.contains { $0.hasSameBytes(as: path) }
    }

    /// Checks a body, and returns what its operations need. `message` is set to the message that a refusal would
    /// answer.
    func demand(
        of body: [UInt8], _ fields: HTTPFields, _ message: inout JSONRPCReply?
    ) throws(ResourceServer.Refusal) -> ScopeDemand {
        // An empty body requests no operation: the request opens a stream or ends a session.
        guard !body.isEmpty else { return ScopeDemand() }
        message = JSONRPCReply()
        // RFC 9110 §8.4: the handler would decode the content, and read other bytes than these.
        guard !fields.values(of: .contentEncoding).contains(where: Self.changesContent) else {
            throw .malformedRequest(.bodyEncoded)
        }
        let calls = try JSONRPCCalls(parsing: body, maximumBytes: maximumBodyBytes)
        message = JSONRPCReply(id: calls.integerID)
        try OperationFields.check(fields, agreeWith: calls.calls)
        return demand(of: calls.calls + calls.subscriptions)
    }

    private static func changesContent(_ encoding: HTTPFields.Value) -> Bool {
        !ASCII.equalsIgnoringCase(encoding.bytes, "identity".utf8)
    }

    /// Whether a request without a passed body may really have no body: its method permits that, and its header fields
    /// announce none (RFC 9112 §6).
    static func mayLackBody(_ request: GuardedRequest) -> Bool {
        let methods: [HTTPMethod] = [.get, .head, .delete, .options]
        return methods.contains(request.method) && !request.fields.contains(.transferEncoding)
            && request.fields.values(of: .contentLength).allSatisfy { $0.bytes.allSatisfy { $0 == UInt8(ascii: "0") } }
    }

    private func demand(of calls: [JSONRPCCalls.Call]) -> ScopeDemand {
        var demand = ScopeDemand()
        var open = Array(rules.indices)
        for call in calls {
            guard !open.isEmpty else { break }
            let locator = looksAtURIs ? call.uri.map { ResourceURIReadings($0, .uri) } : nil
            // A rule that applied once is not evaluated again.
            open.removeAll { index in
                guard applies(rules[index], to: call, locator) else { return false }
                demand.add(rules[index].demand)
                return true
            }
        }
        return demand
    }

    private func applies(_ rule: Rule, to call: JSONRPCCalls.Call, _ locator: ResourceURIReadings?) -> Bool {
        guard rule.method.matches(call.method) else { return false }
        switch rule.subject {
        case .any: return true
        case .name(let pattern): return call.name.map(pattern.matches) ?? false
        case .uri(let pattern): return locator.map(pattern.matches) ?? false
        }
    }
}

extension MCPScopeRules.Rule.Subject {
    fileprivate var pattern: [String] {
        switch self {
        case .any: []
        case .name(let pattern), .uri(let pattern): [pattern]
        }
    }
}
