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
/// // Auth0: the permissions of a user are the scopes, as they stand.
/// ScopeMapping(claims: [.init(["permissions"], spelling: .asRequested)])
/// // Spring: `SCOPE_notes.read` in the token is `notes.read`. ZITADEL: the roles are the names of an object's members.
/// ScopeMapping(claims: [
///     .init(["authorities"], spelling: .withPrefix("SCOPE_")),
///     .init(["urn:zitadel:iam:org:project:roles"], .memberNames, spelling: .withoutPrefix("role:")),
/// ])
/// ```
///
/// A plain value. A verifier or guard checks it when it is created.
public struct ScopeMapping: Sendable, Hashable {
    /// The spelling of scopes in a claim.
    public enum Spelling: Sendable, Hashable {
        /// Scopes are spelled as clients request them.
        case asRequested
        /// The token leaves out this prefix, with which requested scopes begin.
        case withoutPrefix(String)
        /// The token adds this prefix, which requested scopes do not have. A value without it is not a scope.
        case withPrefix(String)
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

        /// What the values of a claim are. A claim that is absent or null has none. Any other kind of claim than the
        /// form says grants nothing, and the token has ``AccessToken/hasMalformedScopes``.
        public enum Form: Sendable, Hashable {
            /// The claim is a string or an array of strings. A string is one value, even if it contains spaces.
            case values
            /// The claim is a string of values that are separated by spaces, as in `scope`, or an array of strings.
            case spaceSeparated
            /// The claim is an object, and the values are the names of its members. A member that is null or false is
            /// left out.
            case memberNames
        }

        /// What the values grant.
        public enum Meaning: Sendable, Hashable {
            /// The listed values grant scopes. A value that is not listed grants nothing.
            case listed([Grant])
            /// Every value is a scope, in this spelling.
            case scopes(Spelling)
        }

        /// The path to the claim: the names of its members, outermost first.
        public let path: [String]
        /// What the values of the claim are.
        public let form: Form
        /// What the values grant.
        public let meaning: Meaning

        /// Makes the grants of a claim. A value that is not listed grants nothing.
        public init(_ path: [String], _ form: Form = .values, grants: KeyValuePairs<String, [String]>) {
            self.init(path, form, grants: grants.map { Grant($0.key, scopes: $0.value) })
        }

        /// Makes the grants of a claim from a list. A value that is not listed grants nothing.
        public init(_ path: [String], _ form: Form = .values, grants: [Grant]) {
            self.path = path
            self.form = form
            meaning = .listed(grants)
        }

        /// Makes the grants of a claim of which every value is a scope.
        ///
        /// Use it only for a claim that the authorization server alone decides about: each new value is a new scope.
        public init(_ path: [String], _ form: Form = .values, spelling: Spelling) {
            self.path = path
            self.form = form
            meaning = .scopes(spelling)
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
