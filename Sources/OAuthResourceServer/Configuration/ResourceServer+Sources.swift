public import HTTPMessages
internal import WireFormat

extension ResourceServer {
    /// A guard with the verifiers that the configuration describes: JWTs of its `issuers`, its `introspection` endpoint,
    /// its `staticTokens`. Keys are fetched at first use.
    ///
    /// - Parameters:
    ///   - configuration: What is protected, by whose tokens, and how.
    ///   - fetcher: How to reach issuers and endpoints, such as `CurlFetcher(permissions: configuration.fetchPermissions)`
    ///     of SafeFetch.
    ///   - observer: Told about every decision. Shadow mode and a disabled guard need one.
    /// - Throws: ``ConfigurationError`` with every fault.
    public init(
        _ configuration: ResourceServerConfiguration, fetcher: any DocumentFetcher, observer: EventObserver? = nil
    ) throws(ConfigurationError) {
        let faults = configuration.faults(hasObserver: observer != nil)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        var none: [ConfigurationError.Fault] = []
        let sources = TokenSources(configuration, &none)
        try self.init(
            checking: configuration, verifier: try sources.makeVerifier(fetcher: fetcher, observer: observer),
            observer: observer)
    }
}

extension ResourceServerConfiguration {
    /// Every fault of the configuration as a whole, its token sources included.
    func faults(hasObserver: Bool) -> [ConfigurationError.Fault] {
        var faults: [ConfigurationError.Fault] = []
        do throws(ConfigurationError) {
            _ = try ResourceServer.check(self, hasVerifier: true, hasObserver: hasObserver)
        } catch {
            // What is wrong with an issuer is said once, where its tokens are configured.
            let twice = authorizationServers.indices.filter { index in
                issuers.contains { $0.issuer.hasSameBytes(as: authorizationServers[index]) }
            }
            let settings = twice.map { "authorizationServers[\($0)]" }
            faults = error.faults.filter { !settings.contains($0.setting) }
        }
        _ = TokenSources(self, &faults)
        return faults
    }

    /// Every fault of a configuration beside a verifier that was not made of it.
    func faults(decidingAlone verifier: (any TokenVerifier)?, hasObserver: Bool) -> [ConfigurationError.Fault] {
        var faults: [ConfigurationError.Fault] = []
        do throws(ConfigurationError) {
            _ = try ResourceServer.check(self, hasVerifier: verifier != nil, hasObserver: hasObserver)
        } catch {
            faults = error.faults
        }
        let unused = [
            ("issuers", !issuers.isEmpty), ("introspection", introspection != nil),
            ("staticTokens", staticTokens != nil),
        ]
        for (setting, isSet) in unused where isSet {
            faults.append(
                .init(setting, "is set beside a verifier of your own, which never looks at it; give a fetcher instead"))
        }
        return faults
    }
}
