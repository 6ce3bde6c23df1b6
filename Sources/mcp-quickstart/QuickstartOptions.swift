import OAuthClientMetadata
import ResourceServerKit

/// The configuration of the quickstart: its ports, and the guard's `OAUTH_*` variables. A flag replaces its variable.
struct QuickstartOptions {
    /// The port of the MCP server; 0 means any free port.
    var port: UInt16 = 8080
    /// The port of the embedded authorization server; 0 means any free port.
    var issuerPort: UInt16 = 9000
    /// The port of health, readiness and metrics; 0 means any free port, and nil means that they are not served.
    var operationsPort: UInt16?
    /// The lifetime of the embedded authorization server's tokens in seconds.
    var tokenLifetime = 3600
    /// Whether the MCP server begins sessions.
    var beginsSessions = false
    /// Whether the embedded authorization server asks a person before it issues a code.
    var asksForConsent = false
    /// The hosts whose clients the consent page shows as verified.
    var verifiedClientHosts: [DomainRule] = []
    /// Whether client ID metadata documents may be on this machine.
    var allowsLoopbackClients = false
    /// The certificate authorities to trust; nil means those of the system.
    var certificateAuthorities: CertificateAuthorityFile?
    /// The variables for ``ResourceServerConfiguration/init(environment:)``. Values that depend on a port are added
    /// later.
    private(set) var environment: [String: String] = [:]
    private var givenFlags: [(flag: String, variable: String)] = []
    /// The faults of the flags, one line each.
    private(set) var faults: [String] = []

    /// The text that `--help` prints.
    static let help = """
        Usage: mcp-quickstart [options]

        An MCP server behind OAuth 2.1, with an authorization server for development.

          --port N                    port of the MCP server, 0 for any free one (8080)
          --issuer-port N             port of the authorization server, 0 for any free one (9000)
          --operations-port N         also serve /healthz, /readyz and /metrics, on this port
          --issuer URL                use this authorization server instead of the embedded one; repeatable
          --jwks-url URL              with one --issuer: the URL of its keys, instead of discovering it
          --ca-file FILE              trust these certificate authorities (PEM) instead of the system's
          --resource URL              resource identifier of the MCP server (http://127.0.0.1:<port>/mcp)
          --required-scope S          a scope that every request needs; repeatable (mcp:use)
          --dpop off|optional|required
                                      whether tokens may or must be bound to a key of the client, RFC 9449 (off)
          --dpop-nonces               with --dpop: proofs need a nonce of the server
          --sessions                  clients of MCP 2025-11-25 and earlier get a session
          --token-lifetime SECONDS    lifetime of the embedded server's tokens, 1 to 86400 (3600)
          --consent                   the embedded server asks on a page in the browser before a client gets a code
          --verified-client-host HOST with --consent: clients whose document is on this host are shown as verified;
                                      a host, or *.example.com for all below a domain; repeatable
          --dangerously-allow-loopback-clients
                                      the embedded server accepts documents of clients on this machine, http too
          --tour                      walk through a login, a step-up and refusals in this terminal, then end;
                                      no other option can be given with it
          --help                      show this text

        Everything about tokens can come from the environment too: OAUTH_ISSUERS, OAUTH_RESOURCE, OAUTH_MODE,
        OAUTH_ALLOWED_ORIGINS and so on; flags win. An issuer on http needs OAUTH_ALLOW_INSECURE_HTTP=loopback.
        """

    /// Whether this program runs its own authorization server.
    var hasEmbeddedIssuer: Bool {
        environment["OAUTH_ISSUERS"] == nil && !["static", "disabled"].contains(environment["OAUTH_MODE"] ?? "")
    }

    /// The guard's configuration.
    ///
    /// - Parameters:
    ///   - port: The port of the MCP server.
    ///   - embeddedIssuer: The issuer in this program; nil if there is none.
    func configuration(port: UInt16, embeddedIssuer: String?) -> ResourceServerConfiguration {
        var environment = environment
        if environment["OAUTH_RESOURCE"] == nil {
            environment["OAUTH_RESOURCE"] = "http://127.0.0.1:\(port)\(MCPHandler.defaultPath)"
        }
        if let embeddedIssuer {
            environment["OAUTH_ISSUERS"] = embeddedIssuer
            environment["OAUTH_ALLOW_INSECURE_HTTP"] = "loopback"
        }
        let isEnforcedForIssuers = !["static", "disabled"].contains(environment["OAUTH_MODE"] ?? "")
        if isEnforcedForIssuers {
            environment["OAUTH_REQUIRED_SCOPES"] = environment["OAUTH_REQUIRED_SCOPES"] ?? "mcp:use"
            // Clients of MCP 2025-03-26 look for the authorization server's metadata at this server.
            environment["OAUTH_FORWARD_METADATA"] = environment["OAUTH_FORWARD_METADATA"] ?? "1"
        }
        var configuration = ResourceServerConfiguration(environment: environment)
        configuration.requirements.operations = Notebook.scopeRules
        configuration.requirements.implications = Notebook.scopeImplications
        return configuration
    }

    /// Renders the faults of the configuration. A setting has the name of its flag if that was given, or else of its
    /// variable.
    var renderer: FaultRenderer {
        let flags = Dictionary(
            givenFlags.map { ($0.variable, $0.flag) }, uniquingKeysWith: { first, _ in first })
        return EnvironmentNames.renderer { flags[$0.rawValue] ?? $0.rawValue }
    }
}

/// The faults of the command line and of the configuration, one line each.
struct UsageError: Error {
    var faults: [String]
}

extension QuickstartOptions {
    /// Parses the arguments without the program's name, and the variables of the environment that begin with `OAUTH_`.
    ///
    /// ``faults`` contains only the faults of the flags. The guard checks the other values.
    init(parsing arguments: [String], environment: [String: String] = [:]) {
        var flags = CommandLineFlags(parsing: arguments, known: Self.flags)
        self.environment = environment.filter { $0.key.utf8.starts(with: "OAUTH_".utf8) }
        if let value = flags.number("--port", 0...65_535) { port = UInt16(value) }
        if let value = flags.number("--issuer-port", 0...65_535) { issuerPort = UInt16(value) }
        operationsPort = flags.number("--operations-port", 0...65_535).map { UInt16($0) }
        if let value = flags.number("--token-lifetime", 1...86_400) { tokenLifetime = value }
        beginsSessions = flags.contains("--sessions")
        asksForConsent = flags.contains("--consent")
        for text in flags.all("--verified-client-host") {
            if let rule = try? DomainRule(text) {
                verifiedClientHosts.append(rule)
            } else {
                flags.faults.append("--verified-client-host must be a host, or *. and a domain")
            }
        }
        allowsLoopbackClients = flags.contains("--dangerously-allow-loopback-clients")
        certificateAuthorities = flags.value("--ca-file", "a PEM file of certificates that can be read") {
            try? CertificateAuthorityFile(path: $0)
        }
        if !flags.contains("--ca-file"), environment["OAUTH_CA_FILE"] == nil, let path = environment["SSL_CERT_FILE"],
            !path.isEmpty
        {
            certificateAuthorities = try? CertificateAuthorityFile(path: path)
            if certificateAuthorities == nil {
                flags.faults.append("SSL_CERT_FILE must name a readable PEM file of certificates")
            }
        }
        for (flag, variable) in Self.variables {
            let values = flags.all(flag)
            guard !values.isEmpty else { continue }
            // A flag takes one value and is repeated for more. Lists are for environment variables only.
            if values.contains(where: { $0.utf8.contains { " ,\t\r\n".utf8.contains($0) } }) {
                flags.faults.append("\(flag) takes one value, without spaces and commas; repeat it for more")
            }
            self.environment[variable] = values.joined(separator: " ")
            givenFlags.append((flag, variable))
        }
        if flags.contains("--dpop-nonces") {
            self.environment["OAUTH_DPOP_NONCES"] = "on"
            givenFlags.append(("--dpop-nonces", "OAUTH_DPOP_NONCES"))
        }
        if hasEmbeddedIssuer {
            if port != 0, port == issuerPort {
                flags.faults.append("--port and --issuer-port must differ; both are \(port)")
            }
            let ofIssuers = [
                "OAUTH_JWKS_URL", "OAUTH_INTROSPECTION_URL", "OAUTH_INTROSPECTION_CLIENT_ID",
                "OAUTH_AUTHORIZATION_SERVERS",
            ]
            for name in ofIssuers where self.environment[name] != nil {
                let spelled = givenFlags.first { $0.variable == name }?.flag ?? name
                flags.faults.append("\(spelled) belongs to an issuer; name it with --issuer or OAUTH_ISSUERS")
            }
        } else {
            let embedded = [
                "--issuer-port", "--token-lifetime", "--consent", "--verified-client-host",
                "--dangerously-allow-loopback-clients",
            ]
            for flag in embedded where flags.contains(flag) {
                flags.faults.append(
                    "\(flag) is for the embedded authorization server, which is not started, because an issuer or "
                        + "another mode is set; unset OAUTH_ISSUERS and OAUTH_MODE, or leave this out")
            }
        }
        faults = flags.faults
    }

    private static let variables: KeyValuePairs = [
        "--issuer": "OAUTH_ISSUERS", "--jwks-url": "OAUTH_JWKS_URL", "--resource": "OAUTH_RESOURCE",
        "--required-scope": "OAUTH_REQUIRED_SCOPES", "--dpop": "OAUTH_DPOP",
    ]

    private static let flags = CommandLineFlags.Known(
        single: [
            "--port", "--issuer-port", "--operations-port", "--jwks-url", "--ca-file", "--resource", "--token-lifetime",
            "--dpop",
        ],
        repeatable: ["--issuer", "--required-scope", "--verified-client-host"],
        switches: ["--dpop-nonces", "--sessions", "--consent", "--dangerously-allow-loopback-clients"])
}
