public import JOSE
public import WireFormat

/// The introspection endpoint, and the rules for its responses. Plain values; ``IntrospectionTokenVerifier`` checks
/// them when it is created.
public struct IntrospectionConfiguration: Sendable {
    /// How this server authenticates to the introspection endpoint (RFC 7662 §2.1).
    public enum Credentials: Sendable {
        /// `client_secret_basic`: an `Authorization` field of scheme Basic. The client identifier and the secret are
        /// form-urlencoded first (RFC 6749 §2.3.1).
        case basic(clientID: String, ClientSecret)
        /// `client_secret_post`: in the body of the request (RFC 6749 §2.3.1). Only for authorization servers that
        /// support no other method.
        case post(clientID: String, ClientSecret)
        /// An access token that belongs to this server, sent as a bearer token (RFC 6750).
        case bearer(ClientSecret)
        /// `client_secret_basic` or `client_secret_post`, the first of them that the issuer's metadata lists in
        /// `introspection_endpoint_auth_methods_supported`.
        ///
        /// RFC 8414 §2 has no default for a list that is absent. Then it is `client_secret_basic`, which every
        /// authorization server must support for a client with a secret (RFC 6749 §2.3.1), unless the metadata lists
        /// only `client_secret_post` for its token endpoint.
        case discovered(clientID: String, ClientSecret)
        /// `private_key_jwt` (RFC 7523 §2.2): a new assertion in the body of each request, signed with this server's
        /// key. `audience` is the `aud` of the assertions.
        ///
        /// If the endpoint is discovered and the metadata lists authentication methods or signature algorithms for it,
        /// they must include `private_key_jwt` and an algorithm of the key.
        case privateKeyJWT(clientID: String, ClientAssertionKey, audience: AssertionAudience = .issuer)
    }

    /// The `aud` of a client assertion.
    public enum AssertionAudience: Sendable, Hashable {
        /// The issuer identifier. The safest choice: no other server has it.
        case issuer
        /// The URL of the introspection endpoint.
        case endpoint
        /// Another text that the authorization server expects, such as the URL of its token endpoint.
        case exactly(String)
    }

    /// Where the introspection endpoint is.
    public enum Endpoint: Sendable, Hashable, ExpressibleByStringLiteral {
        /// At the `introspection_endpoint` of the issuer's metadata (RFC 8414 §2).
        case discovered
        /// At this URL: https, or http where ``IntrospectionConfiguration/insecureHTTP`` allows it.
        case url(String)

        /// Makes the endpoint at a URL.
        public init(stringLiteral url: String) {
            self = .url(url)
        }
    }

    /// What to do with a response that has no `aud`.
    public enum AbsentAudience: Sendable, Hashable {
        /// Refuse the token, because the response does not say that it is for this resource.
        case refused
        /// Accept it. Then every active token of the authorization server is accepted here, including those for other
        /// resources. An audience that is present must still match.
        case dangerouslyAccepted
    }

    /// Where the introspection endpoint is. While the issuer's metadata cannot be read, tokens are *unavailable*.
    public var endpoint: Endpoint
    /// The hosts for which ``endpoint``, and an issuer whose metadata is read, may use plain http. Requests to the
    /// endpoint contain tokens and this server's credentials.
    public var insecureHTTP = InsecureHTTP.never
    /// How this server authenticates to the endpoint.
    public var credentials: Credentials
    /// The issuer identifier. Accepted tokens have it as their issuer. If a response has `iss`, it must be equal to
    /// this.
    public var issuer: String
    /// The identifier of this resource. It matches `aud` with or without one trailing slash.
    public var resource: String?
    /// Other audiences that name this resource. They are compared exactly. If `resource` is nil, at least one is
    /// required.
    public var audiences: [String] = []
    /// How the responses name the scopes that this server requires.
    public var scopes = ScopeMapping()
    /// What to do with a response that has no `aud`.
    public var absentAudience = AbsentAudience.refused
    /// The largest accepted difference between clocks in seconds; 0…300.
    public var clockSkew = 60
    /// How many active tokens are cached, each for at most one minute and never beyond `exp`. A revoked token can be
    /// accepted for that time. The same number of refused tokens is cached, each for ten seconds.
    public var caching = TokenCaching.standard
    /// The key bindings (`cnf`) that the program checks itself, for every request: see
    /// ``JOSE/JWTPolicy/confirmations``. A guard of `OAuthResourceServer` replaces this set by the bindings that it
    /// checks.
    public var confirmations: Set<KeyConfirmation.Method> = []

    /// Makes a configuration with the defaults, for an endpoint at a known URL.
    public init(endpoint: String, issuer: String, resource: String?, credentials: Credentials) {
        self.init(issuer: issuer, resource: resource, credentials: credentials)
        self.endpoint = .url(endpoint)
    }

    /// Makes a configuration with the defaults, for the endpoint in the issuer's metadata.
    public init(issuer: String, resource: String?, credentials: Credentials) {
        endpoint = .discovered
        self.issuer = issuer
        self.resource = resource
        self.credentials = credentials
    }
}

extension IntrospectionConfiguration {
    /// The limits of introspection.
    public enum Limits {
        /// The longest time for one request to the endpoint, and the longest time that a caller waits.
        public static let patience: Duration = .seconds(5)
        /// The largest response body in bytes.
        public static let maximumDocumentBytes = 65_536
        /// How long a refusal is cached.
        public static let refusalLifetime: Duration = .seconds(10)
        /// How long a failure that concerns one token is remembered.
        public static let failureLifetime: Duration = .seconds(5)
        /// The largest number of requests to the endpoint at the same time.
        public static let concurrentRequests = 16
        /// How many of these requests may be about tokens that were not accepted before. The others are left for tokens
        /// that were.
        public static let concurrentUnknownTokens = 12
        /// How many of these requests may be about tokens that were accepted before, while others wait. So tokens that
        /// were accepted before do not keep new ones out.
        static let concurrentKnownTokens = 12
        /// The largest number of tokens that wait. A caller with one more gets *unavailable* at once.
        static let waitingTokens = 1_000
        /// The largest number of callers that wait for one token. One more gets *unavailable* at once.
        static let callersPerToken = 64
        /// The largest number of callers that wait. One more gets *unavailable* at once.
        public static let waitingCallers = 10_000
        /// The longest pause after an outage. The pauses are 1, 2, 4 … seconds up to this.
        public static let longestPause: Duration = .seconds(8)
        /// The shortest time between two requests that only find out whether the endpoint is there. For the same time,
        /// an answer shows that it is.
        static let probeInterval: Duration = .seconds(1)
        /// The longest `Retry-After` of a 429 response that is honoured. A longer one counts as this.
        public static let longestRetryAfter: Duration = .seconds(60)
        /// How many digests of accepted tokens are remembered, so that these tokens overtake others, and as many
        /// digests of tokens whose requests failed. The least recently used ones are forgotten first.
        public static let rememberedDigests = 10_000
    }
}
