public import WireFormat

/// Which endpoint to ask about tokens, and what its answers must say. Plain values; ``IntrospectionTokenVerifier`` checks
/// them at construction.
public struct IntrospectionConfiguration: Sendable {
    /// How this server authenticates itself at the introspection endpoint (RFC 7662 §2.1).
    public enum Credentials: Sendable {
        /// `client_secret_basic`: an `Authorization` field of scheme Basic, both parts form-urlencoded first (RFC 6749 §2.3.1).
        case basic(clientID: String, ClientSecret)
        /// `client_secret_post`: in the form (RFC 6749 §2.3.1). Only for servers that know nothing better.
        case post(clientID: String, ClientSecret)
        /// An access token of this server's own, as a bearer token (RFC 6750).
        case bearer(ClientSecret)
    }

    /// What to do with an answer that names no audience.
    public enum AbsentAudience: Sendable, Hashable {
        /// Refuse the token: nobody says that it is for this resource.
        case refused
        /// Accept it. Every good token of the authorization server opens this resource then, those for other resources
        /// too. An audience that is there must match all the same.
        case dangerouslyAccepted
    }

    /// The URL of the introspection endpoint: https, or http where ``insecureHTTP`` admits it.
    public var endpoint: String
    /// Where plain http is acceptable in ``endpoint``: tokens and this server's credentials travel there.
    public var insecureHTTP = InsecureHTTP.never
    /// How this server authenticates itself.
    public var credentials: Credentials
    /// The issuer: the principal's, and what `iss` must be when the endpoint says it.
    public var issuer: String
    /// This resource's own identifier; matches with or without one trailing slash.
    public var resource: String?
    /// Other audiences that name this resource; matched exactly. With no `resource`, at least one is needed.
    public var audiences: [String] = []
    /// How the answers name the scopes that this server requires.
    public var scopes = ScopeMapping()
    /// What to do when the endpoint names no audience.
    public var absentAudience = AbsentAudience.refused
    /// How far clocks may differ, in seconds; 0…300.
    public var clockSkew = 60
    /// How many good verdicts are remembered, each for a minute at most and never beyond `exp`. A token that is revoked
    /// stays good that long. As many bad verdicts are remembered for ten seconds.
    public var caching = TokenCaching.standard

    /// A configuration with the defaults.
    public init(endpoint: String, issuer: String, resource: String?, credentials: Credentials) {
        self.endpoint = endpoint
        self.issuer = issuer
        self.resource = resource
        self.credentials = credentials
    }
}

extension IntrospectionConfiguration {
    /// The limits of asking.
    public enum Limits {
        /// The longest that one request to the endpoint may take, and the longest that a caller waits.
        public static let patience: Duration = .seconds(5)
        /// The largest answer in bytes.
        public static let maximumDocumentBytes = 65_536
        /// How long a bad verdict is remembered.
        public static let refusalLifetime: Duration = .seconds(10)
        /// The most requests to the endpoint at one time.
        public static let concurrentRequests = 16
        /// The most callers that wait for an answer; one more is told to come back.
        public static let waitingCallers = 1_000
        /// So many answers in a row that are no answer count as an outage.
        public static let failuresUntilOutage = 5
        /// The longest pause after an outage: 1, 2, 4 … seconds up to this.
        public static let longestPause: Duration = .seconds(8)
    }
}
