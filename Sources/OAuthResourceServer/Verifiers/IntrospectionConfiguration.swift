internal import HTTPMessages
internal import JOSE
public import WireFormat

/// How this server authenticates itself at the introspection endpoint (RFC 7662 §2.1).
public enum IntrospectionCredentials: Sendable {
    /// `client_secret_basic`: an `Authorization` field of scheme Basic, both parts form-urlencoded first (RFC 6749 §2.3.1).
    case basic(clientID: String, ClientSecret)
    /// `client_secret_post`: in the form (RFC 6749 §2.3.1). Only for servers that know nothing better.
    case post(clientID: String, ClientSecret)
    /// An access token of this server's own, as a bearer token (RFC 6750).
    case bearer(ClientSecret)
}

/// Which endpoint to ask about tokens, and what its answers must say. Plain values; ``IntrospectionTokenVerifier`` checks
/// them at construction.
public struct IntrospectionConfiguration: Sendable {
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
    public var credentials: IntrospectionCredentials
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
    /// How far clocks may differ, in seconds, within ``JOSE/JWTPolicy/clockSkews``.
    public var clockSkew = 60
    /// How many good verdicts are remembered, each for a minute at most and never beyond `exp`. A token that is revoked
    /// stays good that long. As many bad verdicts are remembered for ten seconds.
    public var caching = TokenCaching.standard

    /// A configuration with the defaults.
    public init(endpoint: String, issuer: String, resource: String?, credentials: IntrospectionCredentials) {
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

    /// What was checked.
    struct Parts {
        var endpoint: AbsoluteURL
        var policy: JWTPolicy
    }

    /// Checks every setting and reports all faults together.
    func checked() throws(ConfigurationError) -> Parts {
        var faults: [ConfigurationError.Fault] = []
        var url: AbsoluteURL?
        do throws(AbsoluteURL.ParseError) {
            let parsed = try AbsoluteURL(parsing: endpoint)
            if !insecureHTTP.admits(parsed) {
                faults.append(.init("endpoint", "uses http: tokens could be read on the way; use https"))
            }
            if parsed.fragment != nil { faults.append(.init("endpoint", "has a fragment (#…); remove it")) }
            url = parsed
        } catch {
            faults.append(.init("endpoint", "is not an absolute URL (\(error.rawValue)); copy introspection_endpoint"))
        }
        if issuer.isEmpty { faults.append(.init("issuer", "is empty; name the authorization server's identifier")) }
        var policy = JWTPolicy(issuer: issuer, resource: resource)
        policy.audiences = audiences
        if policy.acceptedAudiences.isEmpty || policy.acceptedAudiences.contains([]) {
            faults.append(
                .init("audiences", "holds none, or an empty one; name the resource that tokens must be for"))
        }
        if !JWTPolicy.clockSkews.contains(clockSkew) {
            faults.append(.init("clockSkew", JWTPolicy.Fault.clockSkew.explanation))
        }
        policy.clockSkew = clockSkew
        if let fault = caching.fault { faults.append(fault) }
        faults += credentials.faults
        faults += scopes.faults(at: "scopes")
        guard faults.isEmpty, let url else { throw ConfigurationError(faults) }
        return Parts(endpoint: url, policy: policy)
    }
}

extension IntrospectionCredentials {
    var faults: [ConfigurationError.Fault] {
        switch self {
        case .basic(let clientID, _), .post(let clientID, _):
            // RFC 6749 appendix A.1: VSCHAR.
            let isGood = !clientID.isEmpty && clientID.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            return isGood ? [] : [.init("clientID", "is empty, or holds control or non-ASCII characters")]
        case .bearer(let token):
            let isGood = PresentedToken(Array(token.text.utf8)).isWellFormed
            return isGood
                ? [] : [.init("credentials", "hold no bearer token (letters, digits, -._~+/ and = at the end)")]
        }
    }

    /// The `Authorization` field; nil for credentials in the form.
    var authorization: HTTPFieldValue? {
        switch self {
        case .basic(let clientID, let secret):
            // RFC 6749 §2.3.1: each part is form-urlencoded first, so that a colon in one of them stays in it.
            let pair = PercentEncoding.encode(clientID) + ":" + PercentEncoding.encode(secret.text)
            return HTTPFieldValue("Basic " + Base64.encode(Array(pair.utf8)))
        case .post: return nil
        case .bearer(let token): return HTTPFieldValue("Bearer " + token.text)
        }
    }

    /// What the form holds beside the token, beginning with `&`; empty for credentials in the field.
    var formParameters: String {
        guard case .post(let clientID, let secret) = self else { return "" }
        return "&client_id=" + PercentEncoding.encode(clientID) + "&client_secret="
            + PercentEncoding.encode(secret.text)
    }
}
