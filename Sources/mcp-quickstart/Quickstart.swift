import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import SafeFetch
import SocketHTTP
import WireFormat

/// A protected MCP server with everything around it.
///
/// A program of your own needs less: a ``ResourceServer`` around its handler, as ``protect(_:fetcher:)`` does it, and a server
/// to listen. The embedded authorization server is for development only.
struct Quickstart {
    private let options: QuickstartOptions
    private let observer: EventObserver
    private let host = "127.0.0.1"

    /// A server with these options.
    ///
    /// - Parameter observer: Told about every event.
    init(_ options: QuickstartOptions, observer: @escaping EventObserver = LineLogger.standardError.observe) {
        self.options = options
        self.observer = observer
    }

    /// Runs until the task is cancelled. Called once.
    ///
    /// - Parameter ready: Called with the text to print when everything listens.
    /// - Throws: ``UsageError`` when a part cannot be started; then nothing was.
    func run(ready: (String) -> Void) async throws {
        // Port 0 means that the system chooses one: the URLs of resource and issuer are known after listening.
        let server = try listen(options.port, flag: "--port")
        let configuration: ResourceServerConfiguration
        let fetcher: any DocumentFetcher
        var issuing: (server: ListeningServer, handler: DevelopmentAuthorizationServer)?
        var tokenCommand: String?
        if options.hasEmbeddedIssuer {
            let issuerServer = try listen(options.issuerPort, flag: "--issuer-port")
            let issuer = "http://\(host):\(issuerServer.port)"
            configuration = try options.configuration(port: server.port, embeddedIssuer: issuer)
            let embedded = try authorizationServer(issuer, for: configuration)
            // In the same process: its keys need no network.
            fetcher = InProcessFetcher([issuer: embedded.server])
            tokenCommand = embedded.tokenCommand
            issuing = (issuerServer, embedded.server)
        } else {
            configuration = try options.configuration(port: server.port, embeddedIssuer: nil)
            fetcher = CurlFetcher(
                permissions: configuration.fetchPermissions, certificateAuthorities: options.certificateAuthorities)
        }
        let guarding = try ResourceServer(configuration, fetcher: fetcher, observer: observer)
        let mcp = MCPHandler(path: guarding.resource.url.path)
        let handler = guarding.protecting { request, principal in
            try await mcp.respond(to: request, principal: principal)
        }
        ready(
            Introduction(
                resource: guarding.resource, port: server.port, issuers: guarding.metadata.authorizationServers,
                tokenCommand: tokenCommand
            ).text)
        try await withThrowingTaskGroup { group in
            group.addTask { try await server.run(handler) }
            if let issuing { group.addTask { try await issuing.server.run(issuing.handler) } }
            try await group.waitForAll()
        }
    }

    /// An authorization server that approves everybody.
    private func authorizationServer(
        _ issuer: String, for configuration: ResourceServerConfiguration
    ) throws -> (server: DevelopmentAuthorizationServer, tokenCommand: String) {
        try DevelopmentAuthorizationServer.checkBindAddress(host)
        let scopes = ScopeSet(keepingValid: configuration.requiredScopes)
        var settings = DevelopmentServerSettings()
        settings.accessTokenLifetime = options.tokenLifetime
        settings.defaultScopes = scopes
        settings.defaultResource = configuration.resource
        // Making an RSA key would take longer than everything else before the ready line.
        settings.algorithm = .es256
        let server = try DevelopmentAuthorizationServer(issuer: issuer, settings: settings)
        let curl = try server.registerClient("curl")
        return (server, server.tokenCommand(for: curl, resource: configuration.resource, scopes: scopes))
    }

    private func listen(_ port: UInt16, flag: String) throws -> ListeningServer {
        do {
            return try HTTPServer(host: host, port: port).listen()
        } catch {
            throw UsageError(faults: ["\(flag) \(port): \(error)"])
        }
    }
}
