internal import HTTPMessages
public import OAuthResourceServer
public import SafeFetch
public import TokenVerification

extension ResourceServer {
    /// A guard for the JWT access tokens of one issuer. Its keys are discovered (RFC 8414) at first use.
    ///
    /// - Parameters:
    ///   - resource: The public URL of the server. It is the audience that tokens must name.
    ///   - issuer: The issuer identifier of the authorization server.
    ///   - requiredScopes: The scopes that every request needs.
    ///   - observer: Receives every event. By default, a line is written to the standard error for each refusal and
    ///     each fault of an issuer.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault.
    public init(
        resource: String, issuer: String, requiredScopes: [String] = [],
        observer: ResourceServerEvent.Observer? = LineLogger.standardError.observe
    ) throws(ConfigurationError) {
        try self.init(
            ResourceServerConfiguration(
                resource: resource, issuers: [IssuerConfiguration(issuer)], requiredScopes: requiredScopes),
            observer: observer)
    }

    /// A guard that fetches from its issuers with libcurl, with the permissions of its configuration and no others.
    ///
    /// - Parameters:
    ///   - configuration: The resource, the issuers of its tokens, and what requests need.
    ///   - certificateAuthorities: The authorities to trust for issuers; nil for those of the configuration.
    ///   - observer: Receives every event. By default, a line is written to the standard error for each refusal and
    ///     each fault of an issuer.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault.
    public init(
        _ configuration: ResourceServerConfiguration, certificateAuthorities: CertificateAuthorityFile? = nil,
        observer: ResourceServerEvent.Observer? = LineLogger.standardError.observe
    ) throws(ConfigurationError) {
        try self.init(
            configuration,
            found: CurlFetcher.faultyFiles(
                of: configuration.tokens.fetching, certificateAuthorities: certificateAuthorities),
            makeFetcher: { settings throws(ConfigurationError) -> any DocumentFetcher in
                try CurlFetcher.loadLibraryOrFault(for: configuration.tokens)
                return try CurlFetcher.configured(by: settings, certificateAuthorities: certificateAuthorities)
            },
            observer: observer)
    }

    /// A guard that is configured by the environment variables of this process: `OAUTH_RESOURCE`, `OAUTH_ISSUERS` and
    /// others. See ``OAuthResourceServer/ResourceServerConfiguration/init(environment:)``.
    ///
    /// - Parameters:
    ///   - certificateAuthorities: The authorities to trust for issuers; nil for those of `OAUTH_CA_FILE`, or of the
    ///     system.
    ///   - observer: Receives every event. By default, a line is written to the standard error for each refusal and
    ///     each fault of an issuer.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault, named by environment variables.
    public static func fromEnvironment(
        certificateAuthorities: CertificateAuthorityFile? = nil,
        observer: ResourceServerEvent.Observer? = LineLogger.standardError.observe
    ) throws(ConfigurationError) -> ResourceServer {
        try fromEnvironment(certificateAuthorities: certificateAuthorities, observer: observer) { _ in }
    }

    /// A guard that is configured by the environment variables of this process, and by code.
    ///
    /// ```swift
    /// let resourceServer = try ResourceServer.fromEnvironment { settings in
    ///     settings.requirements.operations = [.tool("delete_*", requires: "files:write")]
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - certificateAuthorities: The authorities to trust for issuers; nil for those of `OAUTH_CA_FILE`, or of the
    ///     system.
    ///   - observer: Receives every event. By default, a line is written to the standard error for each refusal and
    ///     each fault of an issuer.
    ///   - configure: Sets what no environment variable can set, such as scopes for each MCP tool.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault, named by environment variables.
    public static func fromEnvironment(
        certificateAuthorities: CertificateAuthorityFile? = nil,
        observer: ResourceServerEvent.Observer? = LineLogger.standardError.observe,
        configure: (inout ResourceServerConfiguration) -> Void
    ) throws(ConfigurationError) -> ResourceServer {
        var configuration = ResourceServerConfiguration.fromEnvironment()
        configure(&configuration)
        return try ResourceServer(configuration, certificateAuthorities: certificateAuthorities, observer: observer)
    }
}
