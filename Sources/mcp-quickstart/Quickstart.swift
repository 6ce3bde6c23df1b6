import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import SafeFetch
import SocketHTTP
import Synchronization
import WireFormat

/// A protected MCP server with everything around it.
///
/// A program of your own needs less: a ``ResourceServer`` around its handler, as ``protect(_:with:)`` does it, and a server to
/// listen. The embedded authorization server is for development only.
struct Quickstart {
    /// Why nothing was started: one line for the operator.
    struct StartError: Error {
        var line: String
    }

    private let options: QuickstartOptions
    private let host = "127.0.0.1"
    private let observer: EventObserver

    /// - Parameter observer: Told what was refused and how the keys fare.
    init(_ options: QuickstartOptions, observer: @escaping EventObserver) {
        self.options = options
        self.observer = observer
    }

    /// Runs until the task is cancelled. Called once.
    ///
    /// - Parameter ready: Called with the text to print when everything listens.
    /// - Throws: ``StartError`` when a part cannot be started; then nothing was.
    func run(ready: (String) -> Void) async throws {
        if let issuer = options.issuer {
            let keys = try await fetchedKeys(of: issuer)
            let (server, handler) = try listen(options.port, flag: "--port")
            let resource = try resource(on: server.port)
            handler.become(try protect(resource, issuer: issuer, keys: keys))
            ready(Introduction(resource: resource, port: server.port, issuer: issuer).text)
            try await serve([server])
        } else {
            let (server, handler) = try listen(options.port, flag: "--port")
            let (issuerServer, issuerHandler) = try listen(options.issuerPort, flag: "--issuer-port")
            let resource = try resource(on: server.port)
            let embedded = try authorizationServer(on: issuerServer.port, for: resource)
            let issuer = embedded.server.metadata.issuer
            issuerHandler.become(embedded.server)
            handler.become(try protect(resource, issuer: issuer, keys: embedded.server.issuer.keySource))
            ready(
                Introduction(
                    resource: resource, port: server.port, issuer: issuer, tokenCommand: embedded.tokenCommand
                ).text)
            try await serve([server, issuerServer])
        }
    }

    private func serve(_ servers: [ListeningServer]) async throws {
        try await withThrowingTaskGroup { group in
            for server in servers { group.addTask { try await server.run() } }
            try await group.waitForAll()
        }
    }

    /// The MCP handler behind the guard.
    private func protect(
        _ resource: ResourceIdentifier, issuer: IssuerIdentifier, keys: some KeySource
    ) throws -> some HTTPHandler {
        let validation = try JWTValidation(issuer: issuer.text, resource: resource.text)
        var configuration = ResourceServerConfiguration(
            resource: resource.text, authorizationServers: [issuer.text], requiredScopes: options.requiredScopes.tokens)
        configuration.insecureHTTP = .loopback
        configuration.operationScopes = Notebook.scopeRules
        configuration.scopeImplications = Notebook.scopeImplications
        let guarding = try ResourceServer(
            configuration, verifier: JWTTokenVerifier([.init(validation, keys: keys)]), observer: observer)
        let mcp = MCPHandler(path: resource.url.path)
        return guarding.protecting { request, principal in
            try await mcp.respond(to: request, principal: principal)
        }
    }

    private func resource(on port: UInt16) throws -> ResourceIdentifier {
        if let resource = options.resource { return resource }
        return try ResourceIdentifier("http://\(host):\(port)\(MCPHandler.defaultPath)", insecureHTTP: .loopback)
    }

    // MARK: Authorization servers

    /// The keys of a real authorization server. Fetched once before anything listens, so that a wrong URL shows at once.
    private func fetchedKeys(of issuer: IssuerIdentifier) async throws -> RemoteKeySet {
        let failure = Mutex<KeyFetchFailure?>(nil)
        let keys = RemoteKeySet(of: issuer, fetcher: CurlFetcher(insecureHTTP: .loopback)) {
            [observer] event in
            observer(event)
            if case .keyRefreshFailed(let reason) = event { failure.withLock { $0 = reason } }
        }
        do {
            _ = try await keys.keys(for: .noKeys)
        } catch {
            let code = failure.withLock { $0?.code } ?? "unavailable"
            throw StartError(line: "--issuer \(issuer.text): its keys cannot be fetched (\(code))")
        }
        return keys
    }

    /// An authorization server that approves everybody.
    private func authorizationServer(
        on port: UInt16, for resource: ResourceIdentifier
    ) throws -> (server: DevelopmentAuthorizationServer, tokenCommand: String) {
        try DevelopmentAuthorizationServer.checkBindAddress(host)
        var settings = DevelopmentServerSettings()
        settings.accessTokenLifetime = options.tokenLifetime
        settings.defaultScopes = options.requiredScopes
        settings.defaultResource = resource.text
        // Making an RSA key would take longer than everything else before the ready line.
        settings.algorithm = .es256
        let server = try DevelopmentAuthorizationServer(issuer: "http://\(host):\(port)", settings: settings)
        let curl = try server.registerClient("curl")
        return (server, server.tokenCommand(for: curl, resource: resource.text, scopes: options.requiredScopes))
    }

    // MARK: Listening

    private func listen(_ port: UInt16, flag: String) throws -> (server: ListeningServer, handler: LateHandler) {
        let handler = LateHandler()
        do {
            return (try HTTPServer(host: host, port: port, handler: handler).listen(), handler)
        } catch {
            throw StartError(line: "\(flag) \(port): \(error)")
        }
    }
}
