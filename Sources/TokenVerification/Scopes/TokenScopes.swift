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
    init(of claims: JSONDocument, _ mapping: ScopeMapping) {
        // RFC 9068 §2.2.3: `scope` is a string, split at spaces. An array is accepted too, and `scp` in both forms,
        // because some issuers write them, and a few write an empty `scope` beside it.
        if !add(scopeClaim: "scope", of: claims, mapping.spelling) {
            add(scopeClaim: "scp", of: claims, mapping.spelling)
        }
        for source in mapping.claims {
            var claim: JSONDocument.Node? = claims.root
            for name in source.path { claim = claim?[name] }
            switch source.meaning {
            case .scopes(let spelling): add(claim, source.form, spelling.append)
            case .listed(let grants):
                add(claim, source.form) { value, scopes in
                    for grant in grants where grant.value.hasSameBytes(as: value) { scopes += grant.scopes }
                }
            }
        }
    }

    /// Adds the scopes of `scope` or `scp`.
    ///
    /// - Returns: Whether the claim has a value that is not empty, or is malformed.
    @discardableResult
    private mutating func add(
        scopeClaim name: StaticString, of claims: JSONDocument, _ spelling: ScopeMapping.Spelling
    ) -> Bool {
        // The usual claim: a string without escapes, whose words are the scopes.
        if case .asRequested = spelling, let claim = claims.position(of: name),
            let found = claims.withPlainString(at: claim, { addWords($0) })
        {
            return found
        }
        return add(claims.root[name], .spaceSeparated, spelling.append)
    }

    /// Adds the words of a `scope` claim; see ``add(scopeClaim:of:_:)``.
    private mutating func addWords(_ text: Span<UInt8>) -> Bool {
        guard let granted = ScopeSet(keepingValidOf: text, atMost: Self.maximumValues) else {
            hasMalformedClaim = true
            return true
        }
        scopes = granted
        return !granted.isEmpty || text.indices.contains { text[$0] != 0x20 }
    }

    /// Adds the scopes that the values of a claim stand for.
    ///
    /// - Parameter append: Appends the scopes of one value.
    /// - Returns: Whether the claim has a value that is not empty, or is malformed.
    @discardableResult
    private mutating func add(
        _ claim: JSONDocument.Node?, _ form: ScopeMapping.ClaimGrants.Form,
        _ append: (_ value: String, _ scopes: inout [String]) -> Void
    ) -> Bool {
        guard let claim, claim.kind != .null else { return false }
        guard let all = Self.values(of: claim, form), all.count <= Self.maximumValues else {
            hasMalformedClaim = true
            return true
        }
        var found: [String] = []
        found.reserveCapacity(all.count)
        for value in all { append(value, &found) }
        let granted = ScopeSet(keepingValid: found)
        scopes = scopes.isEmpty ? granted : scopes.union(granted)
        return all.contains { !$0.utf8.isEmpty }
    }

    /// The values of a claim, at most one more than the limit. Returns nil when the claim does not have the form.
    private static func values(
        of claim: JSONDocument.Node, _ form: ScopeMapping.ClaimGrants.Form
    ) -> [String]? {
        switch form {
        case .values: claim.string.map { [$0] } ?? strings(of: claim)
        case .spaceSeparated: words(of: claim) ?? strings(of: claim)
        case .memberNames: memberNames(of: claim)
        }
    }

    /// RFC 6749 §3.3: scopes are separated by spaces. Returns at most one value more than the limit, and nil for a
    /// claim that is not a string.
    private static func words(of claim: JSONDocument.Node) -> [String]? {
        // The bytes of the whole claim become Strings only word by word.
        guard let text = claim.stringBytes else { return nil }
        var words: [String] = []
        var start = text.startIndex
        while start < text.endIndex, words.count <= maximumValues {
            let end = text[start...].firstIndex(of: 0x20) ?? text.endIndex
            if end > start { words.append(String(decoding: text[start..<end], as: UTF8.self)) }
            start = end + 1
        }
        return words
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
    /// Appends the scope as clients request it; nothing for a text that is not a scope.
    fileprivate func append(_ scope: String, to scopes: inout [String]) {
        // With a prefix, an empty text would become a scope.
        if scope.utf8.isEmpty { return }
        switch self {
        case .asRequested: scopes.append(scope)
        case .withoutPrefix(let prefix): scopes.append(prefix + scope)
        case .withPrefix(let prefix):
            guard scope.utf8.starts(with: prefix.utf8) else { return }
            scopes.append(String(decoding: scope.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
        case .renamed(let names):
            scopes.append(names.first { $0.token.hasSameBytes(as: scope) }?.requested ?? scope)
        }
    }
}
