import OAuthClientMetadata
import OAuthTestKit
import ResourceServerKit
import ValkeyReplayStore

/// A protected MCP server, with an authorization server for development if no issuer is configured.
///
/// A program of your own needs less code: see the README. Never use the embedded authorization server in production.
struct Quickstart {
    private let options: QuickstartOptions
    private let operations: ServerOperations
    private let host = "127.0.0.1"

    /// Makes a server with these options.
    ///
    /// - Parameter observer: Receives every event.
    init(
        _ options: QuickstartOptions,
        observer: @escaping ResourceServerEvent.Observer = LineLogger.standardError.observe
    ) {
        self.options = options
        operations = ServerOperations(next: observer)
    }

    /// Runs until the task is cancelled. Call it once.
    ///
    /// - Parameter ready: Called with the text to print when the servers listen.
    /// - Throws: ``UsageError`` with every fault. In this case, no request was served.
    func run(ready: (String) -> Void) async throws {
        // Port 0 lets the system choose a port. The URLs of resource and issuer are therefore known only after
        // listening.
        var faults = options.faults
        let server = listen(options.port, flag: "--port", accessLog: operations.durations.record, &faults)
        let operationsServer = options.operationsPort.flatMap { listen($0, flag: "--operations-port", &faults) }
        let issuerServer =
            options.hasEmbeddedIssuer ? listen(options.issuerPort, flag: "--issuer-port", &faults) : nil
        let assembly = assemble(
            port: server?.port ?? options.port, issuerPort: issuerServer?.port ?? options.issuerPort, &faults)
        guard faults.isEmpty, let server, let assembly else { throw UsageError(faults: faults) }

        let mcp = MCPHandler(
            path: assembly.guarding.resource.url.path, sessions: options.beginsSessions ? .withoutState : .none)
        let handler = assembly.guarding.protecting { request, principal in
            try await mcp.respond(to: request, principal: principal)
        }
        ready(
            Introduction(
                resource: assembly.guarding.resource, port: server.port,
                issuers: assembly.guarding.metadata.authorizationServers,
                operationsPort: operationsServer?.port, mode: assembly.guarding.mode,
                tokens: assembly.embedded?.tokens, needsProofs: assembly.needsProofs
            ).text)
        try await withThrowingTaskGroup { group in
            group.addTask { try await server.run(handler) }
            if let issuerServer, let embedded = assembly.embedded {
                group.addTask { try await issuerServer.run(embedded.server) }
            }
            if let operationsServer {
                operations.show(server)
                let page = operations.handler(for: [assembly.guarding])
                group.addTask { try await operationsServer.run(page) }
                // An issuer that is down is an event, and its keys are fetched later.
                group.addTask { try? await assembly.guarding.prepare() }
            }
            try await group.waitForAll()
        }
    }

    /// The guard, and the authorization server of this program if there is one.
    struct Assembly {
        var guarding: ResourceServer
        var embedded: Embedded?
        var needsProofs = false
    }

    /// The authorization server of this program, and the commands that get tokens from it.
    struct Embedded {
        var server: DevelopmentAuthorizationServer
        var tokens: Introduction.TokenCommands
    }

    /// Makes the guard, which checks the configuration; nil if there is a fault.
    ///
    /// - Parameters:
    ///   - port: The port of the MCP server.
    ///   - issuerPort: The port of the embedded authorization server.
    func assemble(port: UInt16, issuerPort: UInt16, _ faults: inout [String]) -> Assembly? {
        let issuer = options.hasEmbeddedIssuer ? "http://\(host):\(issuerPort)" : nil
        var configuration = options.configuration(port: port, embeddedIssuer: issuer)
        configuration.dpop.openReplayStore = Self.replayStore
        var embedded: Embedded?
        do throws(ConfigurationError) {
            let guarding = try ResourceServer(
                configuration,
                found: CurlFetcher.faultyFiles(
                    of: configuration.tokens.fetching, certificateAuthorities: options.certificateAuthorities),
                makeFetcher: { settings throws(ConfigurationError) -> any DocumentFetcher in
                    guard let issuer else {
                        try CurlFetcher.loadLibraryOrFault(for: configuration.tokens)
                        return try CurlFetcher.configured(
                            by: settings, certificateAuthorities: options.certificateAuthorities)
                    }
                    let issuing = try authorizationServer(issuer, for: configuration)
                    embedded = issuing
                    // This issuer is in the same process, so that its keys are read without the network.
                    return InProcessFetcher([issuer: issuing.server])
                },
                observer: operations.observe)
            return Assembly(
                guarding: guarding, embedded: embedded, needsProofs: configuration.dpop.mode == .required)
        } catch {
            faults += error.faults.map(options.renderer.line)
            return nil
        }
    }

    /// Makes the store for `OAUTH_REPLAY_STORE`. It connects while the program starts, and writes its events to
    /// standard error.
    private static func replayStore(_ url: String) throws(ConfigurationError) -> any ReplayStore {
        let store = try ValkeyReplayStore(url) { StandardStreams.writeError("\($0)\n") }
        Task { await store.connect() }
        return store
    }

    /// Makes the embedded authorization server.
    private func authorizationServer(
        _ issuer: String, for configuration: ResourceServerConfiguration
    ) throws(ConfigurationError) -> Embedded {
        let scopes = ScopeSet(keepingValid: configuration.requirements.scopes)
        var settings = DevelopmentAuthorizationServer.Settings()
        settings.accessTokenLifetime = options.tokenLifetime
        settings.defaultScopes = scopes
        settings.defaultResource = configuration.resource
        // An RSA key takes longer to make than all other work before the ready line.
        settings.algorithm = .es256
        settings.clientResolver = try ClientIDResolver(
            fetcher: ClientDocumentFetcher(certificateAuthorities: options.certificateAuthorities),
            settings: clientSettings
        ) { StandardStreams.writeError("\($0)\n") }
        settings.dpop =
            switch configuration.dpop.mode {
            case .off: .off
            case .optional: .optional
            case .required: .required
            }
        // A server accepts only the nonces that it has made itself (RFC 9449 §8).
        if case .required = configuration.dpop.nonces { settings.dpopNonces = DPoPNonces() }
        if options.asksForConsent { settings.consent = .asked(scopeSentences: Notebook.scopeSentences) }
        do throws(TestKitError) {
            try DevelopmentAuthorizationServer.checkBindAddress(host)
            let server = try DevelopmentAuthorizationServer(issuer: issuer, settings: settings)
            let curl = try server.registerClient("curl")
            let writing = scopes.union(ScopeSet(keepingValid: [Notebook.writeScope]))
            return Embedded(
                server: server,
                tokens: .init(
                    basic: server.tokenCommand(for: curl, resource: configuration.resource, scopes: scopes),
                    writing: server.tokenCommand(for: curl, resource: configuration.resource, scopes: writing),
                    loginAt: options.asksForConsent ? nil : issuer, scopes: scopes))
        } catch {
            let place = ConfigurationError.Path([.variable("the embedded authorization server")])
            throw ConfigurationError([.init(place, "cannot be made", .init(error.description))])
        }
    }

    private var clientSettings: ClientIDResolver.Settings {
        var settings = ClientIDResolver.Settings()
        // A client with keys may also act for itself.
        settings.rules.grantTypes.append("client_credentials")
        settings.trust.verified = options.verifiedClientHosts
        if options.allowsLoopbackClients { settings.rules.loopback = .dangerouslyAccepted }
        return settings
    }

    private func listen(
        _ port: UInt16, flag: String, accessLog: (@Sendable (AccessRecord) -> Void)? = nil, _ faults: inout [String]
    ) -> ListeningServer? {
        do {
            return try HTTPServer(host: host, port: port, accessLog: accessLog).listen()
        } catch {
            faults.append("\(flag) \(port): \(error)")
            return nil
        }
    }
}
