public import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import WireFormat

/// Who vouches for tokens, checked: what the verifiers of a ``ResourceServerConfiguration`` are made of.
///
/// | configured | tokens are judged by |
/// |---|---|
/// | `issuers` | the keys of the issuer that the JWT names |
/// | `introspection` | its endpoint |
/// | both | JWTs by the keys, all others by the endpoint |
/// | `staticTokens`, alone or beside them | the list, before anything else |
struct TokenSources: Sendable {
    private var issuers: [IssuerConfiguration.Parts] = []
    private var introspection: IntrospectionConfiguration?
    private let staticTokens: StaticTokenList?
    private let caching: TokenCaching

    /// Checks every setting.
    init(_ configuration: ResourceServerConfiguration, _ faults: inout [ConfigurationError.Fault]) {
        staticTokens = configuration.staticTokens
        caching = configuration.tokenCaching
        // An empty one is reported as the fault that it is, and not as an audience.
        let resource = configuration.resource.isEmpty ? "unknown" : configuration.resource
        for (index, issuer) in configuration.issuers.enumerated() {
            let path = "issuers[\(index)]"
            if configuration.issuers[..<index].contains(where: { $0.issuer.hasSameBytes(as: issuer.issuer) }) {
                faults.append(.init(path, "is there already; configure each issuer once"))
            }
            let parts = issuer.check(
                at: path, resource: resource, insecureHTTP: configuration.insecureHTTP, &faults)
            if let parts { issuers.append(parts) }
        }
        if var introspection = configuration.introspection {
            introspection.resource = introspection.resource ?? resource
            // One permission for all: the fetcher is made from it.
            introspection.insecureHTTP = configuration.insecureHTTP
            do throws(ConfigurationError) {
                _ = try introspection.checked()
                self.introspection = introspection
            } catch {
                faults += error.faults.map { .init("introspection.\($0.setting)", $0.explanation) }
            }
        }
        Self.checkMode(configuration, &faults)
        if let fault = caching.fault { faults.append(.init("tokenCaching", fault.explanation)) }
        for (index, host) in configuration.privateHosts.enumerated() where HTTPHost(host) == nil {
            faults.append(
                .init("privateHosts[\(index)]", "is no host; write its name alone, without scheme, port and path"))
        }
    }

    /// The verifier; nil when nobody vouches for anything. Nothing is fetched yet.
    func makeVerifier(
        fetcher: any DocumentFetcher, observer: EventObserver?
    ) throws(ConfigurationError) -> (any TokenVerifier)? {
        let trusted = issuers.map { issuer in
            JWTTokenVerifier.TrustedIssuer(
                issuer.validation,
                keys: RemoteKeySet(of: issuer.issuer, at: issuer.keys, fetcher: fetcher, observer: observer),
                scopes: issuer.scopes)
        }
        let jwt = trusted.isEmpty ? nil : try JWTTokenVerifier(trusted, caching: caching)
        var opaque: IntrospectionTokenVerifier?
        if let introspection {
            opaque = try IntrospectionTokenVerifier(introspection, fetcher: fetcher, observer: observer)
        }
        let list = staticTokens.map { StaticTokenVerifier($0) }
        switch (jwt, opaque, list) {
        case (nil, nil, nil): return nil
        case (let jwt?, nil, nil): return jwt
        case (nil, let opaque?, nil): return opaque
        case (nil, nil, let list?): return list
        default:
            // Without issuers the endpoint judges JWTs too, with a list as without.
            return try FirstMatchTokenVerifier(
                jwt: jwt, opaque: opaque, staticTokens: list,
                foreignJWTs: jwt == nil && opaque != nil ? .opaque : .refused)
        }
    }

    private static func checkMode(
        _ configuration: ResourceServerConfiguration, _ faults: inout [ConfigurationError.Fault]
    ) {
        switch configuration.mode {
        case .enforced, .shadow:
            if configuration.issuers.isEmpty, configuration.introspection == nil, configuration.staticTokens == nil {
                faults.append(
                    .init("issuers", "is empty, so that no token could ever be accepted; name whose tokens are good"))
            }
        case .staticTokens:
            if configuration.staticTokens == nil {
                faults.append(.init("staticTokens", "is missing; give the list of pre-shared tokens"))
            }
            if !configuration.issuers.isEmpty {
                faults.append(.init("issuers", "is set beside pre-shared tokens, which no issuer gives out; remove it"))
            }
            if configuration.introspection != nil {
                faults.append(
                    .init("introspection", "is set beside pre-shared tokens, which no issuer knows; remove it"))
            }
        case .disabled: break
        }
    }
}

extension ResourceServerConfiguration {
    /// A server that accepts JWTs of these issuers and sends clients to them.
    ///
    /// - Parameters:
    ///   - resource: The public URL of the server; an audience of every issuer.
    ///   - issuers: The issuers, first choice first. Such as `[.keycloak(realm: "https://login.example.com/realms/x")]`.
    ///   - requiredScopes: The scopes that every request needs.
    public init(resource: String, issuers: [IssuerConfiguration], requiredScopes: [String] = []) {
        self.init(
            resource: resource, authorizationServers: issuers.map(\.issuer), requiredScopes: requiredScopes)
        self.issuers = issuers
    }

    /// What a fetcher for this configuration must be allowed, beyond https to public addresses.
    ///
    /// An entry of `privateHosts` that is not a host permits nothing; the check of the configuration reports it.
    public var fetchPermissions: FetchPermissions {
        FetchPermissions(insecureHTTP: insecureHTTP, privateHosts: privateHosts.compactMap { HTTPHost($0) })
    }
}
