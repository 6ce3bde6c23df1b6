internal import OAuthMetadata
internal import WireFormat

/// The scopes of a token, spelled as in requirements.
struct TokenScopes: Sendable {
    /// The largest number of values that are read from one claim. A claim with more values is treated like one of the
    /// wrong type. This bounds the work for one request.
    static let maximumValues = 1_000

    private(set) var scopes = ScopeSet()
    /// Whether a claim that should name scopes has the wrong type or too many values. Such a claim grants no scope.
    private(set) var hasMalformedClaim = false

    /// Reads `scope`, or `scp` when `scope` is absent, and the claims of the mapping.
    init(of claims: JSONDocument.Node, _ mapping: ScopeMapping) {
        // RFC 9068 §2.2.3: `scope` is a string, split at spaces. An array is accepted too, and `scp` in both forms,
        // because some issuers write them.
        if let claim = claims["scope"] ?? claims["scp"] {
            let text = claim.string
            add(text.map(Self.split) ?? Self.strings(of: claim)) { mapping.spelling.requested($0) }
        }
        for source in mapping.claims {
            var claim: JSONDocument.Node? = claims
            for name in source.path { claim = claim?[name] }
            guard let claim else { continue }
            let text = claim.string
            add(text.map { [$0] } ?? Self.strings(of: claim)) { value in
                source.grants.lazy.filter { $0.value.hasSameBytes(as: value) }.flatMap(\.scopes)
            }
        }
    }

    private mutating func add(_ values: [String]?, _ scopesOf: (String) -> [String]) {
        guard let values, values.count <= Self.maximumValues else {
            hasMalformedClaim = true
            return
        }
        let granted = ScopeSet(keepingValid: values.flatMap(scopesOf))
        scopes = scopes.isEmpty ? granted : scopes.union(granted)
    }

    /// RFC 6749 §3.3: scopes are separated by spaces. Returns at most one value more than the limit.
    private static func split(_ text: String) -> [String] {
        text.utf8.split(separator: 0x20, maxSplits: maximumValues).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The elements of an array of strings, at most one more than the limit. Returns nil for any other value.
    private static func strings(of claim: JSONDocument.Node) -> [String]? {
        guard claim.kind == .array else { return nil }
        var strings: [String] = []
        var allStrings = true
        claim.forEachElement { element in
            guard let string = element.string else {
                allStrings = false
                return false
            }
            strings.append(string)
            return strings.count <= maximumValues
        }
        return allStrings ? strings : nil
    }
}

extension ScopeMapping.Spelling {
    /// The scope as clients request it.
    fileprivate func requested(_ scope: String) -> [String] {
        switch self {
        case .asRequested: [scope]
        case .withoutPrefix(let prefix): [prefix + scope]
        case .renamed(let names): [names.first { $0.token.hasSameBytes(as: scope) }?.requested ?? scope]
        }
    }
}
