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

        func applies(to call: Texts) -> Bool {
            guard method.matches(call.method) else { return false }
            return switch subject {
            case .any: true
            case .name(let pattern): call.name.map(pattern.matches) ?? false
            case .uri(let pattern): call.uri.map(pattern.matches) ?? false
            }
        }
    }

    private let rules: [Rule]
    private let looksAtURIs: Bool
    /// The demands of all rules together.
    let everything: ScopeDemand
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
        var everything = ScopeDemand()
        for rule in rules { everything.add(rule.demand) }
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
    ) async throws(ResourceServer.Refusal) -> ScopeDemand {
        // An empty body requests no operation: the request opens a stream or ends a session.
        guard !body.isEmpty else { return ScopeDemand() }
        message = JSONRPCReply()
        // RFC 9110 §8.4: the handler would decode the content, and read other bytes than these.
        guard !fields.values(of: .contentEncoding).contains(where: Self.changesContent) else {
            throw .malformedRequest(.bodyEncoded)
        }
        let calls = try await read(body)
        message = JSONRPCReply(id: calls.integerID)
        try OperationFields.check(fields, agreeWith: calls.calls)
        return await demand(of: calls.calls + calls.implied)
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

    private func demand(of calls: [JSONRPCCalls.Call]) async -> ScopeDemand {
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

    /// The demands of the rules that apply to a call.
    private func comparison(with calls: [JSONRPCCalls.Call]) async -> ScopeDemand {
        var demand = ScopeDemand()
        var open = Array(rules.indices)
        var cost = 0
        var pause = (count: 0, cost: 0)
        for call in calls {
            guard !open.isEmpty else { break }
            // Other tasks of the thread must not wait for all calls.
            if pause.count == OperationLimits.maximumInlineTexts.count
                || cost - pause.cost > OperationLimits.maximumInlineTexts.bytes
            {
                await Task.yield()
                pause = (0, cost)
            }
            pause.count += 1
            let texts = Texts(call, looksAtURIs: looksAtURIs)
            cost += texts.uri?.cost ?? 0
            guard cost <= OperationLimits.maximumReadingCostOfBody else { return everything }
            // A rule that applied once is not evaluated again.
            open.removeAll { index in
                guard rules[index].applies(to: texts) else { return false }
                demand.add(rules[index].demand)
                return true
            }
        }
        return demand
    }
}

extension OperationRules {
    /// The texts of a call that rules are compared with.
    private struct Texts {
        let method: GlobText
        let name: GlobText?
        let uri: ResourceURIReadings?

        init(_ call: JSONRPCCalls.Call, looksAtURIs: Bool) {
            method = GlobText(call.method)
            name = call.name.map { GlobText($0) }
            uri = looksAtURIs ? call.uri.map { ResourceURIReadings($0, call.isTemplate ? .template : .uri) } : nil
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
