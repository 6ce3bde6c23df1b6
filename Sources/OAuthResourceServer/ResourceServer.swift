public import HTTPMessages
public import OAuthMetadata
public import TokenVerification
internal import WireFormat

/// The guard: decides for each request whether it goes on, with which principal, or what to answer instead.
///
/// **Checks** that the request is meant for this server and comes from an allowed page, that there is exactly one access
/// token, that the verifier accepts it, and that it carries the required scopes. **Does not check** anything about the
/// wrapped handler's own routes, and runs before them: without a token the answer is 401, whatever the method, path or
/// `Accept`, unless a ``RouteRule`` loosens that.
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

    let configuration: CheckedConfiguration
    let verifier: any TokenVerifier
    let metadataRoutes: MetadataRoutes
    /// Nil where sessions are not bound.
    let sessions: SessionRegistry?
    let observer: ResourceServerEvent.Observer?

    /// The resource, byte for byte as configured.
    public var resource: ResourceIdentifier { configuration.resource }
    /// The metadata document: served wherever tokens of authorization servers are accepted, see ``Mode``.
    public var metadata: ProtectedResourceMetadata { configuration.metadata.document }

    /// A guard with the verifiers that the configuration describes. Keys are fetched at first use.
    ///
    /// - Parameters:
    ///   - configuration: What is protected, by whose tokens, and how.
    ///   - fetcher: How to reach issuers and endpoints. It must have at least the permissions of `configuration`.
    ///   - observer: Receives every event. Shadow mode and a disabled guard need one.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault.
    public init(
        _ configuration: ResourceServerConfiguration, fetcher: any DocumentFetcher,
        observer: ResourceServerEvent.Observer? = nil
    ) throws(ConfigurationError) {
        try self.init(configuration, makeFetcher: { _ throws(ConfigurationError) in fetcher }, observer: observer)
    }

    /// A guard that makes its fetcher from the permissions of its configuration, once these were checked.
    package init(
        _ configuration: ResourceServerConfiguration,
        makeFetcher: (FetchPermissions) throws(ConfigurationError) -> any DocumentFetcher,
        observer: ResourceServerEvent.Observer?
    ) throws(ConfigurationError) {
        let checked = try CheckedConfiguration(configuration, .configured, hasObserver: observer != nil)
        let fetcher = try makeFetcher(checked.tokens.permissions)
        let relay = observer.map { observer in { @Sendable event in observer(.verification(event)) } }
        self.init(
            checked, checked.tokens.makeVerifier(fetcher: fetcher, observer: relay),
            discover: { IssuerDiscovery(of: $0, fetcher: fetcher, observer: relay) }, observer: observer)
    }

    /// A guard with a verifier of your choice.
    ///
    /// - Parameters:
    ///   - configuration: What is protected, and how. Its `tokens` name no issuers, introspection and static tokens: the
    ///     verifier decides about them.
    ///   - verifier: Decides about tokens; nil only for ``Mode/disabled(anonymousAs:reach:)``, which does not look at them.
    ///   - observer: Receives every event. Shadow mode and a disabled guard need one.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault.
    public init(
        _ configuration: ResourceServerConfiguration, verifier: (any TokenVerifier)?,
        observer: ResourceServerEvent.Observer? = nil
    ) throws(ConfigurationError) {
        let verification = verifier.map { CheckedConfiguration.Verification.own($0.trustedIssuers) } ?? .missing
        let checked = try CheckedConfiguration(configuration, verification, hasObserver: observer != nil)
        // The check found that the verifier reads the metadata that is forwarded, if any is.
        self.init(checked, verifier, discover: nil, observer: observer)
    }

    private init(
        _ checked: CheckedConfiguration, _ verifier: (any TokenVerifier)?,
        discover: ((IssuerIdentifier) -> IssuerDiscovery)?, observer: ResourceServerEvent.Observer?
    ) {
        configuration = checked
        self.verifier = verifier ?? DisabledVerifier()
        metadataRoutes = MetadataRoutes(
            checked.metadata, checked.metadata.forwarder(for: self.verifier.trustedIssuers, discover: discover))
        sessions = SessionRegistry(checked)
        self.observer = observer
        if case .disabled(let name, let reach) = checked.mode {
            report(.guardDisabled(anonymousAs: name, reach: reach))
        }
    }

    /// Decides about a request, on plain values: for any HTTP framework.
    ///
    /// A request that may proceed goes to the handler with ``Admission/principal``; then
    /// ``Admission/finish(status:fields:)`` completes the head of the handler's response.
    ///
    /// - Parameters:
    ///   - method: The method as sent.
    ///   - target: The request target as sent, undecoded.
    ///   - fields: The header fields, duplicates kept, with `Host` (in HTTP/2 the framework may have it as `:authority`).
    ///   - body: The whole content, or nil when the program has not read it. It is never searched for a token to use. Where
    ///     ``MCPScopeRules`` decide by the body it must be here, empty if there is none: without it the answer is 503.
    ///   - listener: The kind of address at which the request arrived, when the framework says so.
    public func decide(
        method: HTTPMethod, target: HTTPRequest.Target, fields: HTTPFields, body: [UInt8]? = nil,
        listener: HTTPRequest.ListenerKind = .unknown
    ) async -> Decision {
        var request = GuardedRequest(method: method, target: target, fields: fields, listener: listener, body: body)
        do throws(HTTPRequest.Body.ReadError) {
            return try await admit(&request)
        } catch {
            // Unreachable: bytes cannot fail to be read. If they did, the request would be refused.
            return respond(to: request, configuration.answers.response(to: .bodyTooLarge), nil)
        }
    }

    /// Wraps a handler: it is called only for requests that are let through, and receives the principal.
    public func protecting(
        _ handler: @escaping @Sendable (HTTPRequest, Principal) async throws -> HTTPResponse
    ) -> ProtectedHandler {
        ProtectedHandler(server: self, handler: handler)
    }

    /// Wraps a handler that reads ``Principal/current`` when it needs the principal.
    public func protecting(_ handler: some HTTPHandler) -> ProtectedHandler {
        ProtectedHandler(server: self) { request, _ in try await handler.respond(to: request) }
    }
}

/// Placeholder for ``ResourceServer/Mode/disabled(anonymousAs:reach:)``, which verifies nothing.
private struct DisabledVerifier: TokenVerifier {
    func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        throw .unavailable(.verifier, retryAfter: 60)
    }
}
