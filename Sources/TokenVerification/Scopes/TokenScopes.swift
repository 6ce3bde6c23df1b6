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

    /// Reads `scope`, or `scp` when `scope` is absent, null or empty, and the claims of the mapping.
    init(of claims: JSONDocument.Node, _ mapping: ScopeMapping) {
        // RFC 9068 §2.2.3: `scope` is a string, split at spaces. An array is accepted too, and `scp` in both forms,
        // because some issuers write them, and a few write an empty `scope` beside it.
        if !add(claims["scope"], .spaceSeparated, mapping.spelling.requested) {
            add(claims["scp"], .spaceSeparated, mapping.spelling.requested)
        }
        for source in mapping.claims {
            var claim: JSONDocument.Node? = claims
            for name in source.path { claim = claim?[name] }
            switch source.meaning {
            case .scopes(let spelling): add(claim, source.form, spelling.requested)
            case .listed(let grants):
                add(claim, source.form) { value in
                    grants.lazy.filter { $0.value.hasSameBytes(as: value) }.flatMap(\.scopes)
                }
            }
        }
    }

    /// Adds the scopes that the values of a claim stand for.
    ///
    /// - Returns: Whether the claim has a value that is not empty, or is malformed.
    @discardableResult
    private mutating func add(
        _ claim: JSONDocument.Node?, _ form: ScopeMapping.ClaimGrants.Form, _ scopesOf: (String) -> [String]
    ) -> Bool {
        guard let claim, claim.kind != .null else { return false }
        guard let all = Self.values(of: claim, form), all.count <= Self.maximumValues else {
            hasMalformedClaim = true
            return true
        }
        let granted = ScopeSet(keepingValid: all.flatMap(scopesOf))
        scopes = scopes.isEmpty ? granted : scopes.union(granted)
        return all.contains { !$0.utf8.isEmpty }
    }

    /// The values of a claim, at most one more than the limit. Returns nil when the claim does not have the form.
    private static func values(
        of claim: JSONDocument.Node, _ form: ScopeMapping.ClaimGrants.Form
    ) -> [String]? {
        switch form {
        case .values: claim.string.map { [$0] } ?? strings(of: claim)
        case .spaceSeparated: claim.string.map(split) ?? strings(of: claim)
        case .memberNames: memberNames(of: claim)
        }
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

    /// The names of an object's members that are neither null nor false, at most one more than the limit. Returns nil
    /// for any other value.
    private static func memberNames(of claim: JSONDocument.Node) -> [String]? {
        guard claim.kind == .object else { return nil }
        var names: [String] = []
        claim.forEachMember { name, value in
            if value.kind != .null, value.bool != false { names.append(name) }
            return names.count <= maximumValues
        }
        return names
    }
}

extension ScopeMapping.Spelling {
    /// The scope as clients request it; none for a text that is not a scope.
    fileprivate func requested(_ scope: String) -> [String] {
        // With a prefix, an empty text would become a scope.
        if scope.utf8.isEmpty { return [] }
        return switch self {
        case .asRequested: [scope]
        case .withoutPrefix(let prefix): [prefix + scope]
        case .withPrefix(let prefix):
            scope.utf8.starts(with: prefix.utf8)
                ? [String(decoding: scope.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)] : []
        case .renamed(let names): [names.first { $0.token.hasSameBytes(as: scope) }?.requested ?? scope]
        }
    }
}
