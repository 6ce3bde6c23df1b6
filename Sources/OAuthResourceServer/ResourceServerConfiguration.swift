public import OAuthMetadata
public import WireFormat

/// What a protected resource is called, who issues its tokens, and what a token must carry.
///
/// Plain values; ``ResourceServer`` checks them all at construction and reports every fault at once.
public struct ResourceServerConfiguration: Sendable {
    /// Whether the metadata document also stands at the root of the well-known location.
    public enum RootAlias: Sendable, Hashable {
        /// At `/.well-known/oauth-protected-resource` too, where clients of older revisions look.
        case served
        /// Only at the location with the resource's path.
        case notServed
    }

    /// The resource identifier: the public URL of the server, byte for byte as clients and issuers use it.
    public var resource: String
    /// The issuers that clients may use, first choice first. None for pre-shared tokens.
    public var authorizationServers: [String]
    /// The scopes that every request needs.
    public var requiredScopes: [String]
    /// Which scopes include others.
    public var scopeImplications = ScopeImplications()
    /// What requests to some paths need beyond that.
    public var routeScopes: [RouteScopeRule] = []
    /// What MCP operations need beyond that.
    public var operationScopes = MCPScopeRules()
    /// In which form refusals explain themselves.
    public var refusalBody: RefusalBody = .oauth
    /// The scopes to advertise in the metadata; nil advertises every one that some request may need. `offline_access` is
    /// left out.
    public var scopesSupported: [String]?
    /// The `realm` of challenges; nil leaves it out.
    public var realm: String?
    /// The root alias.
    public var rootAlias: RootAlias = .served
    /// Where plain http is acceptable in `authorizationServers`. In `resource` it is acceptable on loopback hosts anyway.
    public var insecureHTTP: InsecureHTTP = .never
    /// Request paths below `/.well-known/` that the wrapped handler answers itself, behind the guard.
    public var wellKnownPathsOfHandler: [String] = []
    /// The longest acceptable token in bytes, 1,024…65,536.
    public var tokenLimit: Int = 16_384
    /// What the guard does with what it finds out.
    public var mode: GuardMode = .enforced
    /// The origins of web pages that may call the server, as browsers serialize them: `https://app.example.com`. While the
    /// list is empty there is no CORS. The resource's own origin needs no mention.
    public var allowedOrigins: [String] = []
    /// Paths that need less than a token with the required scopes. Their order does not matter.
    public var routes: [RouteRule] = []
    /// Who may use an MCP session.
    public var sessions: SessionBinding = .bound
    /// The metadata of an authorization server to serve at `/.well-known/oauth-authorization-server` too, where MCP clients of
    /// revision 2025-03-26 look for it. By default it is 404.
    public var forwardedMetadata: ForwardedMetadata?
    /// Fills in further members of the metadata document (name, documentation, policy …).
    public var describe: @Sendable (inout ProtectedResourceMetadata) -> Void = { _ in }
    /// The issuers whose JWTs are accepted: see ``ResourceServer/init(_:fetcher:observer:)``. `authorizationServers` says
    /// which of them clients are sent to.
    public var issuers: [IssuerConfiguration] = []
    /// The endpoint to ask about tokens that are no JWTs; about all tokens, when there are no `issuers`. The `insecureHTTP`
    /// of this configuration counts for it too, and without a `resource` of its own it has this one.
    public var introspection: IntrospectionConfiguration?
    /// The pre-shared tokens.
    public var staticTokens: StaticTokenList?
    /// How many good verdicts on JWTs are remembered.
    public var tokenCaching = TokenCaching.standard
    /// Hosts that may be fetched from although their addresses are private, as they stand in the URLs.
    public var privateHosts: [String] = []

    /// A configuration.
    public init(resource: String, authorizationServers: [String], requiredScopes: [String] = []) {
        self.resource = resource
        self.authorizationServers = authorizationServers
        self.requiredScopes = requiredScopes
    }
}
