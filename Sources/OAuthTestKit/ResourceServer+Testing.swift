internal import HTTPMessages
public import OAuthResourceServer
public import TokenVerification
internal import WireFormat

extension ResourceServer {
    /// A guard for tests: it accepts the tokens of a fake issuer, and fetches the keys from it in the same process.
    ///
    /// ```swift
    /// let issuer = FakeIssuer()
    /// let server = try ResourceServer(testing: issuer, requiredScopes: ["notes:read"]).protecting(handler)
    /// let response = try await server.post("/mcp", token: issuer.token(scope: "notes:read"))
    /// ```
    ///
    /// Only the network is replaced. Discovery, keys, signatures, claims, scopes and answers are those of a guard in
    /// production, with the same defaults. Nothing but the fake issuers can be reached.
    ///
    /// - Parameters:
    ///   - issuer: The issuer whose tokens are accepted. Its ``OAuthTestKit/FakeIssuer/audience`` is the resource.
    ///   - others: Further issuers whose tokens are accepted.
    ///   - requiredScopes: The scopes that every request needs.
    ///   - operations: The further scopes that MCP operations need.
    ///   - mode: What the guard does with tokens.
    ///   - dpop: Whether tokens may or must be bound to a key of the client.
    ///   - events: Records every event, so that this guard has an observer in any case.
    ///   - clock: The clock of the guard; nil for the clock of the issuer.
    ///   - configure: Changes the configuration, for example its resource or the policy of the issuer.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault.
    public init(
        testing issuer: FakeIssuer, _ others: FakeIssuer..., requiredScopes: [String] = [],
        operations: MCPScopeRules = MCPScopeRules(), mode: Mode = .enforced,
        dpop: ResourceServerConfiguration.DPoP.Mode = .off, events: EventRecorder = EventRecorder(),
        clock: FakeClock? = nil, configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws(ConfigurationError) {
        let issuers = [issuer] + others
        var configuration = ResourceServerConfiguration(
            resource: issuer.audience, issuers: issuers.map { IssuerConfiguration($0.url) },
            requiredScopes: requiredScopes)
        configuration.requirements.operations = operations
        configuration.mode = mode
        configuration.dpop.mode = dpop
        if issuers.contains(where: { $0.identifier.url.scheme == .http }) {
            configuration.tokens.fetching.insecureHTTP = .loopback
        }
        configure(&configuration)
        try self.init(configuration, issuers, events: events, clock: clock)
    }

    /// A guard with the configuration of your program, for tests: fake issuers take the place of those that it names.
    ///
    /// ```swift
    /// let issuer = FakeIssuer("https://login.example.com", audience: "https://mcp.example.com/mcp")
    /// let server = try ResourceServer(notesConfiguration(), testing: issuer).protecting(handler)
    /// ```
    ///
    /// A fake issuer takes the place of the issuer whose identifier it has. Give it the identifier that the
    /// configuration names, and the resource of the configuration as its audience. Nothing but the fake issuers can be
    /// reached.
    ///
    /// - Parameters:
    ///   - configuration: The configuration.
    ///   - issuer: A fake issuer.
    ///   - others: Further fake issuers.
    ///   - events: Records every event, so that this guard has an observer in any case.
    ///   - clock: The clock of the guard; nil for the clock of the issuer.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault.
    public init(
        _ configuration: ResourceServerConfiguration, testing issuer: FakeIssuer, _ others: FakeIssuer...,
        events: EventRecorder = EventRecorder(), clock: FakeClock? = nil
    ) throws(ConfigurationError) {
        try self.init(configuration, [issuer] + others, events: events, clock: clock)
    }

    private init(
        _ configuration: ResourceServerConfiguration, _ issuers: [FakeIssuer], events: EventRecorder, clock: FakeClock?
    ) throws(ConfigurationError) {
        var configuration = configuration
        configuration.clocks = clock?.clocks ?? issuers.first?.clocks ?? .system
        for issuer in configuration.tokens.issuers {
            guard case .url(let url) = issuer.keys else { continue }
            issuers.first { $0.url.hasSameBytes(as: issuer.issuer) }?.serveKeySet(at: url)
        }
        if let introspection = configuration.tokens.introspection, case .url(let url) = introspection.endpoint {
            issuers.first { $0.url.hasSameBytes(as: introspection.issuer) }?.serveIntrospection(at: url)
        }
        try self.init(configuration, fetcher: IssuerFetcher(issuers: issuers), observer: events.observe)
    }
}

/// Fetches from the fake issuers of a guard.
private struct IssuerFetcher: DocumentFetcher {
    let issuers: [FakeIssuer]

    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument {
        let serving = issuers.filter { $0.serves(request.url) }
        guard let last = serving.last else { throw .notResolved }
        // Several issuers may be on one origin, each with its own path.
        for issuer in serving.dropLast() where issuer.knows(request) { return try await issuer.fetch(request) }
        return try await last.fetch(request)
    }
}
