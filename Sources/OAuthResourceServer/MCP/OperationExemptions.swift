internal import HTTPMessages
internal import TokenVerification
internal import WireFormat

/// Checked exemptions of ``MCPScopeRules``: decides which operations need no scope, or no token.
///
/// A requirement that is missed lets a request in, and so does an exemption that is found wrongly. So a requirement
/// applies by any reading of an operation, and an exemption only by every reading.
struct OperationExemptions: Sendable {
    private struct Rule {
        let pattern: OperationPattern
        /// The patterns of what is exempt. A `*` of the method is not among them where a name or URI decides: another
        /// method may have the same member and do something else, as `resources/list` would with a `uri`.
        let exempt: [OperationPattern]
        let exemption: MCPScopeRules.Rule.Exemption

        func exempts(_ operation: OperationTexts) -> Bool {
            exempt.contains { $0.matchesCertainly(operation) }
        }
    }

    private let rules: [Rule]
    /// The paths of the MCP endpoints. Behind another path may be a handler that does not read JSON-RPC at all.
    private let endpoints: [String]
    /// Whether an operation may be open to requests without a token.
    let openSomething: Bool
    /// Whether a rule requires a token.
    let requireTokens: Bool

    /// Nil when there are none.
    ///
    /// - Parameter resourcePath: The path of the resource, which is that of the endpoint unless the rules name others.
    init?(_ configured: MCPScopeRules, resourcePath: String?, _ faults: inout ConfigurationFaults) {
        let setting = .requirements + ("operations" as ConfigurationError.Path)
        var rules: [Rule] = []
        for (index, rule) in configured.rules.enumerated() {
            guard case .exemption(let exemption) = rule.requirement else { continue }
            rule.checkExemption(at: setting[index], &faults)
            let methods = rule.isAboutResources ? MCPScopeRules.Rule.methodsOfResources : [rule.method]
            rules.append(
                Rule(
                    pattern: OperationPattern(rule), exempt: methods.map { OperationPattern(rule, method: $0) },
                    exemption: exemption))
            let stricter = configured.rules.firstIndex { $0.requiresMore(than: exemption) && $0.covers(rule) }
            if let stricter {
                faults.add(
                    setting[index], "has no effect, because \(setting[stricter]) requires more for the same",
                    "remove one of them")
            }
        }
        guard !rules.isEmpty else { return nil }
        self.rules = rules
        let path = resourcePath.map { $0.isEmpty ? "/" : $0 }
        endpoints = configured.endpointPaths ?? path.map { [$0] } ?? []
        openSomething = rules.contains { $0.exemption == .nothing }
        requireTokens = rules.contains { $0.exemption == .anyToken }
    }

    /// Whether exemptions count for a request with this head: a POST of JSON to an MCP endpoint.
    func count(for request: GuardedRequest) -> Bool {
        request.method == .post && endpoints.contains(where: request.target.path.hasSameBytes)
            && Self.isPlainJSON(request.fields)
    }

    /// Whether the content is JSON in UTF-8 for every reader: another charset would give other names.
    private static func isPlainJSON(_ fields: HTTPFields) -> Bool {
        guard case .once(let value) = fields.occurrence(of: .contentType), fields.contentIs("application/json") else {
            return false
        }
        let parameters = value.bytes.drop { $0 != UInt8(ascii: ";") }.dropFirst()
        let text = OptionalWhiteSpace.trimmed(parameters)
        return ["", "charset=utf-8", "charset=\"utf-8\""].contains { ASCII.equalsIgnoringCase(text, $0.utf8) }
    }

    /// What one operation needs; nil for the scopes that every request needs. No rule with scopes applies to it.
    func exemption(of operation: OperationTexts) -> MCPScopeRules.Rule.Exemption? {
        guard rules.contains(where: { $0.exempts(operation) }) else { return nil }
        return needsToken(operation) || !isOpen(operation) ? .anyToken : .nothing
    }

    /// Whether a rule requires a token for the operation, by any reading.
    func needsToken(_ operation: OperationTexts) -> Bool {
        requireTokens && rules.contains { $0.exemption == .anyToken && $0.pattern.matches(operation) }
    }

    private func isOpen(_ operation: OperationTexts) -> Bool {
        rules.contains { $0.exemption == .nothing && $0.exempts(operation) }
    }
}

extension MCPScopeRules.Rule {
    /// Methods whose operations differ by name or URI. An exemption must name such a method, not cover it by a `*`.
    private static let methodsWithSubjects = [
        "tools/call", "prompts/get", "resources/read", "resources/subscribe", "resources/unsubscribe",
        "completion/complete", "subscriptions/listen",
    ]

    /// The operations on a resource.
    fileprivate static let methodsOfResources = ["resources/read", "resources/subscribe", "resources/unsubscribe"]

    /// Whether the rule is one of `resource(_:requires:)`.
    fileprivate var isAboutResources: Bool {
        if case .uri = subject { method.hasSameBytes(as: "resources/*") } else { false }
    }

    /// Finds exemptions that cover more than their text says, or nothing.
    fileprivate func checkExemption(at setting: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        let texts = [method] + subject.pattern
        if texts.contains(where: { $0.utf8.contains { $0 >= 0x80 } }) {
            faults.add(
                setting, "has characters beyond ASCII, whose spellings readers treat as equal",
                "use scopes instead of an exemption")
        }
        switch subject {
        case .any:
            let pattern = GlobPattern(Array(method.utf8), .slashes)
            let covered = Self.methodsWithSubjects.first {
                !method.hasSameBytes(as: $0) && pattern.matches(GlobText(Array($0.utf8)))
            }
            if let covered {
                faults.add(setting, "covers \(covered) by a *", "name each method that needs less")
            }
        case .name: checkMethod(at: setting, &faults)
        case .uri(let pattern):
            if !isAboutResources { checkMethod(at: setting, &faults) }
            // Parsers disagree about URIs without an authority, so that they have no reading that is certain.
            if URIAuthority.Reference(Array(pattern.utf8))?.authority == nil {
                faults.add(
                    setting, "has a pattern that does not begin with a scheme and ://", "write it like docs://public/**"
                )
            }
        }
    }

    private func checkMethod(at setting: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        if method.utf8.contains(UInt8(ascii: "*")) {
            faults.add(
                setting, "has a * in its method, which could be one that ignores the name or URI", "name the method")
        }
    }

    fileprivate func requiresMore(than exemption: Exemption) -> Bool {
        switch requirement {
        case .scopes: true
        case .exemption(let own): own == .anyToken && exemption == .nothing
        }
    }

    /// Whether every operation of another rule is one of this rule, as far as that can be told: for texts without `*`.
    fileprivate func covers(_ other: Self) -> Bool {
        let method = other.isAboutResources ? "resources/read" : other.method
        guard !([method] + other.subject.pattern).contains(where: { $0.utf8.contains(UInt8(ascii: "*")) }) else {
            return false
        }
        let operation =
            switch other.subject {
            case .any: OperationTexts(method: method, name: nil, uri: nil)
            case .name(let name): OperationTexts(method: method, name: name, uri: nil)
            case .uri(let uri): OperationTexts(method: method, name: nil, uri: uri)
            }
        return OperationPattern(self).matches(operation)
    }
}
