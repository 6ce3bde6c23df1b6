/// The texts of an operation that rules are compared with.
struct OperationTexts: Sendable {
    let method: GlobText
    let name: GlobText?
    let uri: ResourceURIReadings?

    init(_ call: JSONRPCCalls.Call, looksAtURIs: Bool) {
        method = GlobText(call.method)
        name = call.name.map { GlobText($0) }
        uri = looksAtURIs ? call.uri.map { ResourceURIReadings($0, call.isTemplate ? .template : .uri) } : nil
    }

    /// Texts of an operation of the operator, for the check of rules.
    init(method: String, name: String?, uri: String?) {
        self.method = GlobText(Array(method.utf8))
        self.name = name.map { GlobText(Array($0.utf8)) }
        self.uri = uri.map { ResourceURIReadings(Array($0.utf8), .uri) }
    }
}

/// Which operations a rule is about.
struct OperationPattern: Sendable {
    private enum Subject {
        case any
        case name(GlobPattern)
        case uri(ResourceURIPattern)
    }

    private let method: GlobPattern
    private let subject: Subject

    /// - Parameter method: The pattern of the methods; nil for that of the rule.
    init(_ rule: MCPScopeRules.Rule, method: String? = nil) {
        self.method = GlobPattern(Array((method ?? rule.method).utf8), .slashes)
        subject =
            switch rule.subject {
            case .any: .any
            case .name(let name): .name(GlobPattern(Array(name.utf8), .none))
            case .uri(let uri): .uri(ResourceURIPattern(uri))
            }
    }

    /// Whether the rule is about the operation by any reading. A requirement applies then.
    func matches(_ operation: OperationTexts) -> Bool {
        guard method.matches(operation.method) else { return false }
        return switch subject {
        case .any: true
        case .name(let pattern): operation.name.map(pattern.matches) ?? false
        case .uri(let pattern): operation.uri.map(pattern.matches) ?? false
        }
    }

    /// Whether the rule is about the operation by every reading. An exemption applies only then.
    func matchesCertainly(_ operation: OperationTexts) -> Bool {
        guard method.matchesCertainly(operation.method) else { return false }
        return switch subject {
        case .any: true
        case .name(let pattern):
            operation.name.map { pattern.matchesCertainly($0) && !Self.leadsElsewhere($0.bytes) } ?? false
        case .uri(let pattern): operation.uri.map(pattern.matchesCertainly) ?? false
        }
    }

    /// Whether a handler that uses names as paths, or decodes them, could find another one: the name holds `..`, `\` or
    /// `%`, or a space at an end.
    private static func leadsElsewhere(_ name: [UInt8]) -> Bool {
        let dot = UInt8(ascii: ".")
        return name.contains { "\\%".utf8.contains($0) } || name.first == 0x20 || name.last == 0x20
            || zip(name, name.dropFirst()).contains { $0 == dot && $1 == dot }
    }
}
