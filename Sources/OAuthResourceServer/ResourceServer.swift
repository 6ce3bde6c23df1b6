public import HTTPMessages
public import OAuthMetadata
internal import WireFormat

/// The guard: decides for each request whether it goes on, with which principal, or what to answer instead.
///
/// **Checks** that the request is meant for this server and comes from an allowed page, that there is exactly one access
/// token, that the verifier accepts it, and that it carries the required scopes. **Does not check** anything about the
/// wrapped handler's own routes, and runs before it looks at them: without a token the answer is 401, whatever the method,
/// path or `Accept`, unless a ``RouteRule`` loosens that.
///
/// - SeeAlso: [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750), [RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)
public struct ResourceServer: Sendable {
    /// What to do with a request.
    public enum Decision: Sendable {
        /// Let it through, on behalf of the admission's principal.
        case proceed(Admission)
        /// Send this response instead; a `HEAD` has no body.
        case respond(HTTPResponse)
    }

    /// The resource, byte for byte as configured.
    public let resource: ResourceIdentifier
    /// The metadata document: served wherever tokens of authorization servers are taken, see ``GuardMode``.
    public let metadata: ProtectedResourceMetadata
    let scopes: ScopeRules
    let tokenLimit: Int
    let verifier: any TokenVerifier
    let mode: GuardMode
    let browsers: BrowserPolicy
    let routes: RouteTable
    let metadataRoutes: MetadataRoutes
    let refusals: RefusalResponse
    /// Nil where sessions are not bound.
    let sessions: SessionRegistry?
    let observer: EventObserver?

    /// A guard for the JWT access tokens of one issuer, whose keys are discovered (RFC 8414) at first use.
    ///
    /// - Parameters:
    ///   - resource: The public URL of the server; the audience that tokens must name.
    ///   - issuer: The issuer identifier of the authorization server.
    ///   - requiredScopes: The scopes that every request needs.
    ///   - fetcher: How to reach the issuer, such as `CurlFetcher()` of SafeFetch.
    ///   - observer: Told about every decision.
    /// - Throws: ``ConfigurationError`` with every fault.
    public init(
        resource: String, issuer: String, requiredScopes: [String] = [], fetcher: any DocumentFetcher,
        observer: EventObserver? = nil
    ) throws(ConfigurationError) {
        try self.init(
            ResourceServerConfiguration(
                resource: resource, issuers: [IssuerConfiguration(issuer)], requiredScopes: requiredScopes),
            fetcher: fetcher, observer: observer)
    }

    /// A guard with a verifier of your choice.
    ///
    /// - Parameters:
    ///   - configuration: What is protected, and how. It names no issuers, introspection and static tokens: the verifier
    ///     decides about them.
    ///   - verifier: Decides about tokens; nil only where ``GuardMode/disabled(anonymousAs:reach:)`` looks at none.
    ///   - observer: Told about every decision. Shadow mode and a disabled guard need one.
    /// - Throws: ``ConfigurationError`` with every fault.
    public init(
        _ configuration: ResourceServerConfiguration, verifier: (any TokenVerifier)?, observer: EventObserver? = nil
    ) throws(ConfigurationError) {
        let faults = configuration.faults(decidingAlone: verifier, hasObserver: observer != nil)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        try self.init(checking: configuration, verifier: verifier, observer: observer)
    }

    /// A guard whose verifier, if any, may be made of the configuration.
    init(
        checking configuration: ResourceServerConfiguration, verifier: (any TokenVerifier)?, observer: EventObserver?
    ) throws(ConfigurationError) {
        let parts = try Self.check(configuration, hasVerifier: verifier != nil, hasObserver: observer != nil)
        self.init(parts, configuration, verifier: verifier ?? NoVerifier(), observer: observer)
    }

    /// Decides about a request, on plain values: the glue to any HTTP framework.
    ///
    /// A request that may proceed goes to the handler with ``Admission/principal``; then
    /// ``Admission/finish(status:fields:)`` completes the head of what the handler answered.
    ///
    /// - Parameters:
    ///   - method: The method as sent.
    ///   - target: The request target as sent, undecoded.
    ///   - fields: The header fields, duplicates kept, with `Host` (in HTTP/2 the framework may have it as `:authority`).
    ///   - body: The whole content, when it is at hand; nil otherwise. It is never searched for a token to use. Where
    ///     ``MCPScopeRules`` decide by the body it must be here, empty if there is none: without it the answer is 503.
    ///   - listener: The kind of address at which the request arrived, when the framework says so.
    public func decide(
        method: HTTPMethod, target: HTTPRequestTarget, fields: HTTPFields, body: [UInt8]? = nil,
        listener: HTTPRequest.ListenerKind = .unknown
    ) async -> Decision {
        var request = GuardedRequest(method: method, target: target, fields: fields, listener: listener, body: body)
        do throws(HTTPRequestBodyError) {
            return try await admit(&request)
        } catch {
            // Bytes at hand can fail in one way only: there are more than a stage reads.
            return refuse(
                request, RefusalResponse.json(.contentTooLarge, error: "invalid_request", description: nil),
                browsers.crossOriginFields(for: browsers.caller(of: request)))
        }
    }

    /// Wraps a handler: it is called for requests with a good token only, and receives the verified principal.
    public func protecting(
        _ handler: @escaping @Sendable (HTTPRequest, Principal) async throws -> HTTPResponse
    ) -> ProtectedHandler {
        ProtectedHandler(server: self, handler: handler)
    }

    /// Wraps a handler that asks ``Principal/current`` when it wants to know.
    public func protecting(_ handler: some HTTPHandler) -> ProtectedHandler {
        ProtectedHandler(server: self) { request, _ in try await handler.respond(to: request) }
    }

    private init(
        _ parts: Parts, _ configuration: ResourceServerConfiguration, verifier: any TokenVerifier,
        observer: EventObserver?
    ) {
        var metadata = ProtectedResourceMetadata(resource: parts.resource)
        metadata.authorizationServers = parts.authorizationServers
        metadata.scopesSupported = parts.scopesSupported
        configuration.describe(&metadata)
        // What was checked stays as it was checked, and what is never advertised stays unadvertised.
        metadata.resource = parts.resource
        metadata.authorizationServers = parts.authorizationServers
        metadata.bearerMethodsSupported = ["header"]
        metadata.scopesSupported = metadata.scopesSupported.subtracting("offline_access")
        resource = parts.resource
        self.metadata = metadata
        scopes = parts.scopes
        tokenLimit = configuration.tokenLimit
        self.verifier = verifier
        self.observer = observer
        mode = configuration.mode
        sessions = SessionRegistry(configuration)
        browsers = BrowserPolicy(parts.resource, allowedOrigins: parts.allowedOrigins)
        routes = RouteTable(configuration.routes)
        metadataRoutes = MetadataRoutes(
            parts.servesMetadata ? metadata : nil, alias: configuration.rootAlias,
            forwarded: configuration.forwardedMetadata, handlerPaths: configuration.wellKnownPathsOfHandler)
        refusals = RefusalResponse(
            realm: parts.realm,
            resourceMetadata: parts.servesMetadata ? Challenge.QuotableText(parts.resource.metadataURL) : nil,
            body: configuration.refusalBody)
        if case .disabled(let name, let reach) = mode { report(.guardDisabled(anonymousAs: name, reach: reach)) }
    }
}

/// In the place of a verifier that no request reaches.
private struct NoVerifier: TokenVerifier {
    func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        throw .unavailable(.verifier, retryAfter: 60)
    }
}
