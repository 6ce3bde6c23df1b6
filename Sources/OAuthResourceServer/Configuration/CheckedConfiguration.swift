internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// A ``ResourceServerConfiguration`` after its one check: all that the guard uses.
///
/// It is a class, so that copying a guard (once per request) copies one reference.
final class CheckedConfiguration: Sendable {
    /// Which verifier decides about tokens.
    enum Verification: Sendable {
        /// The verifiers that the `tokens` of the configuration describe.
        case configured
        /// A verifier that the program gave, with the issuers that it trusts.
        case own([TrustedIssuer])
        /// The program gave no verifier.
        case missing
    }

    let resource: ResourceIdentifier
    let tokens: CheckedTokens
    let hints: RefusalHints
    let proxies: ProxyWatch
    let events: ResourceServerConfiguration.Events
    /// The names of this server in introspection responses, besides the resource.
    let introspectionAudiences: [String]
    let tokenLimit: Int
    let scopes: ScopeRules
    let routes: RouteTable
    let browsers: BrowserPolicy
    let bindings: CheckedBindings
    let proofTargets: ProofTargets
    let sessions: SessionBinding
    let streams: ResourceServerConfiguration.Streams
    let mutualTLS: CheckedMutualTLS
    let metadata: CheckedMetadata
    let answers: Answers
    let mode: ResourceServer.Mode
    let clocks: Clocks

    /// Checks a configuration.
    ///
    /// - Parameter found: Faults that were found elsewhere. They are reported together with the others.
    /// - Throws: ``ConfigurationError`` with every fault.
    init(
        _ configuration: ResourceServerConfiguration, _ verification: Verification, hasObserver: Bool,
        found: ConfigurationFaults = []
    ) throws(ConfigurationError) {
        var faults = configuration.origin.faults + found
        let resource = Self.checkResource(configuration, &faults)
        let tokens = CheckedTokens(configuration, verification, &faults)
        let bindings = CheckedBindings(configuration, &faults)
        let scopes = ScopeRules(configuration.requirements, resourcePath: resource?.url.path, &faults)
        let metadata = CheckedMetadata(configuration, resource, tokens, scopes, bindings, verification, &faults)
        Self.checkMode(configuration.mode, of: resource, verification, hasObserver: hasObserver, &faults)
        let checkedBrowsers = CheckedBrowsers(configuration, resource, &faults)
        configuration.requirements.checkRoutes(of: resource, &faults)
        let realm = Self.checkRealm(configuration, &faults)
        if !ResourceServerConfiguration.Tokens.sizes.contains(configuration.tokens.maximumBytes) {
            faults.add(
                .tokens + "maximumBytes", "is outside \(ResourceServerConfiguration.Tokens.sizes.text) bytes",
                "choose a size in this range")
        }
        configuration.streams.check(&faults)
        let mutualTLS = CheckedMutualTLS(configuration.mutualTLS, &faults)
        if case .bound = configuration.sessions, !HMACSHA256.isAvailable {
            faults.add(
                .sessions, "need HMAC-SHA-256, which libcrypto does not have here",
                "install an OpenSSL with its default provider")
        }

        guard faults.isEmpty, let resource, let metadata else {
            throw ConfigurationError(configuration.origin.relevant(faults), shownBy: configuration.origin.renderer)
        }
        self.resource = resource
        self.tokens = tokens
        hints = RefusalHints(configuration.tokens.issuers)
        proxies = ProxyWatch(resource, metadataURL: metadata.isServed ? metadata.url : nil)
        events = configuration.events
        introspectionAudiences = configuration.tokens.introspection?.audiences ?? []
        tokenLimit = configuration.tokens.maximumBytes
        self.scopes = scopes
        routes = RouteTable(configuration.requirements.routes)
        browsers = BrowserPolicy(resource, checkedBrowsers)
        self.bindings = bindings
        proofTargets = ProofTargets(resource)
        sessions = configuration.sessions
        streams = configuration.streams
        self.mutualTLS = mutualTLS
        self.metadata = metadata
        answers = Answers(
            realm: realm,
            resourceMetadata: metadata.isServed ? BearerChallenge.QuotableText(metadata.url) : nil,
            body: configuration.responses.body, bindings: bindings, usualScope: scopes.usualScopesToRequest)
        mode = configuration.mode
        clocks = configuration.clocks
    }

    private static func checkResource(
        _ configuration: ResourceServerConfiguration, _ faults: inout ConfigurationFaults
    ) -> ResourceIdentifier? {
        let setting = ConfigurationError.Path.resource
        let resource: ResourceIdentifier
        do throws(IdentifierError) {
            // Plain http on a loopback host is always accepted, for development.
            let accepted = configuration.tokens.fetching.insecureHTTP
            resource = try ResourceIdentifier(
                configuration.resource, insecureHTTP: accepted == .never ? .loopback : accepted)
        } catch {
            faults.append(.init(setting, error, example: "https://mcp.example.com/mcp", insecureHTTP: nil))
            return nil
        }
        let url = resource.url
        if url.path.utf8.starts(with: WellKnown.prefix.utf8),
            !configuration.metadata.handlerPaths.contains(where: url.path.hasSameBytes)
        {
            faults.add(
                setting, "is below \(WellKnown.prefix), where the guard itself answers", "choose another path")
        }
        if let address = url.addressBytes, address.allSatisfy({ $0 == 0 }) {
            faults.add(setting, "names the unspecified address, to which clients cannot connect", "use a host name")
        }
        return resource
    }

    private static func checkMode(
        _ mode: ResourceServer.Mode, of resource: ResourceIdentifier?, _ verification: Verification,
        hasObserver: Bool, _ faults: inout ConfigurationFaults
    ) {
        guard case .disabled(let name, let reach) = mode else {
            if case .missing = verification {
                faults.add(
                    "verifier", "is missing", "pass a verifier, or use the mode .disabled, which verifies no token")
            }
            if mode == .shadow, !hasObserver {
                faults.add(
                    "observer", "is missing, so that the results of shadow mode would be lost", "pass an observer")
            }
            return
        }
        if !hasObserver {
            faults.add("observer", "is missing, but a disabled guard must be reported", "pass an observer")
        }
        let isPrintable = name.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        if !(1...64).contains(name.utf8.count) || !isPrintable {
            faults.add(
                .mode, "has an anonymous name that is not 1…64 printable ASCII characters", "choose another name")
        }
        if reach == .loopbackOnly, let url = resource?.url, !url.isLoopback {
            faults.add(
                .mode,
                "is disabled while \(.resource) is not on a loopback host: every client could do everything",
                "use http://127.0.0.1:<port> there, or "
                    + "\(code: "set reach: .iKnowThisIsPublic", environment: "another mode")"
            )
        }
    }

    private static func checkRealm(
        _ configuration: ResourceServerConfiguration, _ faults: inout ConfigurationFaults
    ) -> BearerChallenge.QuotableText? {
        let fallback = configuration.mode == .staticTokens ? configuration.resource : nil
        guard let text = configuration.responses.realm ?? fallback else { return nil }
        let realm = BearerChallenge.QuotableText(text)
        if realm == nil, configuration.responses.realm != nil {
            faults.add(
                .responses + "realm", "holds control or non-ASCII characters, which a challenge cannot carry",
                "use printable ASCII")
        }
        return realm
    }
}

extension ConfigurationError.Path {
    /// The members of ``ResourceServerConfiguration``.
    static let resource: Self = "resource"
    static let tokens: Self = "tokens"
    static let requirements: Self = "requirements"
    static let browsers: Self = "browsers"
    static let sessions: Self = "sessions"
    static let streams: Self = "streams"
    static let mutualTLS: Self = "mutualTLS"
    static let metadata: Self = "metadata"
    static let responses: Self = "responses"
    static let mode: Self = "mode"
}
