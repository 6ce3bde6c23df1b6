public import JOSE
public import OAuthMetadata
internal import WireFormat

extension DevelopmentAuthorizationServer {
    /// How a ``DevelopmentAuthorizationServer`` issues tokens. Every value has a default that suits a first try.
    public struct Settings: Sendable {
        /// The lifetime of an access token in seconds, -86,400…86,400; with a negative one every token is born expired,
        /// which a test of the way back to a good one wants. Default 3,600.
        public var accessTokenLifetime = 3_600
        /// The lifetime of a refresh token since its family was last used, in seconds, 1…31,536,000. Default 30 days.
        public var refreshTokenLifetime = 2_592_000
        /// The lifetime of an authorization code in seconds, 1…600. Default 60.
        public var codeLifetime = 60
        /// The scopes of a request that asks for none. Default none.
        public var defaultScopes = ScopeSet()
        /// The scopes that may be asked for; nil (the default) for any. When set, they are in the metadata.
        public var allowedScopes: ScopeSet?
        /// The resources that may be asked for, with or without a trailing slash; nil (the default) for any.
        public var allowedResources: [String]?
        /// The audience of a token whose request names no resource; without one (the default) such a request is refused
        /// (`invalid_target`).
        public var defaultResource: String?
        /// The `sub` of the user who approves everything. Default `developer`.
        public var subject = "developer"
        /// The algorithm of the signatures; nil (the default) for the first one of the issuer.
        public var algorithm: SignatureAlgorithm?
        /// The largest number of registered clients, of codes and of refresh tokens each, 1…1,000,000; beyond it the oldest
        /// makes room. Default 10,000.
        public var capacity = 10_000

        /// The defaults.
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
