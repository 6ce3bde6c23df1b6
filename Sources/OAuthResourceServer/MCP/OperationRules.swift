internal import HTTPMessages
internal import TokenVerification
internal import WireFormat

/// Checked ``MCPScopeRules``: decides what the operations in a body need.
struct OperationRules: Sendable {
    private struct Rule {
        let pattern: OperationPattern
        let demand: ScopeDemand
    }

    private let rules: [Rule]
    private let looksAtURIs: Bool
    /// The demands of all rules together.
    let everything: OperationDemand
    /// Nil when no operation needs less than the scopes of every request.
    let exemptions: OperationExemptions?
    private let otherPaths: [String]
    /// The largest body that is read, in bytes.
    let maximumBodyBytes: Int

    /// Nil when there are no rules.
    init?(_ configured: MCPScopeRules, resourcePath: String?, _ faults: inout ConfigurationFaults) {
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
        configured.checkPaths(at: setting, &faults)
        var rules: [Rule] = []
        for (index, rule) in configured.rules.enumerated() {
            let patterns = [rule.method] + rule.subject.pattern
            if patterns.contains(where: { $0.isEmpty || $0.utf8.count > GlobPattern.maximumBytes }) {
                faults.add(
                    setting[index],
                    "has a pattern that is empty or longer than \(String(GlobPattern.maximumBytes)) bytes", "correct it"
                )
            }
            guard case .scopes(let requirement) = rule.requirement else { continue }
            let demand = ScopeDemand(requirement, at: setting[index], &faults)
            if demand.isEmpty { faults.add(setting[index], "requires no scope", "write .anyToken, or remove it") }
            rules.append(Rule(pattern: OperationPattern(rule), demand: demand))
        }
        self.rules = rules
        exemptions = OperationExemptions(configured, resourcePath: resourcePath, &faults)
        var everything = OperationDemand(needsToken: exemptions?.requireTokens ?? false)
        for rule in rules { everything.scopes.add(rule.demand) }
        self.everything = everything
        looksAtURIs = configured.rules.contains {
            if case .uri = $0.subject { true } else { false }
        }
        otherPaths = configured.otherPaths
        maximumBodyBytes = configured.maximumBodyBytes
    }

    /// Whether the rules apply to requests to this path.
    func apply(to path: String) -> Bool {
        !otherPaths.contains { $0.hasSameBytes(as: path) }
    }

    /// Checks a body, and returns what its operations need.
    ///
    /// - Parameter message: Set to the message that a refusal would answer.
    func demand(
        of body: [UInt8], _ fields: HTTPFields, _ message: inout JSONRPCReply?
    ) async throws(ResourceServer.Refusal) -> OperationDemand {
        // An empty body requests no operation: the request opens a stream or ends a session.
        guard !body.isEmpty else { return OperationDemand() }
        message = JSONRPCReply()
        // RFC 9110 §8.4: the handler would decode the content, and read other bytes than these.
        guard !fields.values(of: .contentEncoding).contains(where: Self.changesContent) else {
            throw .malformedRequest(.bodyEncoded)
        }
        let calls = try await read(body)
        message = JSONRPCReply(id: calls.integerID)
        try OperationFields.check(fields, agreeWith: calls.calls)
        var demand = await demand(of: calls.calls + calls.implied)
        // A rule opens operations, and a response is none.
        if calls.holdsResponses { demand.exemption = nil }
        return demand
    }

    private func read(_ body: [UInt8]) async throws(ResourceServer.Refusal) -> JSONRPCCalls {
        guard body.count > OperationLimits.maximumInlineBodyBytes else { return try calls(in: body).get() }
        return try await Self.elsewhere { calls(in: body) }.get()
    }

    private func calls(in body: [UInt8]) -> Result<JSONRPCCalls, ResourceServer.Refusal> {
        do throws(ResourceServer.Refusal) {
            return .success(try JSONRPCCalls(parsing: body, maximumBytes: maximumBodyBytes))
        } catch {
            return .failure(error)
        }
    }

    /// Does work on other threads. The work is bounded, so that it is not cancelled.
    private static func elsewhere<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
        await Task.detached(executorPreference: BackgroundThreads.shared) { await work() }.value
    }

    private static func changesContent(_ encoding: HTTPFields.Value) -> Bool {
        !ASCII.equalsIgnoringCase(encoding.bytes, "identity".utf8)
    }

    private func demand(of calls: [JSONRPCCalls.Call]) async -> OperationDemand {
        let length = calls.reduce(0) { $0 + $1.textBytes }
        // A body made to be expensive meets every rule instead.
        guard length <= OperationLimits.maximumComparedBytes else { return everything }
        let few = OperationLimits.maximumInlineTexts
        let isQuick =
            length <= few.bytes && calls.count <= few.count
            && calls.allSatisfy { $0.uri.map(ResourceURIReadings.isPlain) ?? true }
        guard !isQuick else { return await comparison(with: calls) }
        return await Self.elsewhere { await comparison(with: calls) }
    }

    /// The demands of the rules that apply to the calls, and what exempts all of them.
    private func comparison(with calls: [JSONRPCCalls.Call]) async -> OperationDemand {
        // A body without an operation is not exempt: it holds responses.
        var demand = OperationDemand(exemption: exemptions != nil && !calls.isEmpty ? .nothing : nil)
        var open = Array(rules.indices)
        var cost = 0
        var pause = (count: 0, cost: 0)
        for call in calls {
            guard !open.isEmpty || exemptions != nil else { break }
            // Other tasks of the thread must not wait for all calls.
            if pause.count == OperationLimits.maximumInlineTexts.count
                || cost - pause.cost > OperationLimits.maximumInlineTexts.bytes
            {
                await Task.yield()
                pause = (0, cost)
            }
            pause.count += 1
            let texts = OperationTexts(call, looksAtURIs: looksAtURIs)
            cost += texts.uri?.cost ?? 0
            guard cost <= OperationLimits.maximumReadingCostOfBody else { return everything }
            // A rule that applied once is not evaluated again.
            open.removeAll { index in
                guard rules[index].pattern.matches(texts) else { return false }
                demand.scopes.add(rules[index].demand)
                return true
            }
            if let exemptions { demand.add(exemptions, of: texts, isJudgedByReference: call.isJudgedByReference) }
        }
        // The strictest rule decides.
        if !demand.scopes.isEmpty { demand.exemption = nil }
        return demand
    }
}

extension MCPScopeRules {
    /// Finds paths that no request has, and endpoints to which no rule applies.
    fileprivate func checkPaths(at setting: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        let endpoints = endpointPaths ?? []
        for (name, paths) in [("otherPaths", otherPaths), ("endpointPaths", endpoints)]
            as [(ConfigurationError.Path, [String])]
        {
            for (index, path) in paths.enumerated() {
                if path.utf8.first != UInt8(ascii: "/") {
                    faults.add((setting + name)[index], "does not begin with /", "write it as requests do")
                } else if path.utf8.contains(where: { "?#".utf8.contains($0) }) {
                    faults.add((setting + name)[index], "has a query or fragment", "name the path alone")
                }
            }
        }
        for (index, path) in endpoints.enumerated() where otherPaths.contains(where: path.hasSameBytes) {
            faults.add(
                (setting + "endpointPaths")[index], "is in otherPaths too", "remove it from one of them")
        }
        if endpointPaths?.isEmpty == true {
            faults.add(
                setting + "endpointPaths", "is empty, so that no exemption counts", "name the MCP endpoint")
        }
    }
}

extension OperationDemand {
    /// Adds what exempts one more operation.
    ///
    /// - Parameter isJudgedByReference: Whether the operations that it stands for are added in its place.
    fileprivate mutating func add(
        _ exemptions: OperationExemptions, of operation: OperationTexts, isJudgedByReference: Bool
    ) {
        let needsOne = exemptions.needsToken(operation)
        needsToken = needsToken || needsOne
        guard let known = exemption, needsOne || !isJudgedByReference else { return }
        let own = exemptions.exemption(of: operation)
        exemption = known == .anyToken && own == .nothing ? known : own
    }
}

extension MCPScopeRules.Rule.Subject {
    /// The pattern for names or URIs, if there is one.
    var pattern: [String] {
        switch self {
        case .any: []
        case .name(let pattern), .uri(let pattern): [pattern]
        }
    }
}
