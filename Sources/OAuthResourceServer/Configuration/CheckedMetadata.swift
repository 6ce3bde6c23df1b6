internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// The checked metadata: the document, and where it is served.
struct CheckedMetadata: Sendable {
    let document: ProtectedResourceMetadata
    /// Whether the mode accepts tokens of authorization servers, so that the document is served.
    let isServed: Bool
    let rootAlias: ResourceServerConfiguration.Metadata.RootAlias
    /// The configured URL of the document; nil for the well-known one.
    let location: MetadataLocation?
    let handlerPaths: [String]
    let forwarded: ResourceServerConfiguration.ForwardedMetadata?
    /// The issuer whose metadata is forwarded.
    let forwardedIssuer: IssuerIdentifier?

    /// Checks the metadata of a configuration. Returns nil without a resource.
    init?(
        _ configuration: ResourceServerConfiguration, _ resource: ResourceIdentifier?, _ tokens: CheckedTokens,
        _ scopes: ScopeRules, _ bindings: CheckedBindings, _ verification: CheckedConfiguration.Verification,
        _ faults: inout ConfigurationFaults
    ) {
        let metadata = configuration.metadata
        let servers = Self.authorizationServers(configuration, tokens, verification, &faults)
        let advertised = Self.scopes(metadata.scopesSupported, otherwise: scopes.mentioned, &faults)
        Self.checkHandlerPaths(metadata, &faults)
        rootAlias = metadata.rootAlias
        location = MetadataLocation(configuration, resource, &faults)
        handlerPaths = metadata.handlerPaths
        forwarded = metadata.forwarded
        forwardedIssuer = metadata.forwarded.flatMap { forwarded in
            servers.first { $0.text.hasSameBytes(as: forwarded.issuer) }
        }
        if let forwarded = metadata.forwarded {
            // An issuer with a fault is known too: its fault is reported where it is configured.
            let names = configuration.tokens.issuers.map(\.issuer) + (metadata.authorizationServers ?? [])
            let isKnown = forwardedIssuer != nil || names.contains { $0.hasSameBytes(as: forwarded.issuer) }
            forwarded.check(isKnown: isKnown, verification, &faults)
        }
        isServed = configuration.mode == .enforced || configuration.mode == .shadow
        guard let resource else { return nil }
        var document = ProtectedResourceMetadata(resource: resource)
        document.authorizationServers = servers
        document.scopesSupported = advertised
        metadata.describe(&document)
        // `describe` must not change members that were checked, and must not advertise `offline_access`.
        document.resource = resource
        document.authorizationServers = servers
        document.bearerMethodsSupported = ["header"]
        document.dpopSigningAlgorithms = bindings.proofAlgorithms
        document.dpopBoundAccessTokensRequired = bindings.mode == .required ? true : nil
        document.tlsClientCertificateBoundAccessTokens = configuration.mutualTLS == .off ? nil : true
        document.scopesSupported = document.scopesSupported.subtracting("offline_access")
        self.document = document
    }

    /// The URL of the document that challenges name.
    var url: String { location?.url ?? document.resource.metadataURL }

    /// The issuers to advertise: those that the configuration lists, otherwise those whose tokens are accepted.
    private static func authorizationServers(
        _ configuration: ResourceServerConfiguration, _ tokens: CheckedTokens,
        _ verification: CheckedConfiguration.Verification, _ faults: inout ConfigurationFaults
    ) -> [IssuerIdentifier] {
        let setting = ConfigurationError.Path.metadata + "authorizationServers"
        guard let list = configuration.metadata.authorizationServers else {
            return defaultServers(configuration, tokens, verification, &faults)
        }
        switch configuration.mode {
        case .enforced, .shadow:
            if list.isEmpty { faults.add(setting, "is empty", "name the issuer that clients log in to") }
        case .staticTokens:
            if !list.isEmpty {
                faults.add(setting, "is set, but the mode accepts only pre-shared tokens", "remove it")
            }
        case .disabled: break
        }
        var servers: [IssuerIdentifier] = []
        for (index, text) in list.enumerated() {
            // The URL of an issuer whose metadata is read was checked in `tokens.issuers`. A fault is reported once.
            let isChecked = configuration.tokens.issuers.contains {
                $0.issuer.hasSameBytes(as: text) && $0.keys == .discovered && $0.authorizationServer == nil
            }
            if isChecked {
                servers += tokens.issuers.filter { $0.issuer.text.hasSameBytes(as: text) }.compactMap(\.identifier)
            } else if let issuer = issuer(text, at: setting[index], configuration, &faults) {
                servers.append(issuer)
            }
            if list[..<index].contains(where: { $0.hasSameBytes(as: text) }) {
                faults.add(setting[index], "is in the list twice", "name each issuer once")
            }
        }
        return servers
    }

    /// The issuers whose tokens are accepted. Faulty ones are reported where they are configured. An issuer that is
    /// only a name cannot be advertised, so that the list is needed.
    private static func defaultServers(
        _ configuration: ResourceServerConfiguration, _ tokens: CheckedTokens,
        _ verification: CheckedConfiguration.Verification, _ faults: inout ConfigurationFaults
    ) -> [IssuerIdentifier] {
        let setting = ConfigurationError.Path.metadata + "authorizationServers"
        let remedy: ConfigurationError.Text = "name the issuer that clients log in to"
        var servers: [IssuerIdentifier] = []
        var unnamed: ConfigurationError.Text?
        for checked in tokens.issuers {
            if let identifier = checked.identifier {
                servers.append(identifier)
            } else if let index = configuration.tokens.issuers.firstIndex(where: {
                $0.issuer.hasSameBytes(as: checked.issuer.text)
            }) {
                unnamed = unnamed ?? "\((.tokens + "issuers")[index])"
            }
        }
        guard configuration.mode == .enforced || configuration.mode == .shadow else { return servers }
        let introspected = configuration.tokens.introspection?.issuer
        if let introspected, !introspected.isEmpty, configuration.tokens.issuers.isEmpty {
            if let issuer = identifier(introspected, configuration) {
                servers.append(issuer)
            } else {
                unnamed = unnamed ?? "\(.tokens + "introspection" + "issuer")"
            }
        }
        switch verification {
        case .configured:
            // When nothing can verify tokens, `CheckedTokens` reports that fault instead.
            let isElsewhere = configuration.tokens.staticTokens != nil || configuration.tokens.issuerLookUp != nil
            if configuration.tokens.issuers.isEmpty, introspected == nil, isElsewhere {
                faults.add(setting, "is missing", remedy)
            }
        case .own(let issuers):
            // Issuers in addition to a verifier are a fault that `CheckedTokens` reports.
            if issuers.isEmpty, configuration.tokens.issuers.isEmpty { faults.add(setting, "is missing", remedy) }
            for trusted in issuers {
                if let issuer = identifier(trusted.issuer, configuration) {
                    servers.append(issuer)
                } else {
                    unnamed = unnamed ?? "an issuer of the verifier"
                }
            }
        case .missing: break
        }
        if let unnamed {
            faults.add(
                setting, "is missing, but " + unnamed + " is not an https URL at which clients could find it", remedy)
        }
        return servers
    }

    private static func identifier(
        _ text: String, _ configuration: ResourceServerConfiguration
    ) -> IssuerIdentifier? {
        try? IssuerIdentifier(text, insecureHTTP: configuration.tokens.fetching.insecureHTTP)
    }

    private static func issuer(
        _ text: String, at path: ConfigurationError.Path, _ configuration: ResourceServerConfiguration,
        _ faults: inout ConfigurationFaults
    ) -> IssuerIdentifier? {
        let accepted = configuration.tokens.fetching.insecureHTTP
        do throws(IdentifierError) {
            return try IssuerIdentifier(text, insecureHTTP: accepted)
        } catch {
            faults.append(
                .init(
                    path, error, example: "https://login.example.com",
                    insecureHTTP: accepted == .never ? .insecureHTTP : nil))
            return nil
        }
    }

    /// The scopes to advertise, without `offline_access`: a client requests this scope to get a refresh token. It is
    /// not a permission of this resource.
    private static func scopes(
        _ list: [String]?, otherwise mentioned: ScopeSet, _ faults: inout ConfigurationFaults
    ) -> ScopeSet {
        guard let list else { return mentioned }
        let setting = ConfigurationError.Path.metadata + "scopesSupported"
        guard let scopes = ScopeSet(list) else {
            faults.addNotAScope(setting)
            return ScopeSet()
        }
        let advertised = scopes.subtracting("offline_access")
        if advertised.isEmpty, !scopes.isEmpty {
            faults.add(
                setting, "contains only offline_access, which is never advertised", "name the scopes of the resource")
        }
        return advertised
    }

    private static func checkHandlerPaths(
        _ metadata: ResourceServerConfiguration.Metadata, _ faults: inout ConfigurationFaults
    ) {
        for (index, path) in metadata.handlerPaths.enumerated() {
            let setting = (.metadata + "handlerPaths")[index]
            if !path.utf8.starts(with: WellKnown.prefix.utf8) {
                faults.add(setting, "does not begin with \(WellKnown.prefix)", "correct it, or remove it")
            } else if path.utf8.contains(UInt8(ascii: "?")) {
                faults.add(setting, "has a query", "name the path alone")
            } else if metadata.forwarded != nil, path.hasSameBytes(as: WellKnown.authorizationServer) {
                faults.add(setting, "is where the guard serves \(.metadata + "forwarded")", "remove one of them")
            } else if path.utf8.starts(with: WellKnown.protectedResource.utf8) {
                faults.add(setting, "is where the guard serves its metadata", "remove it")
            }
        }
    }

    /// The forwarder of the metadata; nil when none is configured.
    ///
    /// - Parameters:
    ///   - issuers: The issuers whose keys are used. Their discovery is shared.
    ///   - discover: Makes a discovery for an issuer whose keys do not use one.
    func forwarder(
        for issuers: [TrustedIssuer], discover: ((IssuerIdentifier) -> IssuerDiscovery)?
    ) -> MetadataForwarder? {
        guard let forwarded, let forwardedIssuer else { return nil }
        if case .provided(_, let read) = forwarded { return MetadataForwarder(of: forwardedIssuer, read: read) }
        let known = issuers.lazy.compactMap(\.keys.discovery).first {
            $0.issuer.text.hasSameBytes(as: forwardedIssuer.text)
        }
        return (known ?? discover?(forwardedIssuer)).map { MetadataForwarder($0) }
    }
}
