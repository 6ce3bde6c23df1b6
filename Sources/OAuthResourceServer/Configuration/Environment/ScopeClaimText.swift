internal import TokenVerification
internal import WireFormat

/// An entry of `OAUTH_SCOPE_CLAIMS`: a claim whose values are scopes.
///
/// | entry | the scopes |
/// |---|---|
/// | `permissions` | the values of the claim `permissions`: a string that is split at spaces, or an array of strings |
/// | `/realm_access/roles` | the values of the claim at this JSON Pointer (RFC 6901), here of a member of an object |
/// | `/urn:zitadel:iam:org:project:roles/*` | the names of the members of an object |
/// | `groups=group:` | the values with `group:` in front |
struct ScopeClaimText {
    /// The claim.
    let claim: ScopeMapping.ClaimGrants

    /// Reads an entry. Returns nil for a text that is not one. The check of the configuration finds a prefix that is
    /// not part of a scope.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        var spelling = ScopeMapping.Spelling.asRequested
        if parts.count == 2 {
            guard !parts[1].isEmpty else { return nil }
            spelling = .withoutPrefix(String(decoding: parts[1], as: UTF8.self))
        }
        guard let first = parts[0].first else { return nil }
        guard first == UInt8(ascii: "/") else {
            claim = .init([String(decoding: parts[0], as: UTF8.self)], .spaceSeparated, spelling: spelling)
            return
        }
        var path: [String] = []
        for token in parts[0].dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let name = Self.unescaped(token), !name.isEmpty else { return nil }
            path.append(name)
        }
        let namesMembers = parts[0].suffix(2).elementsEqual("/*".utf8)
        if namesMembers { path.removeLast() }
        guard !path.isEmpty else { return nil }
        claim = .init(path, namesMembers ? .memberNames : .spaceSeparated, spelling: spelling)
    }

    /// RFC 6901 §4: `~1` is a slash and `~0` a tilde.
    private static func unescaped(_ token: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = token[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "~") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
