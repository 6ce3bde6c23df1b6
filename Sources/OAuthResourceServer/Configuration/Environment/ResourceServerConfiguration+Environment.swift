internal import JOSE
internal import TokenVerification
internal import WireFormat

extension ResourceServerConfiguration {
    /// The configuration from the environment variables of this process: see ``init(environment:)``.
    public static func fromEnvironment() -> Self {
        Self(environment: ProcessEnvironment.variables())
    }

    /// The configuration from environment variables. Files are read immediately. Members can be changed afterwards.
    ///
    /// This initializer throws nothing. Faults of variables are reported when a ``ResourceServer`` is created with the
    /// configuration, together with all other faults, and by the names of the variables. No fault shows a value.
    ///
    /// A name without the prefix `OAUTH_` is ignored. A name with this prefix that is not in the table is a fault. The
    /// elements of a list are separated by commas, white space or both.
    ///
    /// | name | value (default) |
    /// |---|---|
    /// | `OAUTH_MODE` | `enforced` (default), `shadow`, `static`, `disabled` |
    /// | `OAUTH_RESOURCE` | the public URL of this server; always required |
    /// | `OAUTH_ISSUERS` | the issuers, in order of preference; required in the modes `enforced` and `shadow` |
    /// | `OAUTH_AUTHORIZATION_SERVERS` | the issuers that clients log in to, if `OAUTH_ISSUERS` is not their URL |
    /// | `OAUTH_AUDIENCES` | the audiences that tokens of every issuer may name, besides the resource URL |
    /// | `OAUTH_JWKS_URL` | the URL of the keys, for one issuer; then its name need not be a URL (discovered) |
    /// | `OAUTH_ALGORITHMS` | the allowed signature algorithms (RS256, ES256) |
    /// | `OAUTH_REQUIRED_SCOPES` | the scopes that every request needs |
    /// | `OAUTH_SCOPES_SUPPORTED` | the scopes to advertise (those that requests need) |
    /// | `OAUTH_SCOPE_CLAIMS` | other claims of a token whose values are scopes too: see below |
    /// | `OAUTH_CLOCK_SKEW` | the allowed difference between clocks: 0 to 300 seconds (60) |
    /// | `OAUTH_TOKEN_PROFILE` | `default`, or `rfc9068` to accept only the type `at+jwt` |
    /// | `OAUTH_INTROSPECTION_CLIENT_ID` | the client id of this server, to introspect tokens that are not JWTs |
    /// | `OAUTH_INTROSPECTION_CLIENT_SECRET` | the secret of that client |
    /// | `OAUTH_INTROSPECTION_CLIENT_SECRET_FILE` | a file that holds this secret, instead of the variable above |
    /// | `OAUTH_INTROSPECTION_KEY_FILE` | a PEM private key of that client, for `private_key_jwt` instead of a secret |
    /// | `OAUTH_INTROSPECTION_KEY_ID` | the `kid` of this key (its RFC 7638 thumbprint) |
    /// | `OAUTH_INTROSPECTION_URL` | the endpoint, for one issuer; a secret is then sent with Basic (both discovered) |
    /// | `OAUTH_STATIC_TOKENS_FILE` | a file of lines `name:hash` or `name:hash:scopes`; required in `static` |
    /// | `OAUTH_DPOP` | `off` (default), `optional`, `required`: proofs of keys, see ``DPoP`` |
    /// | `OAUTH_DPOP_NONCES` | `on`: proofs need a nonce of this server; `off` (default, unless there is a key file) |
    /// | `OAUTH_DPOP_NONCE_KEY_FILE` | a file of one or two nonce keys, one per line (random: for one instance only) |
    /// | `OAUTH_REPLAY_STORE` | `memory` (default), or the URL of a store for several instances, such as `valkey://…` |
    /// | `OAUTH_CLIENT_CERTIFICATE_FIELD` | the field in which a proxy passes on certificates: see below (none) |
    /// | `OAUTH_TRUSTED_PROXIES` | the addresses of this proxy, ranges such as `10.0.0.0/8`, or `unix` |
    /// | `OAUTH_ALLOWED_ORIGINS` | origins of web pages that may call: see ``Browsers-swift.struct/allowedOrigins`` |
    /// | `OAUTH_ALLOWED_HOSTS` | names that `Host` may have on a local server, besides loopback and the resource's |
    /// | `OAUTH_FORWARD_METADATA` | `1`, `true` or `yes`: serve the first authorization server's metadata too (no) |
    /// | `OAUTH_METADATA_URL` | the URL of the metadata that challenges name (the well-known one of the resource) |
    /// | `OAUTH_SESSION_KEY_FILE` | a file of MCP session keys, one per line (random: sessions end with the process) |
    /// | `OAUTH_ALLOW_PRIVATE_HOSTS` | the hosts to fetch from although their addresses are private |
    /// | `OAUTH_ALLOW_INSECURE_HTTP` | `never` (default), `loopback`, or `private-hosts`: also those listed above |
    /// | `OAUTH_CA_FILE` | a PEM file of the certificate authorities to trust instead of the system's |
    /// | `OAUTH_HTTP_PROXY` | an http proxy for fetching, such as `http://proxy:3128` |
    ///
    /// An entry of `OAUTH_SCOPE_CLAIMS` is the name of a claim (`permissions`) or a JSON Pointer (RFC 6901:
    /// `/realm_access/roles`). The claim is a string that is split at spaces, or an array of strings. With `/*` at the
    /// end of a pointer, the scopes are the names of the members of an object. With `=` and a prefix at the end
    /// (`groups=group:`), each scope is the prefix and the value. List only claims that the authorization server alone
    /// decides about.
    ///
    /// `OAUTH_CLIENT_CERTIFICATE_FIELD` and `OAUTH_TRUSTED_PROXIES` need each other: see
    /// ``MutualTLS/fromProxy(_:at:)``. The name of the field decides its format: `Client-Cert`,
    /// `X-Forwarded-Client-Cert`, `X-Amzn-Mtls-Clientcert`, `X-Amzn-Mtls-Clientcert-Leaf` and
    /// `X-Forwarded-Tls-Client-Cert` are as in ``ClientCertificateField``. A field of another name has the format of
    /// ``ClientCertificateField/nginx(field:)``.
    ///
    /// ``TokenVerification/StaticTokenList`` describes the file of static tokens, ``SessionKeys`` that of session keys,
    /// and ``TokenVerification/DPoPNonces`` that of nonce keys. A URL in `OAUTH_REPLAY_STORE` needs a program that sets
    /// ``DPoP/openReplayStore``. The mode `disabled` accepts every request as `anonymous`, and only for a resource on a
    /// loopback host:
    /// anything wider must be set in code.
    /// Variables of another mode are checked too. In the mode `static`, variables about issuers are faults; in
    /// `enforced` and `shadow`, the file of static tokens is.
    public init(environment: [String: String]) {
        var reader = EnvironmentReader(environment)
        let resource = reader.required(
            .resource, "give it the public URL of this server, such as https://mcp.example.com/mcp")
        self.init(resource: resource ?? "", requiredScopes: reader.list(.requiredScopes))
        metadata.metadataURL = reader.text(.metadataURL)
        if reader.has(.scopesSupported) { metadata.scopesSupported = reader.list(.scopesSupported) }
        if reader.has(.authorizationServers) { metadata.authorizationServers = reader.list(.authorizationServers) }
        browsers.allowedOrigins = reader.list(.allowedOrigins)
        browsers.allowedHosts = reader.list(.allowedHosts)
        readFetching(&reader)
        readIssuers(&reader)
        readIntrospection(&reader)
        if reader.flag(.forwardMetadata) == true {
            let server = metadata.authorizationServers?.first ?? tokens.issuers.first?.issuer
            metadata.forwarded = server.map { .discovered(issuer: $0) }
        }
        readMode(&reader)
        readStaticTokens(&reader)
        readSessionKeys(&reader)
        readProofs(&reader)
        readMutualTLS(&reader)
        origin = .environment(reader.faults)
    }

    private mutating func readFetching(_ reader: inout EnvironmentReader) {
        let choices: KeyValuePairs<String, InsecureHTTP> = [
            "never": .never, "loopback": .loopback, "private-hosts": .privateHosts,
        ]
        tokens.fetching.insecureHTTP = reader.choice(.insecureHTTP, choices) ?? .never
        tokens.fetching.privateHosts = reader.list(.privateHosts)
        tokens.fetching.certificateAuthorityFile = reader.text(.certificateAuthorityFile)
        tokens.fetching.proxy = reader.text(.httpProxy)
    }

    private mutating func readIssuers(_ reader: inout EnvironmentReader) {
        let names = reader.list(.issuers)
        let audiences = reader.list(.audiences)
        let algorithms = reader.algorithms()
        let clockSkew = reader.number(.clockSkew, of: "seconds")
        let profile = reader.choice(.tokenProfile, ["default": JWTPolicy.Profile.default, "rfc9068": .rfc9068])
        let scopes = ScopeMapping(claims: reader.scopeClaims())
        let keys = reader.text(.keySetURL).map { IssuerConfiguration.Keys.url($0) }
        if names.count > 1, reader.has(.keySetURL) {
            reader.fault(
                .keySetURL, "is set, but OAUTH_ISSUERS names several issuers",
                "remove it, so that the keys of each are discovered, or name one issuer")
        }
        // Without an issuer, the check of the configuration does not see the value.
        if names.isEmpty, let clockSkew, !JWTPolicy.clockSkews.contains(clockSkew) {
            let fault = JWTPolicy.Fault.clockSkew
            reader.fault(.clockSkew, .init(fault.reason), .init(fault.remedy))
        }
        tokens.issuers = names.map { name in
            var issuer = IssuerConfiguration(name, audiences: audiences, keys: keys ?? .discovered)
            issuer.policy.algorithms = algorithms ?? issuer.policy.algorithms
            issuer.policy.clockSkew = clockSkew ?? issuer.policy.clockSkew
            issuer.policy.profile = profile ?? issuer.policy.profile
            issuer.scopes = scopes
            return issuer
        }
    }

    private mutating func readStaticTokens(_ reader: inout EnvironmentReader) {
        guard let path = reader.text(.staticTokensFile) else { return }
        do throws(ConfigurationError) {
            tokens.staticTokens = try StaticTokenList(file: path)
        } catch {
            reader.add(error.faults.map { $0.inside(.tokens) })
        }
    }

    private mutating func readSessionKeys(_ reader: inout EnvironmentReader) {
        guard let path = reader.text(.sessionKeyFile) else { return }
        do throws(ConfigurationError) {
            sessions = .bound(try SessionKeys(file: path))
        } catch {
            reader.add(error.faults.map { $0.inside(.sessions) })
        }
    }

    private mutating func readMutualTLS(_ reader: inout EnvironmentReader) {
        guard reader.has(.clientCertificateField) || reader.has(.trustedProxies) else { return }
        let field = reader.required(
            .clientCertificateField, "name the field in which the proxy passes on certificates, or trust no proxy")
        _ = reader.required(.trustedProxies, "name the addresses of the proxy that sends the field")
        guard let field else { return }
        mutualTLS = .fromProxy(ClientCertificateField(named: field), at: reader.list(.trustedProxies))
    }

    private mutating func readMode(_ reader: inout EnvironmentReader) {
        let modes: KeyValuePairs<String, ResourceServer.Mode> = [
            "enforced": .enforced, "shadow": .shadow, "static": .staticTokens,
            "disabled": .disabled(anonymousAs: "anonymous"),
        ]
        // The required variables depend on the mode, so that an unknown mode requires none.
        guard let chosen = reader.has(.mode) ? reader.choice(.mode, modes) : .enforced else { return }
        mode = chosen
        switch chosen {
        case .enforced, .shadow:
            _ = reader.required(
                .issuers, "name the authorization server that clients log in to, as in the iss of its tokens")
            if reader.has(.staticTokensFile) {
                reader.fault(
                    .staticTokensFile, "is used only with OAUTH_MODE=static",
                    "set OAUTH_MODE=static, or remove this variable")
            }
        case .staticTokens:
            _ = reader.required(.staticTokensFile, "make a token with mcp-auth static-token new, and name the file")
            for variable in EnvironmentVariable.ofIssuers where reader.has(variable) {
                reader.fault(
                    variable, "applies to issuers, and OAUTH_MODE=static uses none", "remove it")
            }
            tokens.introspection = nil
        case .disabled: break
        }
    }
}

extension EnvironmentVariable {
    /// The variables that apply only to tokens of an issuer.
    fileprivate static let ofIssuers: [EnvironmentVariable] = [
        .issuers, .authorizationServers, .audiences, .keySetURL, .algorithms, .scopesSupported, .scopeClaims,
        .clockSkew, .tokenProfile, .introspectionURL, .introspectionClientID, .introspectionClientSecret,
        .introspectionClientSecretFile, .introspectionKeyFile, .introspectionKeyID, .insecureHTTP, .privateHosts,
        .certificateAuthorityFile, .httpProxy, .forwardMetadata, .metadataURL, .clientCertificateField, .trustedProxies,
    ]
}

extension EnvironmentReader {
    /// The allowed algorithms; nil when the variable is not set, or names an unknown one.
    fileprivate mutating func algorithms() -> [SignatureAlgorithm]? {
        let names = list(.algorithms)
        let algorithms = names.map { SignatureAlgorithm(name: $0) }
        for (index, algorithm) in algorithms.enumerated() where algorithm == nil {
            let known = SignatureAlgorithm.all.map(\.name).joined(separator: ", ")
            add([
                .init(
                    EnvironmentVariable.algorithms.path[index], "is not one of \(known)",
                    "choose among these (HMAC and none are never accepted)")
            ])
        }
        return names.isEmpty || algorithms.contains(nil) ? nil : algorithms.compactMap { $0 }
    }

    /// The claims whose values are scopes. Adds a fault for each entry that names no claim.
    fileprivate mutating func scopeClaims() -> [ScopeMapping.ClaimGrants] {
        let claims = list(.scopeClaims).map { ScopeClaimText($0)?.claim }
        for (index, claim) in claims.enumerated() where claim == nil {
            add([
                .init(
                    EnvironmentVariable.scopeClaims.path[index], "is neither the name of a claim nor a JSON Pointer",
                    "write it like permissions, /realm_access/roles, or groups=group:")
            ])
        }
        return claims.compactMap { $0 }
    }
}
