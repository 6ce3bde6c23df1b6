/// Describes how the tokens of one issuer name the scopes that this server requires.
///
/// Requirements and challenges spell scopes as clients request them. Some issuers write another spelling into their
/// tokens. Some permissions are not scopes, but roles or groups in other claims:
///
/// ```swift
/// // Entra: clients request `api://<id>/notes.read`, the token holds `notes.read`.
/// ScopeMapping(spelling: .withoutPrefix("api://6f3a…/"))
/// // Keycloak: realm roles and client roles. A name may hold dots, so a path is a list of names.
/// ScopeMapping(claims: [
///     .init(["realm_access", "roles"], grants: ["editor": ["notes:write"]]),
///     .init(["resource_access", "notes.example", "roles"], grants: ["reader": ["notes:read"]]),
/// ])
/// ```
///
/// A plain value. A verifier or guard checks it when it is created.
public struct ScopeMapping: Sendable, Hashable {
    /// The spelling of scopes in the claim `scope` or `scp`.
    public enum Spelling: Sendable, Hashable {
        /// Scopes are spelled as clients request them.
        case asRequested
        /// The token leaves out this prefix, with which requested scopes begin.
        case withoutPrefix(String)
        /// Some scopes have another name. The others are spelled as clients request them.
        case renamed([Renaming])
    }

    /// One scope with two names.
    public struct Renaming: Sendable, Hashable {
        /// The name in the token.
        public let token: String
        /// The name in requests, requirements and challenges.
        public let requested: String

        /// Makes a renaming.
        public init(token: String, requested: String) {
            self.token = token
            self.requested = requested
        }
    }

    /// A claim whose values grant scopes, such as roles, groups or permissions.
    public struct ClaimGrants: Sendable, Hashable {
        /// One value of the claim and the scopes that it grants.
        public struct Grant: Sendable, Hashable {
            /// The value. It may be any text and is compared byte for byte.
            public let value: String
            /// The granted scopes.
            public let scopes: [String]

            /// Makes a grant.
            public init(_ value: String, scopes: [String]) {
                self.value = value
                self.scopes = scopes
            }
        }

        /// The path to the claim: the names of its members, outermost first.
        public let path: [String]
        /// The grants. A value that is not listed grants nothing.
        public let grants: [Grant]

        /// Makes the grants of a claim. The claim is a string or an array of strings. A string is one value, even if it
        /// contains spaces.
        public init(_ path: [String], grants: KeyValuePairs<String, [String]>) {
            self.init(path, grants: grants.map { Grant($0.key, scopes: $0.value) })
        }

        /// Makes the grants of a claim from a list. The claim is a string or an array of strings. A string is one
        /// value, even if it contains spaces.
        public init(_ path: [String], grants: [Grant]) {
            self.path = path
            self.grants = grants
        }
    }

    /// The spelling of scopes in the claim `scope` or `scp`.
    public var spelling: Spelling
    /// Other claims that grant scopes.
    public var claims: [ClaimGrants]

    /// Makes a mapping. By default, scopes are spelled as clients request them, and no other claim grants scopes.
    public init(spelling: Spelling = .asRequested, claims: [ClaimGrants] = []) {
        self.spelling = spelling
        self.claims = claims
    }
}
