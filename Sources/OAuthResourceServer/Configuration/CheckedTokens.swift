internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// The checked `tokens` of a configuration, from which the verifier of a guard is made.
struct CheckedTokens: Sendable {
    /// The issuers without faults.
    private(set) var issuers: [CheckedIssuer] = []
    /// The clock skews of issuers by their identifiers.
    private(set) var clockSkews: [[UInt8]: Int] = [:]
    /// Makes the directory of further issuers; nil when there are none.
    private var others: (@Sendable (any DocumentFetcher, TokenVerificationEvent.Observer?) -> IssuerDirectory)?
    private var introspection: CheckedIntrospection?
    private let staticTokens: StaticTokenList?
    private let caching: TokenCaching
    private let clocks: Clocks
    /// The settings for a fetcher of keys and metadata.
    let fetching: FetchSettings

    /// Checks the `tokens` of a configuration, and that they match its mode.
    init(
        _ configuration: ResourceServerConfiguration, _ verification: CheckedConfiguration.Verification,
        _ faults: inout ConfigurationFaults
    ) {
        let tokens = configuration.tokens
        staticTokens = tokens.staticTokens
        caching = tokens.caching
        clocks = configuration.clocks
        fetching = tokens.fetching.check(&faults)
        guard case .configured = verification else {
            Self.checkUnused(tokens, &faults)
            return
        }
        let insecureHTTP = IssuerConfiguration.HTTPRule(fetching.permissions, setting: .insecureHTTP)
        // `CheckedConfiguration` reports an empty resource. With another text here, the check of the audiences does
        // not report the same mistake again.
        let resource = configuration.resource.isEmpty ? "unknown" : configuration.resource
        let confirmations = configuration.confirmations
        for (index, var issuer) in tokens.issuers.enumerated() {
            issuer.policy.confirmations = confirmations
            let path = (.tokens + "issuers")[index]
            if tokens.issuers[..<index].contains(where: { $0.issuer.hasSameBytes(as: issuer.issuer) }) {
                faults.add(path, "is in the list twice", "configure each issuer once")
            }
            if fetching.sendsBearerUnencrypted(for: issuer) {
                faults.add(
                    .bearer + "host", "gets the token over plain http by \(path)", "use https for this host")
            }
            let checked = issuer.check(at: path, resource: resource, insecureHTTP: insecureHTTP, &faults)
            if let checked { issuers.append(checked) }
        }
        if let lookUp = tokens.issuerLookUp {
            lookUp.check(at: .tokens + "issuerLookUp", &faults)
            others = { [timing = clocks.timing] fetcher, observer in
                IssuerDirectory(
                    lookUp,
                    check: { issuer, faults in
                        var issuer = issuer
                        issuer.policy.confirmations = confirmations
                        return issuer.check(
                            at: "issuer", resource: resource, insecureHTTP: insecureHTTP, &faults)
                    },
                    trust: { checked, keys in
                        keys.map(checked.trusted(with:))
                            ?? checked.trusted(fetcher: fetcher, timing: timing, observer: observer)
                    }, timing: timing, observer: observer)
            }
        }
        if var introspection = tokens.introspection {
            introspection.resource = introspection.resource ?? resource
            introspection.confirmations = confirmations
            clockSkews[Array(introspection.issuer.utf8)] = introspection.clockSkew
            var found: ConfigurationFaults = []
            let path = ConfigurationError.Path.tokens + "introspection"
            self.introspection = introspection.check(at: path, insecureHTTP: insecureHTTP, &found)
            // The same text in `issuers` may have the same fault, which is reported once.
            let isFaulty =
                tokens.issuers.contains { $0.issuer.hasSameBytes(as: introspection.issuer) }
                && !issuers.contains { $0.issuer.text.hasSameBytes(as: introspection.issuer) }
            faults += found.filter { !isFaulty || $0.path != path + "issuer" }
        }
        caching.check(at: .tokens + "caching", &faults)
        Self.checkMode(configuration.mode, tokens, &faults)
    }

    /// The verifier, nil when nothing is configured, and the metadata that introspection reads. Nothing is fetched
    /// yet.
    func makeVerifier(
        fetcher: any DocumentFetcher, observer: TokenVerificationEvent.Observer?
    ) -> (verifier: (any TokenVerifier)?, discovery: IssuerDiscovery?) {
        // Keys and introspection of one issuer share the source of its metadata.
        let shared = introspection?.metadataIssuer
        let isShared = { (text: String) in shared.map { $0.text.hasSameBytes(as: text) } ?? false }
        let trusted = issuers.map {
            $0.trusted(
                sharedFor: isShared($0.issuer.text) ? introspection?.purpose : nil, fetcher: fetcher,
                timing: clocks.timing, observer: observer)
        }
        let others = others.map { $0(fetcher, observer) }
        let jwt =
            trusted.isEmpty && others == nil
            ? nil
            : JWTTokenVerifier(
                checked: trusted, others: others, caching: caching, clock: clocks.wall,
                monotonicClock: clocks.monotonic)
        let opaque = introspection.map {
            IntrospectionTokenVerifier(
                checked: $0, sharing: trusted.first { isShared($0.issuer) }?.keys.discovery, fetcher: fetcher,
                clock: clocks.wall, monotonicClock: clocks.fetching, observer: observer)
        }
        return (join(jwt, opaque), opaque?.discovery)
    }

    private func join(_ jwt: JWTTokenVerifier?, _ opaque: IntrospectionTokenVerifier?) -> (any TokenVerifier)? {
        let list = staticTokens.map { StaticTokenVerifier($0) }
        switch (jwt, opaque, list) {
        case (nil, nil, nil): return nil
        case (let jwt?, nil, nil): return jwt
        case (nil, let opaque?, nil): return opaque
        case (nil, nil, let list?): return list
        default:
            // Without issuers the introspection endpoint decides about JWTs too, with or without a list of static
            // tokens.
            return RoutingTokenVerifier(
                checked: jwt, opaque: opaque, staticTokens: list,
                foreignJWTs: jwt == nil && opaque != nil ? .opaque : .refused)
        }
    }

    private static func checkMode(
        _ mode: ResourceServer.Mode, _ tokens: ResourceServerConfiguration.Tokens, _ faults: inout ConfigurationFaults
    ) {
        switch mode {
        case .enforced, .shadow:
            if tokens.issuers.isEmpty, tokens.issuerLookUp == nil, tokens.introspection == nil,
                tokens.staticTokens == nil
            {
                faults.add(
                    .tokens + "issuers", "is empty, so no token can be accepted",
                    "name the issuer that clients log in to")
            }
        case .staticTokens:
            if tokens.staticTokens == nil {
                faults.add(.tokens + "staticTokens", "is missing", "give the list of pre-shared tokens")
            }
            if !tokens.issuers.isEmpty {
                faults.add(.tokens + "issuers", "is set, but the mode accepts only pre-shared tokens", "remove it")
            }
            if tokens.issuerLookUp != nil {
                faults.add(
                    .tokens + "issuerLookUp", "is set, but the mode accepts only pre-shared tokens", "remove it")
            }
            if tokens.introspection != nil {
                faults.add(
                    .tokens + "introspection", "is set, but the mode accepts only pre-shared tokens", "remove it")
            }
        case .disabled: break
        }
    }

    /// Finds settings that the program's own verifier would not use.
    private static func checkUnused(
        _ tokens: ResourceServerConfiguration.Tokens, _ faults: inout ConfigurationFaults
    ) {
        let unused: [(ConfigurationError.Path, Bool)] = [
            ("issuers", !tokens.issuers.isEmpty), ("issuerLookUp", tokens.issuerLookUp != nil),
            ("introspection", tokens.introspection != nil),
            ("staticTokens", tokens.staticTokens != nil),
        ]
        for (setting, isSet) in unused where isSet {
            faults.add(
                .tokens + setting, "is set, but your own verifier does not use it",
                "give a fetcher instead of the verifier, or remove this")
        }
    }
}
