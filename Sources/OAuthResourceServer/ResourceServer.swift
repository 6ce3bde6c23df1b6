public import HTTPMessages
public import OAuthMetadata
public import TokenVerification
internal import WireFormat

/// The guard: decides for each request whether it may proceed to the handler and for which principal, or which response
/// to send instead.
///
/// **Checks** that the request is addressed to this server, that a calling web page is of an allowed origin, that there
/// is exactly one access token, that the verifier accepts it, that it has the required scopes, and that the caller may
/// use the MCP session that the request names. **Does not check** the routes of the wrapped handler, and runs before
/// them: a request without a token gets 401 for every method, path and `Accept`, unless a ``RouteRule`` or an exemption
/// of ``MCPScopeRules`` loosens this.
///
/// - SeeAlso: [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750), [RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)
public struct ResourceServer: Sendable {
    /// What to do with a request.
    public enum Decision: Sendable {
        /// Pass it to the handler, for the admission's principal.
        case proceed(Admission)
        /// Send this response instead. The response to a `HEAD` has no body.
        case respond(HTTPResponse)
    }

    let configuration: CheckedConfiguration
    var verifier: any TokenVerifier {
        didSet { rememberingVerifier = Self.rememberingVerifier(verifier) }
    }
    /// The verifier, if it remembers verdicts: it then decides about many tokens without a suspension.
    private(set) var rememberingVerifier: JWTTokenVerifier?
    let metadataRoutes: MetadataRoutes
    /// Nil when sessions are not bound.
    let sessions: BoundSessions?
    /// Nil when event streams may outlive tokens.
    var streams: StreamExpiry?
    var authentication: AuthenticationCheck
    let observer: ResourceServerEvent.Observer?
    /// Finds out what the operator must know about a refusal.
    let findings: RefusalFindings

    /// The resource, byte for byte as configured.
    public var resource: ResourceIdentifier { configuration.resource }
    /// What the guard does with tokens.
    public var mode: Mode { configuration.mode }
    /// The metadata document. It is served in the modes that accept tokens of authorization servers: see ``Mode``.
    public var metadata: ProtectedResourceMetadata { configuration.metadata.document }

    /// A guard with the verifiers that the configuration describes. Keys are fetched at first use.
    ///
    /// - Parameters:
    ///   - configuration: The resource, the issuers of its tokens, and what requests need.
    ///   - fetcher: Fetches keys, metadata and introspection responses. It must have at least the permissions of
    ///     `configuration`.
    ///   - observer: Receives every event. It is required in shadow mode and for a disabled guard.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault.
    public init(
        _ configuration: ResourceServerConfiguration, fetcher: any DocumentFetcher,
        observer: ResourceServerEvent.Observer? = nil
    ) throws(ConfigurationError) {
        try self.init(configuration, makeFetcher: { _ throws(ConfigurationError) in fetcher }, observer: observer)
    }

    /// A guard that makes its fetcher from the settings of its configuration, after these were checked.
    ///
    /// - Parameter found: Faults of the configuration that the program has found itself.
    package init(
        _ configuration: ResourceServerConfiguration, found: [ConfigurationError.Fault] = [],
        makeFetcher: (FetchSettings) throws(ConfigurationError) -> any DocumentFetcher,
        observer: ResourceServerEvent.Observer?
    ) throws(ConfigurationError) {
        let checked = try CheckedConfiguration(
            configuration, .configured, hasObserver: observer != nil, found: found)
        let fetcher: any DocumentFetcher
        do throws(ConfigurationError) {
            fetcher = try makeFetcher(checked.tokens.fetching)
        } catch {
            throw ConfigurationError(error.faults, shownBy: configuration.origin.renderer)
        }
        let relay = observer.map { observer in { @Sendable event in observer(.verification(event)) } }
        let made = checked.tokens.makeVerifier(fetcher: fetcher, observer: relay)
        self.init(
            checked, made.verifier,
            discover: { issuer in
                if let known = made.discovery, known.issuer.text.hasSameBytes(as: issuer.text) { return known }
                return IssuerDiscovery(
                    of: issuer, fetcher: fetcher, clock: checked.clocks.fetching, observer: relay)
            }, observer: observer)
    }

    /// A guard with a verifier of your own.
    ///
    /// - Parameters:
    ///   - configuration: The resource, and what requests need. Its `tokens` must not name issuers, introspection or
    ///     static tokens: the verifier decides about tokens.
    ///   - verifier: Verifies the tokens. It may be nil only for ``Mode/disabled(anonymousAs:reach:)``, which does not
    ///     look at tokens.
    ///   - observer: Receives every event. It is required in shadow mode and for a disabled guard.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault.
    public init(
        _ configuration: ResourceServerConfiguration, verifier: (any TokenVerifier)?,
        observer: ResourceServerEvent.Observer? = nil
    ) throws(ConfigurationError) {
        let verification = verifier.map { CheckedConfiguration.Verification.own($0.trustedIssuers) } ?? .missing
        let checked = try CheckedConfiguration(configuration, verification, hasObserver: observer != nil)
        // The check made sure that the verifier reads the metadata to forward, so that no discovery is made here.
        self.init(checked, verifier, discover: nil, observer: observer)
    }

    private init(
        _ checked: CheckedConfiguration, _ verifier: (any TokenVerifier)?,
        discover: ((IssuerIdentifier) -> IssuerDiscovery)?, observer: ResourceServerEvent.Observer?
    ) {
        configuration = checked
        self.verifier = verifier ?? DisabledVerifier()
        rememberingVerifier = Self.rememberingVerifier(self.verifier)
        metadataRoutes = MetadataRoutes(
            checked.metadata, checked.metadata.forwarder(for: self.verifier.trustedIssuers, discover: discover))
        sessions = BoundSessions(checked)
        let skews = IssuerClockSkews(checked, self.verifier.trustedIssuers)
        streams = StreamExpiry(checked, skews)
        authentication = AuthenticationCheck(skews: skews, clock: checked.clocks.wall)
        self.observer = observer
        findings = RefusalFindings(checked, self.verifier.trustedIssuers)
        switch checked.mode {
        case .enforced, .staticTokens: break
        case .shadow: report(.guardInShadow)
        case .disabled(let name, let reach): report(.guardDisabled(anonymousAs: name, reach: reach))
        }
    }

    private static func rememberingVerifier(_ verifier: any TokenVerifier) -> JWTTokenVerifier? {
        (verifier as? JWTTokenVerifier).flatMap { $0.remembersVerdicts ? $0 : nil }
    }

    /// Decides about a request that is given as plain values, for use with any HTTP framework.
    ///
    /// Pass a request that may proceed to the handler, with ``Admission/principal`` and ``Admission/sessionID``. Then
    /// call ``Admission/finish(status:fields:)->()`` to complete the head of the handler's response.
    ///
    /// - Parameters:
    ///   - method: The method as sent.
    ///   - target: The request target as sent, not percent-decoded.
    ///   - fields: All header fields with `Host`, repeated fields included. In HTTP/2 the framework may have the host
    ///     as `:authority`.
    ///   - body: The whole content, or nil when the program has not read it. The guard never takes a token from it.
    ///     When ``MCPScopeRules`` decide by the body, pass it, or an empty array if there is none: without it, a
    ///     request gets 503, because a body may be there that the guard does not see.
    ///   - listener: The kind of address that received the request. See
    ///     ``HTTPMessages/HTTPRequest/ListenerKind/init(ipAddress:)``. When it is
    ///     ``HTTPMessages/HTTPRequest/ListenerKind/unknown``, a guard in the mode `disabled(…, .loopbackOnly)` answers
    ///     500.
    ///   - peer: The IP address of the connection's other end. It is needed for
    ///     ``ResourceServerConfiguration/MutualTLS/fromProxy(_:at:)``.
    ///   - clientCertificate: The certificate with which the client has authenticated in the TLS handshake. It is
    ///     needed for ``ResourceServerConfiguration/MutualTLS/ofConnection``.
    public func decide(
        method: HTTPMethod, target: HTTPRequest.Target, fields: HTTPFields, body: [UInt8]? = nil,
        listener: HTTPRequest.ListenerKind = .unknown, peer: HTTPRequest.PeerAddress? = nil,
        clientCertificate: HTTPRequest.ClientCertificate? = nil
    ) async -> Decision {
        await decide(
            GuardedRequest(
                method: method, target: target, fields: fields, listener: listener, body: body, peer: peer,
                clientCertificate: clientCertificate))
    }

    /// Decides about a request whose body, if there is one, is in memory.
    func decide(_ request: GuardedRequest) async -> Decision {
        do throws(HTTPRequest.Body.ReadError) {
            return try await admit(request)
        } catch {
            // Unreachable: reading bytes in memory cannot fail. If it did, the request would be refused.
            return respond(to: request, configuration.answers.response(to: .bodyTooLarge), nil)
        }
    }

    /// Wraps a handler. The handler is called only for requests that may proceed, and receives their principal.
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
