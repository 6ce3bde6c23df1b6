/// How the tokens of one issuer name the scopes that this server requires.
///
/// Requirements and challenges are in the spelling in which clients request scopes. Some issuers write another one into
/// their tokens, and some permissions are no scopes at all but roles or groups in other claims:
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
/// A plain value, checked when a verifier or guard is made.
public struct ScopeMapping: Sendable, Hashable {
    /// How the claim `scope` or `scp` spells scopes.
    public enum Spelling: Sendable, Hashable {
        /// As clients request them.
        case asRequested
        /// Without this text, with which requests begin.
        case withoutPrefix(String)
        /// Some by another name; the others as clients request them.
        case renamed([Renaming])
    }

    /// One scope with two names.
    public struct Renaming: Sendable, Hashable {
        /// The name in the token.
        public let token: String
        /// The name in requests, requirements and challenges.
        public let requested: String

        /// A renaming.
        public init(token: String, requested: String) {
            self.token = token
            self.requested = requested
        }
    }

    /// A claim whose values stand for scopes: roles, groups, permissions.
    public struct ClaimGrants: Sendable, Hashable {
        /// One value and what it grants.
        public struct Grant: Sendable, Hashable {
            /// The value, compared as bytes; any text.
            public let value: String
            /// The scopes.
            public let scopes: [String]

            /// A grant.
            public init(_ value: String, scopes: [String]) {
                self.value = value
                self.scopes = scopes
            }
        }

        /// The names that lead to the claim, outermost first.
        public let path: [String]
        /// What its values grant; other values grant nothing.
        public let grants: [Grant]

        /// A claim by its path. It holds a string, which is one value whatever is in it, or an array of strings.
        public init(_ path: [String], grants: KeyValuePairs<String, [String]>) {
            self.init(path, grants: grants.map { Grant($0.key, scopes: $0.value) })
        }

        /// A claim by its path, as above.
        public init(_ path: [String], grants: [Grant]) {
            self.path = path
            self.grants = grants
        }
    }

    /// How the claim `scope` or `scp` spells scopes.
    public var spelling: Spelling
    /// Claims that grant scopes beside that one.
    public var claims: [ClaimGrants]

    /// A mapping; by default scopes are spelled as clients request them, and no other claim grants any.
    public init(spelling: Spelling = .asRequested, claims: [ClaimGrants] = []) {
        self.spelling = spelling
        self.claims = claims
    }
}
