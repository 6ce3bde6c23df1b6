public import HTTPMessages
internal import JOSE
internal import OAuthClientMetadata
public import OAuthMetadata
public import TokenVerification
internal import WireFormat

/// An OAuth 2.1 authorization server for development on one machine. Only the user is simulated: there are no
/// passwords, and every request is approved at once, unless ``Settings/consent`` makes a page ask.
///
/// It supports the authorization code grant with PKCE S256 (RFC 7636) and `iss` (RFC 9207), rotating refresh tokens,
/// client credentials, open dynamic registration (RFC 7591), client ID metadata documents (with
/// ``Settings/clientResolver``), `private_key_jwt` (RFC 7523), resource indicators (RFC 8707), DPoP (RFC 9449, with
/// ``Settings/dpop``), a JWK Set and metadata (RFC 8414). Tokens are RFC 9068 access tokens signed by a ``FakeIssuer``.
/// All state is in memory.
///
/// Because anyone can log in, its issuer must be on a loopback host, and `SocketHTTP` serves it on loopback addresses
/// only. For another HTTP server, check the address with ``checkBindAddress(_:)``. Web pages of other machines may read
/// its metadata and keys. Their requests to the other endpoints get 403.
public final class DevelopmentAuthorizationServer: HTTPHandler {
    /// The issuer of the tokens. Give its key source to the guard.
    public let issuer: FakeIssuer
    private let store: GrantStore
    private let authorizationEndpoint: AuthorizationEndpoint
    private let tokenEndpoint: TokenEndpoint
    private let registrationEndpoint: RegistrationEndpoint
    private let routes: Routes
    private let metadataHandler: AuthorizationServerMetadataHandler

    /// Makes a server for an issuer with new keys.
    ///
    /// - Parameters:
    ///   - issuer: The issuer identifier, such as `http://127.0.0.1:9000`: http or https, on a loopback host.
    ///   - settings: How tokens are issued.
    ///   - clock: The clock for the lifetimes of tokens and codes.
    /// - Throws: ``TestKitError``. Its description is one line for a terminal.
    public convenience init(
        issuer: String, settings: DevelopmentAuthorizationServer.Settings = DevelopmentAuthorizationServer.Settings(),
        clock: WallClock = .system
    ) throws(TestKitError) {
        guard let url = try? AbsoluteURL(parsing: issuer), url.isLoopback else { throw .issuerNotLoopback }
        try self.init(
            issuer: FakeIssuer(
                checking: issuer, algorithms: [settings.algorithm ?? .rs256],
                Clocks(wall: clock, monotonic: .system)), settings: settings)
    }

    /// Makes a server that uses the keys and the clock of an existing issuer.
    public init(
        issuer: FakeIssuer,
        settings: DevelopmentAuthorizationServer.Settings = DevelopmentAuthorizationServer.Settings()
    ) throws(TestKitError) {
        guard let url = try? AbsoluteURL(parsing: issuer.url), url.isLoopback, let algorithm = issuer.algorithms.first
        else { throw .issuerNotLoopback }
        try settings.check(algorithms: issuer.algorithms)
        let policy = IssuingPolicy(
            subject: settings.subject, algorithm: settings.algorithm ?? algorithm,
            accessTokenLifetime: settings.accessTokenLifetime, defaultScopes: settings.defaultScopes,
            allowedScopes: settings.allowedScopes, allowedResources: settings.allowedResources,
            defaultResource: settings.defaultResource)
        self.issuer = issuer
        store = GrantStore(
            capacity: settings.capacity, codeLifetime: Double(settings.codeLifetime),
            refreshTokenLifetime: Double(settings.refreshTokenLifetime))
        let proofs = try TokenRequestProofs(settings, issuer: issuer)
        let clients = ClientDirectory(store: store, resolver: settings.clientResolver)
        authorizationEndpoint = AuthorizationEndpoint(
            issuer: issuer.url, policy: policy, store: store, clients: clients, bindsCodes: proofs.areUsed,
            consent: Self.consent(settings, issuer: url))
        tokenEndpoint = TokenEndpoint(
            issuer: issuer, policy: policy, store: store, clients: clients,
            assertions: try Self.assertions(for: issuer), proofs: proofs)
        registrationEndpoint = RegistrationEndpoint(store: store, bindsTokens: proofs.areUsed)
        let metadata = Self.metadata(of: issuer, policy, settings)
        // A restarted server on the same port has other metadata.
        metadataHandler = AuthorizationServerMetadataHandler(metadata, maximumAge: 0)
        routes = Routes(issuer: metadata.issuer)
    }

    private static func consent(
        _ settings: DevelopmentAuthorizationServer.Settings, issuer: AbsoluteURL
    ) -> ConsentEndpoint? {
        guard case .asked(let sentences) = settings.consent else { return nil }
        let base = issuer.path.utf8.last == UInt8(ascii: "/") ? String(issuer.path.dropLast()) : issuer.path
        return ConsentEndpoint(
            page: ConsentPage(scopeSentences: sentences, subject: settings.subject),
            store: ConsentStore(capacity: settings.capacity), origin: issuer.origin, path: base + Routes.consent,
            cookiePath: base.isEmpty ? "/" : base)
    }

    private static func assertions(for issuer: FakeIssuer) throws(TestKitError) -> ClientAssertionVerifier {
        guard let identifier = try? IssuerIdentifier(issuer.url, insecureHTTP: .loopback),
            let endpoint = issuer.endpoint("token"),
            let verifier = try? ClientAssertionVerifier(
                issuer: identifier, tokenEndpoint: endpoint, clock: issuer.clock)
        else { throw .issuerNotAcceptable }
        return verifier
    }

    /// Throws unless the host is `localhost`, in 127.0.0.0/8, or `::1` (with or without brackets).
    ///
    /// - Throws: ``TestKitError/addressNotLoopback``.
    public static func checkBindAddress(_ host: String) throws(TestKitError) {
        let isBareIPv6 = host.utf8.contains(UInt8(ascii: ":")) && host.utf8.first != UInt8(ascii: "[")
        let url = try? AbsoluteURL(parsing: isBareIPv6 ? "http://[\(host)]" : "http://\(host)")
        guard let url, url.isLoopback, url.port == nil, url.path.isEmpty, url.query == nil, url.fragment == nil else {
            throw .addressNotLoopback
        }
    }

    /// Loopback only, because every request is approved.
    public var exposure: HTTPExposure {
        .loopbackOnly(reason: "the development authorization server approves every request")
    }

    // MARK: Clients that the program registers

    /// Registers a client without the registration endpoint. The client is never evicted.
    ///
    /// ```swift
    /// let curl = try server.registerClient("curl")
    /// print(server.tokenCommand(for: curl, resource: "http://127.0.0.1:8080/mcp"))
    /// ```
    ///
    /// - Parameters:
    ///   - clientID: The `client_id`: 1…128 unreserved characters of RFC 3986.
    ///   - secret: At least one unreserved character; nil generates a secret of 256 random bits.
    ///   - authentication: How the client authenticates.
    ///     ``DevelopmentAuthorizationServer/ClientAuthentication/none`` makes a public client.
    ///   - grantTypes: The grant types that the client may use.
    ///   - redirectURIs: The URIs that it may be redirected to. The authorization code grant needs at least one.
    /// - Throws: ``TestKitError/clientNotAcceptable``.
    @discardableResult
    public func registerClient(
        _ clientID: String, secret: String? = nil,
        authentication: DevelopmentAuthorizationServer.ClientAuthentication = .clientSecretBasic,
        grantTypes: Set<DevelopmentAuthorizationServer.GrantType> = [.clientCredentials], redirectURIs: [String] = []
    ) throws(TestKitError) -> DevelopmentAuthorizationServer.Client {
        let uris = redirectURIs.compactMap { try? RedirectURI($0) }
        guard (1...128).contains(clientID.utf8.count), clientID.utf8.allSatisfy({ PercentEncoding.isUnreserved($0) }),
            uris.count == redirectURIs.count, grantTypes.contains(where: { $0 != .refreshToken }),
            !(grantTypes.contains(.authorizationCode) && uris.isEmpty)
        else { throw .clientNotAcceptable }
        var issued: String?
        switch authentication {
        case .none:
            guard secret == nil, !grantTypes.contains(.clientCredentials) else { throw .clientNotAcceptable }
        case .clientSecretBasic, .clientSecretPost:
            let value = secret ?? Base64URL.encode(RandomBytes.make(32))
            guard !value.isEmpty, value.utf8.allSatisfy({ PercentEncoding.isUnreserved($0) }) else {
                throw .clientNotAcceptable
            }
            issued = value
        case .privateKeyJWT: throw .clientNotAcceptable
        }
        store.registerBuiltIn(
            RegisteredClient(
                id: clientID, authentication: authentication, grantTypes: grantTypes, redirectURIs: uris, secret: issued
            ))
        return DevelopmentAuthorizationServer.Client(
            clientID: clientID, clientSecret: issued, authentication: authentication)
    }

    /// A shell command that requests a token with the client credentials grant and prints the JSON response.
    ///
    /// The command contains the client's secret. For a public client, the server answers the command with an error.
    public func tokenCommand(
        for client: DevelopmentAuthorizationServer.Client, resource: String, scopes: ScopeSet = ScopeSet()
    ) -> String {
        let secret = client.clientSecret ?? ""
        var command =
            switch client.authentication {
            case .clientSecretBasic: "curl -s -u \(client.clientID):\(secret)"
            case .clientSecretPost: "curl -s -d client_id=\(client.clientID) -d client_secret=\(secret)"
            case .none, .privateKeyJWT: "curl -s -d client_id=\(client.clientID)"
            }
        command += " -d grant_type=client_credentials -d resource=\(PercentEncoding.encode(resource))"
        if !scopes.isEmpty { command += " -d scope=\(PercentEncoding.encode(scopes.description))" }
        // An issuer may contain a single quote (RFC 3986), which would end the quoted word of the shell.
        let url = (issuer.endpoint("token")?.text ?? "").utf8.flatMap { $0 == 0x27 ? Array("'\\''".utf8) : [$0] }
        return command + " '\(String(decoding: url, as: UTF8.self))'"
    }

    // MARK: Requests

    /// The server's metadata (RFC 8414 §2), exactly as it is served.
    public var metadata: AuthorizationServerMetadata { metadataHandler.metadata }

    /// Answers one request.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        // DNS rebinding: a web page's host name can resolve to this machine. Such a name in `Host` is refused.
        guard Self.isAddressedToLoopback(request) else { return Self.error(.misdirectedRequest) }
        guard let route = routes.route(of: request.path) else { return Self.error(.notFound) }
        let page = CallingPage(of: request)
        var response = try await respond(to: request, from: page, route)
        page.admit(to: route, &response)
        return response
    }

    private func respond(
        to request: HTTPRequest, from page: CallingPage, _ route: Routes.Route
    ) async throws -> HTTPResponse {
        // A page can send some requests without asking (Fetch §3.2.2), and would get a token although it cannot read
        // it.
        if case .foreign = page, route.readers != .everyPage { return Self.error(.forbidden) }
        if request.method == .options, route.readers != .noPage { return Self.preflight(for: route) }
        guard route.methods.contains(request.method) else {
            var response = Self.error(.methodNotAllowed)
            response.fields[.allow] = HTTPFields.Value(route.allowedMethods)
            return response
        }
        let now = issuer.clock.now()
        return
            switch route
        {
        case .metadata: try await metadataHandler.respond(to: request)
        case .keys: HTTPResponse.json(.object(issuer.jwks))
        case .authorize:
            await authorizationEndpoint.respond(query: request.target.query, fields: request.fields, now: now)
        case .consent: await authorizationEndpoint.decide(request, now: now)
        case .token: try await tokenEndpoint.respond(to: request, now: now)
        case .register: try await registrationEndpoint.respond(to: request, now: now)
        }
    }

    private static func isAddressedToLoopback(_ request: HTTPRequest) -> Bool {
        switch request.fields.occurrence(of: .host) {
        case .absent: true
        case .repeated: false
        case .once(let value): (try? AbsoluteURL(parsing: "http://\(value.string ?? "")"))?.isLoopback ?? false
        }
    }

    private static func metadata(
        of issuer: FakeIssuer, _ policy: IssuingPolicy, _ settings: DevelopmentAuthorizationServer.Settings
    ) -> AuthorizationServerMetadata {
        var metadata = issuer.authorizationServerMetadata
        metadata.registrationEndpoint = issuer.endpoint("register")
        metadata.scopesSupported = policy.allowedScopes ?? ScopeSet()
        metadata.responseModesSupported = ["query"]
        metadata.grantTypesSupported = DevelopmentAuthorizationServer.GrantType.allCases.map(\.rawValue)
        metadata.tokenEndpointAuthMethodsSupported = DevelopmentAuthorizationServer.ClientAuthentication.allCases.map(
            \.rawValue)
        // RFC 8414 §2: required beside private_key_jwt.
        metadata.tokenEndpointAuthSigningAlgorithms = SignatureAlgorithm.all.map(\.name)
        metadata.clientIDMetadataDocumentSupported = settings.clientResolver == nil ? nil : true
        metadata.authorizationResponseIssuerParameterSupported = true
        // RFC 9449 §5.1.
        if settings.dpop != .off { metadata.dpopSigningAlgorithms = SignatureAlgorithm.all.map(\.name) }
        return metadata
    }

    private static func error(_ status: HTTPStatus) -> HTTPResponse {
        var response = HTTPResponse.json(.object(["error": "invalid_request"]), status: status)
        response.fields[.cacheControl] = "no-store"
        return response
    }

    /// The answer to a CORS preflight, which a browser sends before a cross-origin request (Fetch standard §3.2).
    private static func preflight(for route: Routes.Route) -> HTTPResponse {
        var response = HTTPResponse(status: .noContent)
        response.fields[.accessControlAllowMethods] = HTTPFields.Value(route.allowedMethods)
        response.fields[.accessControlAllowHeaders] =
            "Authorization, Content-Type, Accept, DPoP, MCP-Protocol-Version"
        response.fields[.accessControlMaxAge] = "7200"
        return response
    }
}
