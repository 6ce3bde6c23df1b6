internal import OAuthMetadata
internal import WireFormat

extension ScopeMapping {
    /// Appends every fault of the mapping.
    package func check(at path: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        spelling.check(at: path + "spelling", &faults)
        for (index, claim) in claims.enumerated() {
            let entry = (path + "claims")[index]
            if claim.path.isEmpty || claim.path.contains("") {
                faults.add(
                    entry, "has an empty path, or a path with an empty name",
                    "list the member names from the outermost to the claim")
            }
            switch claim.meaning {
            case .scopes(let spelling): spelling.check(at: entry, &faults)
            case .listed(let grants):
                if grants.isEmpty || grants.contains(where: { $0.scopes.isEmpty }) {
                    faults.add(entry, "grants nothing", "name the values and the scopes that each stands for")
                }
                if grants.contains(where: { ScopeSet($0.scopes) == nil }) { faults.addNotAScope(entry) }
            }
        }
    }
}

extension ScopeMapping.Spelling {
    /// Appends every fault of the spelling.
    fileprivate func check(at path: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        switch self {
        case .asRequested: break
        case .withoutPrefix(let prefix), .withPrefix(let prefix):
            if ScopeSet([prefix]) == nil { faults.addNotAScope(path) }
        case .renamed(let names):
            for (index, name) in names.enumerated() {
                let entry = path[index]
                if ScopeSet([name.token, name.requested]) == nil { faults.addNotAScope(entry) }
                if names[..<index].contains(where: { $0.token.hasSameBytes(as: name.token) }) {
                    faults.add(entry, "renames a scope that an earlier entry renames", "rename each scope once")
                }
            }
        }
    }
}

extension ConfigurationFaults {
    /// Appends the fault that a text is not a scope-token (RFC 6749 §3.3).
    package mutating func addNotAScope(_ path: ConfigurationError.Path) {
        add(path, "holds a text that is not a scope", "use printable ASCII without space, quote and backslash")
    }
}
