package import TokenVerification

/// Maps the members of a ``ResourceServerConfiguration`` to environment variables, so that a fault names the variable.
package enum EnvironmentNames {
    /// The keys are members as written in code, without positions in lists.
    private static let variables: [String: EnvironmentVariable] = [
        "browsers.allowedHosts": .allowedHosts,
        "browsers.allowedOrigins": .allowedOrigins,
        "dpop.mode": .proofOfPossession,
        "dpop.nonces.nonceKeys": .proofNonceKeyFile,
        "dpop.replayStore": .replayStore,
        "metadata.authorizationServers": .authorizationServers,
        "metadata.forwarded": .forwardMetadata,
        "metadata.metadataURL": .metadataURL,
        "metadata.scopesSupported": .scopesSupported,
        "mode": .mode,
        "mutualTLS": .clientCertificateField,
        "mutualTLS.at": .trustedProxies,
        "mutualTLS.field": .clientCertificateField,
        "requirements.scopes": .requiredScopes,
        "resource": .resource,
        "sessions.sessionKeys": .sessionKeyFile,
        "tokens.fetching.certificateAuthorityFile": .certificateAuthorityFile,
        "tokens.fetching.insecureHTTP": .insecureHTTP,
        "tokens.fetching.privateHosts": .privateHosts,
        "tokens.fetching.proxy": .httpProxy,
        "tokens.introspection": .introspectionURL,
        "tokens.introspection.audiences": .audiences,
        "tokens.introspection.clockSkew": .clockSkew,
        "tokens.introspection.credentials": .introspectionClientSecret,
        "tokens.introspection.credentials.clientID": .introspectionClientID,
        "tokens.introspection.endpoint": .introspectionURL,
        "tokens.introspection.issuer": .issuers,
        "tokens.introspection.scopes.claims": .scopeClaims,
        "tokens.issuers": .issuers,
        "tokens.issuers.keys": .keySetURL,
        "tokens.issuers.policy.algorithms": .algorithms,
        "tokens.issuers.policy.audiences": .audiences,
        "tokens.issuers.policy.clockSkew": .clockSkew,
        "tokens.issuers.scopes.claims": .scopeClaims,
        "tokens.staticTokens": .staticTokensFile,
    ]

    /// Makes a renderer that names environment variables in faults.
    ///
    /// - Parameter spelling: The name to show for a variable. A program may show the name of its own flag.
    package static func renderer(
        spelling: @escaping @Sendable (EnvironmentVariable) -> String = { $0.rawValue }
    ) -> FaultRenderer {
        FaultRenderer(environmentNames: { name(of: $0, spelling) })
    }

    /// The variable that sets the member at a path; nil when only code can set it.
    static func variable(of path: ConfigurationError.Path) -> EnvironmentVariable? {
        if case .variable(let name)? = path.steps.first { return EnvironmentVariable(rawValue: name) }
        let members = path.steps.compactMap { step in
            if case .member(let name) = step { name } else { nil }
        }
        return variables[members.joined(separator: ".")]
    }

    private static func name(
        of path: ConfigurationError.Path, _ spelling: (EnvironmentVariable) -> String
    ) -> String {
        guard let variable = variable(of: path) else { return FaultRenderer.codeName(path) }
        switch path.steps.last {
        case .element(let index): return "\(spelling(variable)) entry \(index + 1)"
        case .line(let number): return "\(spelling(variable)) line \(number)"
        case .member, .variable, nil: return spelling(variable)
        }
    }
}

extension ResourceServerConfiguration {
    /// Where the values of a configuration come from.
    enum Origin: Sendable {
        /// From code.
        case code
        /// From an environment, with the faults that were found while reading it.
        case environment(ConfigurationFaults)

        /// The faults that were found before the configuration is checked.
        var faults: ConfigurationFaults {
            switch self {
            case .code: []
            case .environment(let faults): faults
            }
        }

        /// How faults are shown.
        var renderer: FaultRenderer {
            switch self {
            case .code: .code
            case .environment: EnvironmentNames.renderer()
            }
        }

        /// The faults to report: each line once, and no further faults of a variable that could not be read.
        func relevant(_ faults: ConfigurationFaults) -> ConfigurationFaults {
            guard case .environment(let unreadable) = self else { return faults }
            let known = Set(unreadable.compactMap { EnvironmentNames.variable(of: $0.path) })
            var lines: Set<String> = []
            return faults.enumerated().filter { index, fault in
                let isRead = EnvironmentNames.variable(of: fault.path).map { !known.contains($0) } ?? true
                return (index < unreadable.count || isRead) && lines.insert(renderer.line(fault)).inserted
            }.map(\.element)
        }
    }
}
