public import JOSE
public import OAuthClientMetadata
public import OAuthMetadata
public import TokenVerification
internal import WireFormat

extension DevelopmentAuthorizationServer {
    /// How a ``DevelopmentAuthorizationServer`` issues tokens. The default values suit a first try.
    public struct Settings: Sendable {
        /// The lifetime of an access token in seconds, -86,400…86,400. Default 3,600.
        ///
        /// With a negative lifetime, every token is expired when it is issued. Tests of a client's refresh use this.
        public var accessTokenLifetime = 3_600
        /// The lifetime of a refresh token in seconds since its family was last used, 1…31,536,000. Default 30 days.
        public var refreshTokenLifetime = 2_592_000
        /// The lifetime of an authorization code in seconds, 1…600. Default 60.
        public var codeLifetime = 60
        /// The scopes that are granted to a request without `scope`. Default none.
        public var defaultScopes = ScopeSet()
        /// The scopes that a client may request; nil (the default) allows any. If set, the metadata lists them.
        public var allowedScopes: ScopeSet?
        /// The resources that a client may request, with or without a trailing slash; nil (the default) allows any.
        public var allowedResources: [String]?
        /// The audience of a token whose request names no resource. Without a default resource (nil, the default), the
        /// server refuses such a request (`invalid_target`).
        public var defaultResource: String?
        /// The `sub` of the simulated user. Default `developer`.
        public var subject = "developer"
        /// The algorithm that signs the tokens; nil (the default) means the first one of the issuer.
        public var algorithm: SignatureAlgorithm?
        /// The largest number of registered clients, of codes, of refresh tokens and of unanswered consent pages, each
        /// 1…1,000,000. When a limit is reached, the oldest entry is evicted. Default 10,000.
        public var capacity = 10_000

        /// Finds clients by the document at the URL that is their `client_id`; nil (the default) for registered clients
        /// only.
        public var clientResolver: ClientIDResolver?

        /// Whether a person is asked before a code is issued.
        public enum Consent: Sendable, Hashable {
            /// Every well-formed request is approved at once. The default.
            case automatic
            /// A page asks, for at most 10 minutes. The keys of `scopeSentences` are scopes, and each value says to a
            /// person what the scope allows: `["notes:read": "Read your notes."]`. Other scopes are shown by name.
            case asked(scopeSentences: [String: String])
        }

        /// Whether a person is asked before a code is issued. Client credentials never ask.
        public var consent = Consent.automatic

        /// Whether tokens, codes and the refresh tokens of public clients are bound to a key of the client (RFC 9449).
        /// Default ``DevelopmentAuthorizationServer/DPoP/off``.
        public var dpop = DevelopmentAuthorizationServer.DPoP.off
        /// The nonces that a proof at the token endpoint must contain; nil (the default) for none.
        public var dpopNonces: DPoPNonces?
        /// Remembers the proofs that were used at the token endpoint. By default a store in memory.
        public var dpopReplayStore: any ReplayStore = InMemoryReplayStore()

        /// Makes settings with the default values.
        public init() {}

        func check(algorithms: [SignatureAlgorithm]) throws(TestKitError) {
            guard (-86_400...86_400).contains(accessTokenLifetime), (1...31_536_000).contains(refreshTokenLifetime),
                (1...600).contains(codeLifetime), (1...1_000_000).contains(capacity), !subject.isEmpty
            else { throw .settingOutOfRange }
            if let algorithm {
                guard algorithms.contains(algorithm) else { throw .noAlgorithm }
            }
            for resource in (allowedResources ?? []) + (defaultResource.map { [$0] } ?? []) {
                guard AbsoluteURI.isValid(resource) else { throw .resourceNotAcceptable }
            }
            if let allowedResources, let defaultResource {
                guard allowedResources.contains(where: { $0.hasSameBytes(as: defaultResource) }) else {
                    throw .resourceNotAcceptable
                }
            }
        }
    }
}
