public import OAuthMetadata
public import TokenVerification
public import WireFormat

/// What a protected resource is called, whose tokens it accepts, and what a request needs.
///
/// Plain values, grouped by question. A ``ResourceServer`` checks them all when it is made, and reports every fault at once.
///
/// ```swift
/// var configuration = ResourceServerConfiguration(
///     resource: "https://mcp.example.com/mcp", issuers: ["https://login.example.com"], requiredScopes: ["mcp:use"])
/// configuration.requirements.operations = [.tool("delete_*", requires: "files:write")]
/// configuration.browsers.allowedOrigins = ["https://app.example.com"]
/// ```
public struct ResourceServerConfiguration: Sendable {
    /// The resource identifier: the public URL of the server, byte for byte as clients and issuers use it. It is an audience of
    /// every issuer.
    public var resource: String
    /// Who issues the tokens, and how the issuers are reached.
    public var tokens = Tokens()
    /// What requests need: scopes, and which paths need less.
    public var requirements = Requirements()
    /// Which web pages may call the server.
    public var browsers = Browsers()
    /// Who may use an MCP session.
    public var sessions: SessionBinding = .bound
    /// The metadata document, from which clients learn where to log in.
    public var metadata = Metadata()
    /// How refusals explain themselves.
    public var responses = Responses()
    /// What the guard does with a bad token, and whether it looks at tokens at all.
    public var mode: ResourceServer.Mode = .enforced
    /// Where the values come from, which decides how faults name them.
    var origin = Origin.code

    /// A configuration with the defaults.
    ///
    /// - Parameters:
    ///   - resource: The public URL of the server.
    ///   - issuers: The issuers whose tokens are accepted, first choice first: URLs, or presets such as
    ///     `.keycloak(realm: "https://login.example.com/realms/notes")`.
    ///   - requiredScopes: The scopes that every request needs.
    public init(resource: String, issuers: [IssuerConfiguration] = [], requiredScopes: [String] = []) {
        self.resource = resource
        tokens.issuers = issuers
        requirements.scopes = requiredScopes
    }
}

extension ResourceServerConfiguration {
    /// Who issues the tokens, and how the issuers are reached.
    ///
    /// | configured | who judges a token |
    /// |---|---|
    /// | `issuers` | the keys of the issuer that the JWT names |
    /// | `introspection` | its endpoint |
    /// | both | JWTs: the keys; all others: the endpoint |
    /// | `staticTokens`, alone or with these | the list, before anything else |
    public struct Tokens: Sendable {
        /// The issuers whose JWTs are accepted.
        public var issuers: [IssuerConfiguration] = []
        /// The endpoint to ask about tokens that are not JWTs; about all tokens, when there are no `issuers`. Its `insecureHTTP`
        /// is replaced by that of ``fetching``; without a `resource` it has that of the server.
        public var introspection: IntrospectionConfiguration?
        /// The pre-shared tokens.
        public var staticTokens: StaticTokenList?
        /// How many good verdicts on JWTs are remembered.
        public var caching = TokenCaching.standard
        /// The longest acceptable token in bytes, 1,024…65,536.
        public var maximumBytes = 16_384
        /// Which URLs the server may fetch keys and metadata from.
        public var fetching = Fetching()

        /// What `maximumBytes` may be.
        static let sizes = 1_024...JWTTokenVerifier.maximumTokenBytes
    }

    /// Which URLs the server may fetch from, beyond https to public addresses.
    public struct Fetching: Sendable, Hashable {
        /// Where plain http is accepted for issuers, key sets and the introspection endpoint.
        public var insecureHTTP: InsecureHTTP = .never
        /// Hosts that may be fetched from although their addresses are private, as they stand in the URLs: names or addresses,
        /// without scheme, port and path.
        public var privateHosts: [String] = []
    }

    /// What requests need: scopes, and which paths need less.
    public struct Requirements: Sendable {
        /// The scopes that every request needs.
        public var scopes: [String] = []
        /// Which scopes include others.
        public var implications = ScopeImplications()
        /// What requests to some paths need beyond that.
        public var routeScopes: [RouteScopeRule] = []
        /// What MCP operations need beyond that.
        public var operations = MCPScopeRules()
        /// Paths that need less than a token with the required scopes. Their order does not matter.
        public var routes: [RouteRule] = []
    }

    /// Which web pages may call the server.
    public struct Browsers: Sendable {
        /// The origins of web pages that may call the server, as browsers serialize them: `https://app.example.com`. While the
        /// list is empty there is no CORS. The resource's own origin needs no entry.
        public var allowedOrigins: [String] = []
    }

    /// The metadata document (RFC 9728), from which clients learn where to log in.
    public struct Metadata: Sendable {
        /// The issuers that clients may use, first choice first; nil for those of ``ResourceServerConfiguration/tokens``. A guard
        /// with a verifier of your own needs it.
        public var authorizationServers: [String]?
        /// The scopes to advertise; nil advertises every scope that some request may need. `offline_access` is left out.
        public var scopesSupported: [String]?
        /// Whether the document also stands at the root of the well-known location.
        public var rootAlias: RootAlias = .served
        /// Request paths below `/.well-known/` that the wrapped handler answers itself, behind the guard.
        public var handlerPaths: [String] = []
        /// The metadata of an authorization server to serve at `/.well-known/oauth-authorization-server` too, where MCP clients
        /// of revision 2025-03-26 look for it. By default the response is 404.
        public var forwarded: ForwardedMetadata?
        /// Fills in further members of the document (name, documentation, policy …).
        public var describe: @Sendable (inout ProtectedResourceMetadata) -> Void = { _ in }

        /// Whether the metadata document also stands at the root of the well-known location.
        public enum RootAlias: Sendable, Hashable {
            /// At `/.well-known/oauth-protected-resource` too, where clients of older revisions look.
            case served
            /// Only at the location with the resource's path.
            case notServed
        }
    }

    /// How refusals explain themselves, besides status and challenge.
    public struct Responses: Sendable {
        /// The `realm` of challenges; nil leaves it out. (For pre-shared tokens, nil is the resource identifier.)
        public var realm: String?
        /// The form of the body.
        public var body: Body = .oauth

        /// The form of a refusal's body.
        public enum Body: Sendable, Hashable {
            /// Always a small JSON object with `error` and `error_description`.
            case oauth
            /// A JSON-RPC error where the guard has read the request's body, else as above. Only ``MCPScopeRules`` make it read.
            case jsonRPC
        }
    }
}
