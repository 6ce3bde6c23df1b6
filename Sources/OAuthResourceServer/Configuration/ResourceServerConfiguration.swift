public import OAuthMetadata
public import TokenVerification
public import WireFormat

/// The identifier of a protected resource, the issuers whose tokens it accepts, and what a request needs.
///
/// The members are plain values in groups. A ``ResourceServer`` checks all of them when it is created, and reports all
/// faults at once.
///
/// ```swift
/// var configuration = ResourceServerConfiguration(
///     resource: "https://mcp.example.com/mcp", issuers: ["https://login.example.com"], requiredScopes: ["mcp:use"])
/// configuration.requirements.operations = [.tool("delete_*", requires: "files:write")]
/// configuration.browsers.allowedOrigins = ["https://app.example.com"]
/// ```
public struct ResourceServerConfiguration: Sendable {
    /// The resource identifier: the public URL of the server, byte for byte as clients and issuers use it. Tokens of
    /// every issuer may name it as their audience.
    public var resource: String
    /// The issuers of the tokens, and how the server reaches them.
    public var tokens = Tokens()
    /// What a request needs: the scopes, and the paths that need less.
    public var requirements = Requirements()
    /// Which web pages may call the server, and under which host names a local server is called.
    public var browsers = Browsers()
    /// Whether tokens may or must be bound to a key of the client, which each request proves (DPoP).
    public var dpop = DPoP()
    /// Which callers may use an MCP session.
    public var sessions: SessionBinding = .bound
    /// How long event streams may outlive the tokens of their requests.
    public var streams = Streams()
    /// From where the guard learns the certificates of clients, for tokens that are bound to one (RFC 8705).
    public var mutualTLS: MutualTLS = .off
    /// The metadata document (RFC 9728), from which clients learn where to log in.
    public var metadata = Metadata()
    /// The details of the responses to refused requests.
    public var responses = Responses()
    /// What the events of the guard may say.
    public var events = Events()
    /// What the guard does with a bad token, and whether it looks at tokens at all.
    public var mode: ResourceServer.Mode = .enforced
    /// The clocks of the guard. The test kit replaces them.
    package var clocks = Clocks.system
    /// Where the values come from. It decides whether faults name members or environment variables.
    var origin = Origin.code

    /// A configuration with the defaults.
    ///
    /// - Parameters:
    ///   - resource: The public URL of the server.
    ///   - issuers: The issuers whose tokens are accepted, in order of preference: URLs, or presets such as
    ///     `.keycloak(realm: "https://login.example.com/realms/notes")`.
    ///   - requiredScopes: The scopes that every request needs.
    public init(resource: String, issuers: [IssuerConfiguration] = [], requiredScopes: [String] = []) {
        self.resource = resource
        tokens.issuers = issuers
        requirements.scopes = requiredScopes
    }
}

extension ResourceServerConfiguration {
    /// The issuers of the tokens, and how the server reaches them.
    ///
    /// | configured | what verifies a token |
    /// |---|---|
    /// | `issuers` | the keys of the issuer that the JWT names |
    /// | `issuerLookUp` | the keys of the issuer that its function finds, for an issuer that is not in `issuers` |
    /// | `introspection` | the introspection endpoint |
    /// | both | a JWT: the keys; any other token: the endpoint |
    /// | `staticTokens`, alone or in addition | first the list, then as above |
    public struct Tokens: Sendable {
        /// The issuers whose JWTs are accepted.
        public var issuers: [IssuerConfiguration] = []
        /// Issuers that are known only at run time. Their JWTs are accepted in addition to those of ``issuers``. When
        /// there are no `issuers`, `metadata.authorizationServers` must say where clients log in.
        public var issuerLookUp: IssuerLookUp?
        /// The introspection endpoint. It decides about tokens that are not JWTs, and about all tokens when there are
        /// neither `issuers` nor an `issuerLookUp`. Its `insecureHTTP` is replaced by that of ``fetching``. When its
        /// `resource` is nil, the resource of the server is used.
        public var introspection: IntrospectionConfiguration?
        /// The pre-shared tokens.
        public var staticTokens: StaticTokenList?
        /// How many accepted JWTs are cached.
        public var caching = TokenCaching.standard
        /// The longest acceptable token in bytes, 1,024…65,536.
        public var maximumBytes = 16_384
        /// Which URLs the server may fetch keys and metadata from.
        public var fetching = Fetching()

        /// The range of ``maximumBytes``.
        static let sizes = 1_024...JWTTokenVerifier.maximumTokenBytes
    }

    /// How the server fetches keys, metadata and introspection responses. By default, it fetches from https URLs of
    /// public addresses, without a proxy, and trusts the certificate authorities of the system.
    public struct Fetching: Sendable, Hashable {
        /// Where plain http is accepted for issuers, key sets and the introspection endpoint.
        public var insecureHTTP: InsecureHTTP = .never
        /// The hosts that the server may fetch from although their addresses are private: names or addresses as written
        /// in the URLs, without scheme, port and path.
        public var privateHosts: [String] = []
        /// The path of a PEM file of the certificate authorities to trust instead of the system's; nil for the
        /// system's.
        public var certificateAuthorityFile: String?
        /// An http proxy, such as `http://proxy.example.com:3128`, that is asked for a tunnel to every host that is
        /// neither loopback nor among ``privateHosts``; nil for none. It resolves the names of these hosts, so their
        /// addresses are not judged.
        public var proxy: String?
        /// A bearer token for the fetch itself, for one host that publishes its keys only to clients that log in; nil
        /// for none. No environment variable sets it.
        public var bearer: Bearer?

        /// A bearer token in a file: see ``HTTPMessages/FetchBearer``.
        public struct Bearer: Sendable, Hashable {
            /// The only host that gets the token, as written in its URLs, without scheme, port and path.
            public var host: String
            /// The path of the file, which is read again for each fetch.
            public var file: String

            /// A token for one host.
            public init(host: String, file: String) {
                self.host = host
                self.file = file
            }

            /// The service account token of a pod in Kubernetes, for its API server at `kubernetes.default.svc`.
            ///
            /// The keys of the cluster's issuer are at `https://kubernetes.default.svc/openid/v1/jwks`. Set
            /// ``Fetching/certificateAuthorityFile`` to `/var/run/secrets/kubernetes.io/serviceaccount/ca.crt`, and
            /// list the host in ``Fetching/privateHosts``.
            public static let kubernetesServiceAccount = Bearer(
                host: "kubernetes.default.svc", file: "/var/run/secrets/kubernetes.io/serviceaccount/token")
        }
    }

    /// What a request needs: the scopes, and the paths that need less.
    public struct Requirements: Sendable {
        /// The scopes that every request needs.
        public var scopes: [String] = []
        /// Which scopes include others.
        public var implications = ScopeImplications()
        /// The further scopes that requests to some paths need.
        public var routeScopes: [RouteScopeRule] = []
        /// The further scopes that MCP operations need.
        public var operations = MCPScopeRules()
        /// Paths that need less than a token with the required scopes. Their order does not matter.
        public var routes: [RouteRule] = []
    }

    /// The metadata document (RFC 9728), from which clients learn where to log in.
    public struct Metadata: Sendable {
        /// The issuers that clients may use, in order of preference; nil for those of
        /// ``ResourceServerConfiguration/tokens``. A guard with a verifier of your own needs this list, unless the
        /// verifier has trusted issuers. So does every guard with an issuer that is not a URL.
        public var authorizationServers: [String]?
        /// The scopes to advertise; nil for every scope that some request may need. `offline_access` is never
        /// advertised.
        public var scopesSupported: [String]?
        /// Whether the document is also served at the root of the well-known location.
        public var rootAlias: RootAlias = .served
        /// The URL of the document that challenges name; nil for the well-known URL of the resource. It is for a server
        /// behind an ingress that routes only a prefix, such as
        /// `https://example.com/api/oauth-protected-resource` for the resource `https://example.com/api/mcp`.
        ///
        /// The document is served at the path of this URL too, without a token. The path must not be the resource's
        /// own, and no other resource may use it. The scheme is https, or http if that is the resource's. The URL has
        /// no query, fragment or user information.
        /// - SeeAlso: [RFC 9728 §5.1](https://www.rfc-editor.org/rfc/rfc9728#section-5.1)
        public var metadataURL: String?
        /// The request paths below `/.well-known/` that the wrapped handler serves, behind the guard.
        public var handlerPaths: [String] = []
        /// The metadata of an authorization server to serve at `/.well-known/oauth-authorization-server`, where MCP
        /// clients of revision 2025-03-26 look for it. By default, requests for it get 404.
        public var forwarded: ForwardedMetadata?
        /// Sets further members of the document (name, documentation, policy …).
        public var describe: @Sendable (inout ProtectedResourceMetadata) -> Void = { _ in }

        /// Whether the metadata document is also served at the root of the well-known location.
        public enum RootAlias: Sendable, Hashable {
            /// It is also served at `/.well-known/oauth-protected-resource`, where clients of older revisions look.
            case served
            /// It is served only at the location with the resource's path.
            case notServed
        }
    }

    /// The details of the responses to refused requests, besides status and challenge.
    public struct Responses: Sendable {
        /// The `realm` of challenges; nil omits it. In ``ResourceServer/Mode/staticTokens``, nil stands for the
        /// resource identifier.
        public var realm: String?
        /// The form of the body.
        public var body: Body = .oauth

        /// The form of the body of a response to a refused request.
        public enum Body: Sendable, Hashable {
            /// Always a small JSON object with `error` and `error_description`.
            case oauth
            /// A JSON-RPC error when the guard has read the request's body as JSON-RPC, otherwise as in ``oauth``. The
            /// guard reads it only for ``MCPScopeRules``.
            case jsonRPC
        }
    }
}
