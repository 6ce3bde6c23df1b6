internal import JOSE
internal import WireFormat

extension ResourceServerConfiguration {
    /// The configuration that the environment of this process describes: see ``init(environment:)``.
    ///
    /// - Throws: ``ConfigurationError`` with every fault.
    public static func fromEnvironment() throws(ConfigurationError) -> Self {
        try Self(environment: ProcessEnvironment.variables())
    }

    /// The configuration that an environment describes. Names that do not begin with `OAUTH_` are not looked at; any other
    /// one that is not in this table is a fault. A list is separated by commas, white space or both. Files are read at once.
    ///
    /// | name | value |
    /// |---|---|
    /// | `OAUTH_MODE` | `enforced` (default), `shadow`, `static`, `disabled` |
    /// | `OAUTH_RESOURCE` | the public URL of this server; always needed |
    /// | `OAUTH_ISSUERS` | the issuers, first choice first; needed when enforced or in shadow mode |
    /// | `OAUTH_AUDIENCES` | what tokens call this resource, besides its URL; holds for every issuer |
    /// | `OAUTH_JWKS_URL` | where the keys of the one issuer stand, when they are not to be discovered |
    /// | `OAUTH_ALGORITHMS` | what tokens may be signed with (RS256, ES256) |
    /// | `OAUTH_REQUIRED_SCOPES` | the scopes that every request needs |
    /// | `OAUTH_SCOPES_SUPPORTED` | the scopes to advertise; the required ones, when not set |
    /// | `OAUTH_CLOCK_SKEW` | how far clocks may differ: 0 to 300 seconds (60) |
    /// | `OAUTH_TOKEN_PROFILE` | `default`, or `rfc9068` for `at+jwt` alone |
    /// | `OAUTH_INTROSPECTION_URL` | the endpoint of the one issuer to ask about tokens that are no JWTs |
    /// | `OAUTH_INTROSPECTION_CLIENT_ID` | as whom to ask |
    /// | `OAUTH_INTROSPECTION_CLIENT_SECRET` | the secret of that client (`client_secret_basic`), or |
    /// | `OAUTH_INTROSPECTION_CLIENT_SECRET_FILE` | a file whose content it is |
    /// | `OAUTH_STATIC_TOKENS_FILE` | a file of lines `name:hash` or `name:hash:scopes`, see ``StaticTokenList``; needed in static mode |
    /// | `OAUTH_DPOP` | `off`: `optional` and `required` are not supported yet |
    /// | `OAUTH_ALLOWED_ORIGINS` | the origins of web pages that may call the server |
    /// | `OAUTH_ALLOW_INSECURE_HTTP` | `never` (default), or `loopback` for http to this machine |
    /// | `OAUTH_ALLOW_PRIVATE_HOSTS` | hosts to fetch from although their addresses are private |
    ///
    /// A disabled guard admits everybody as `anonymous`, and only to a resource on a loopback host: anything wider is said in
    /// code. What is set for another mode is checked all the same, and refused in static mode.
    ///
    /// - Throws: ``ConfigurationError`` with every fault, its setting the name in the environment. No value is shown.
    public init(environment: [String: String]) throws(ConfigurationError) {
        var reader = EnvironmentReader(environment)
        let resource = reader.required(
            .resource, "give it the public URL of this server, such as https://mcp.example.com/mcp")
        self.init(resource: resource ?? "", issuers: [], requiredScopes: reader.list(.requiredScopes))
        if reader.has(.scopesSupported) { scopesSupported = reader.list(.scopesSupported) }
        allowedOrigins = reader.list(.allowedOrigins)
        insecureHTTP = reader.choice(.insecureHTTP, ["never": .never, "loopback": .loopback]) ?? .never
        privateHosts = reader.list(.privateHosts)
        readIssuers(&reader)
        readIntrospection(&reader)
        readMode(&reader)
        readStaticTokens(&reader)
        if reader.choice(.proofOfPossession, ["off": false, "optional": true, "required": true]) == true {
            reader.fault(.proofOfPossession, "is not supported yet; remove it, or set it to off")
        }
        reader.add(faults(hasObserver: true).map(Self.inEnvironment))
        guard reader.faults.isEmpty else { throw ConfigurationError(reader.faults) }
    }

    private mutating func readIssuers(_ reader: inout EnvironmentReader) {
        let names = reader.list(.issuers)
        let audiences = reader.list(.audiences)
        let algorithms = reader.algorithms()
        let clockSkew = reader.number(.clockSkew, JWTPolicy.clockSkews, "seconds")
        let profile = reader.choice(.tokenProfile, ["default": JWTPolicy.Profile.default, "rfc9068": .rfc9068])
        let keys = reader.text(.keySetURL).map { IssuerConfiguration.Keys.url($0) }
        if names.count > 1, reader.has(.keySetURL) {
            reader.fault(
                .keySetURL,
                "is one key set for the several issuers of OAUTH_ISSUERS; remove it, so that the keys of each are found, or "
                    + "name one issuer")
        }
        issuers = names.map { name in
            var issuer = IssuerConfiguration(name, audiences: audiences, keys: keys ?? .discovered)
            issuer.policy.algorithms = algorithms ?? issuer.policy.algorithms
            issuer.policy.clockSkew = clockSkew ?? issuer.policy.clockSkew
            issuer.policy.profile = profile ?? issuer.policy.profile
            return issuer
        }
        authorizationServers = names
    }

    private mutating func readIntrospection(_ reader: inout EnvironmentReader) {
        guard reader.has(.introspectionURL) else {
            let rest: [EnvironmentVariable] = [
                .introspectionClientID, .introspectionClientSecret, .introspectionClientSecretFile,
            ]
            for variable in rest where reader.has(variable) {
                reader.fault(variable, "is set without OAUTH_INTROSPECTION_URL; set that too, or remove this")
            }
            return
        }
        if issuers.count > 1 {
            reader.fault(
                .introspectionURL,
                "is the endpoint of one issuer, and OAUTH_ISSUERS names several; name that one alone")
        }
        let clientID = reader.required(.introspectionClientID, "name the client as which this server asks")
        let secret = reader.clientSecret()
        // What is missing was reported; the rest is checked all the same, with something in its place.
        guard let endpoint = reader.text(.introspectionURL), let secret = secret ?? (try? ClientSecret("-")) else {
            return
        }
        let issuer = issuers.first ?? IssuerConfiguration("-")
        introspection = IntrospectionConfiguration(
            endpoint: endpoint, issuer: issuer.issuer, resource: nil,
            credentials: .basic(clientID: clientID ?? "-", secret))
        introspection?.audiences = issuer.policy.audiences
        introspection?.clockSkew = issuer.policy.clockSkew
    }

    private mutating func readStaticTokens(_ reader: inout EnvironmentReader) {
        guard let path = reader.text(.staticTokensFile) else { return }
        do throws(ConfigurationError) {
            staticTokens = try StaticTokenList(file: path)
        } catch {
            reader.add(error.faults.map(Self.inEnvironment))
        }
    }

    private mutating func readMode(_ reader: inout EnvironmentReader) {
        let modes: KeyValuePairs<String, GuardMode> = [
            "enforced": .enforced, "shadow": .shadow, "static": .staticTokens,
            "disabled": .disabled(anonymousAs: "anonymous"),
        ]
        // Of a mode that there is not, nobody can say what else it needs.
        guard let chosen = reader.has(.mode) ? reader.choice(.mode, modes) : .enforced else { return }
        mode = chosen
        switch chosen {
        case .enforced, .shadow:
            _ = reader.required(
                .issuers, "name the authorization server that clients log in to, as in the iss of its tokens")
            if reader.has(.staticTokensFile) {
                reader.fault(.staticTokensFile, "is read with OAUTH_MODE=static alone; set that, or remove this")
            }
        case .staticTokens:
            _ = reader.required(.staticTokensFile, "make a token with mcp-auth static-token new, and name the file")
            for variable in EnvironmentVariable.ofIssuers where reader.has(variable) {
                reader.fault(
                    variable, "is about the tokens of an issuer; with OAUTH_MODE=static there is none: remove it")
            }
        case .disabled: break
        }
    }

    /// A fault as an operator knows its setting who has written no code.
    private static func inEnvironment(_ fault: ConfigurationError.Fault) -> ConfigurationError.Fault {
        // A position in a list, and what stands behind the setting: `issuers[1].keys`, `staticTokens line 3`.
        let bytes = Array(fault.setting.utf8)
        let tail = bytes.drop { $0 != UInt8(ascii: " ") }
        let name = bytes[..<tail.startIndex].filter { !ASCII.isDigit($0) && !"[]".utf8.contains($0) }
        guard let variable = variables[String(decoding: name, as: UTF8.self)] else { return fault }
        let position = ASCII.parseDecimal(bytes[..<tail.startIndex].filter { ASCII.isDigit($0) })
        let isEntry = bytes[..<tail.startIndex].last == UInt8(ascii: "]")
        let entry = position.map { isEntry ? " entry \($0 + 1)" : "" } ?? ""
        let explanation =
            switch variable {
            case .mode:
                "is disabled while OAUTH_RESOURCE is on no loopback host, so that anybody could do anything; use "
                    + "http://127.0.0.1:<port> for it, or another mode"
            case .issuers, .keySetURL, .introspectionURL:
                fault.explanation.utf8.starts(with: "uses http".utf8)
                    ? "uses http; use https, or for a loopback host set OAUTH_ALLOW_INSECURE_HTTP to loopback"
                    : fault.explanation
            default: fault.explanation
            }
        return .init(variable.rawValue + entry + String(decoding: tail, as: UTF8.self), explanation)
    }

    private static let variables: [String: EnvironmentVariable] = [
        "allowedOrigins": .allowedOrigins, "authorizationServers": .issuers, "introspection.audiences": .audiences,
        "introspection.clientID": .introspectionClientID, "introspection.clockSkew": .clockSkew,
        "introspection.credentials": .introspectionClientSecret, "introspection.endpoint": .introspectionURL,
        "introspection.issuer": .issuers, "issuers": .issuers, "issuers.algorithms": .algorithms,
        "issuers.audiences": .audiences,
        "issuers.clockSkew": .clockSkew, "issuers.keys": .keySetURL, "mode": .mode, "privateHosts": .privateHosts,
        "requiredScopes": .requiredScopes, "resource": .resource, "scopesSupported": .scopesSupported,
        "staticTokens": .staticTokensFile,
    ]
}

extension EnvironmentVariable {
    /// What has a meaning only where tokens come from an issuer.
    fileprivate static let ofIssuers: [EnvironmentVariable] = [
        .issuers, .audiences, .keySetURL, .algorithms, .scopesSupported, .clockSkew, .tokenProfile, .introspectionURL,
        .introspectionClientID, .introspectionClientSecret, .introspectionClientSecretFile, .insecureHTTP,
        .privateHosts,
    ]
}

extension EnvironmentReader {
    /// The allowed algorithms; nil when the variable is not set.
    fileprivate mutating func algorithms() -> [SignatureAlgorithm]? {
        let names = list(.algorithms)
        let algorithms = names.map { SignatureAlgorithm(name: $0) }
        for (index, algorithm) in algorithms.enumerated() where algorithm == nil {
            let known = SignatureAlgorithm.all.map(\.name).joined(separator: ", ")
            add([
                .init(
                    "\(EnvironmentVariable.algorithms.rawValue) entry \(index + 1)",
                    "is none of \(known); choose among these (HMAC and none are never accepted)")
            ])
        }
        return names.isEmpty || algorithms.contains(nil) ? nil : algorithms.compactMap { $0 }
    }

    /// The secret for introspection.
    fileprivate mutating func clientSecret() -> ClientSecret? {
        let (plain, file) = (
            EnvironmentVariable.introspectionClientSecret, EnvironmentVariable.introspectionClientSecretFile
        )
        if has(plain), has(file) {
            fault(file, "is set beside \(plain.rawValue); keep one of them")
            return nil
        }
        if !has(plain), !has(file) {
            fault(plain, "is not set, nor is \(file.rawValue); give the secret of the client as which this server asks")
            return nil
        }
        let source = has(plain) ? plain : file
        guard let text = text(source) else { return nil }
        do throws(ClientSecretError) {
            return try has(plain) ? ClientSecret(text) : ClientSecret(file: text)
        } catch {
            fault(source, error.explanation)
            return nil
        }
    }
}
