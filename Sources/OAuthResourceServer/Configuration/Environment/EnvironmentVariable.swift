internal import TokenVerification

/// The environment variables that configure a guard. ``ResourceServerConfiguration/init(environment:)`` documents each.
package enum EnvironmentVariable: String, Sendable, Hashable, CaseIterable {
    case mode = "OAUTH_MODE"
    case resource = "OAUTH_RESOURCE"
    case issuers = "OAUTH_ISSUERS"
    case authorizationServers = "OAUTH_AUTHORIZATION_SERVERS"
    case audiences = "OAUTH_AUDIENCES"
    case keySetURL = "OAUTH_JWKS_URL"
    case algorithms = "OAUTH_ALGORITHMS"
    case requiredScopes = "OAUTH_REQUIRED_SCOPES"
    case scopesSupported = "OAUTH_SCOPES_SUPPORTED"
    case scopeClaims = "OAUTH_SCOPE_CLAIMS"
    case clockSkew = "OAUTH_CLOCK_SKEW"
    case tokenProfile = "OAUTH_TOKEN_PROFILE"
    case introspectionURL = "OAUTH_INTROSPECTION_URL"
    case introspectionClientID = "OAUTH_INTROSPECTION_CLIENT_ID"
    case introspectionClientSecret = "OAUTH_INTROSPECTION_CLIENT_SECRET"
    case introspectionClientSecretFile = "OAUTH_INTROSPECTION_CLIENT_SECRET_FILE"
    case introspectionKeyFile = "OAUTH_INTROSPECTION_KEY_FILE"
    case introspectionKeyID = "OAUTH_INTROSPECTION_KEY_ID"
    case staticTokensFile = "OAUTH_STATIC_TOKENS_FILE"
    case proofOfPossession = "OAUTH_DPOP"
    case proofNonces = "OAUTH_DPOP_NONCES"
    case proofNonceKeyFile = "OAUTH_DPOP_NONCE_KEY_FILE"
    case replayStore = "OAUTH_REPLAY_STORE"
    case allowedOrigins = "OAUTH_ALLOWED_ORIGINS"
    case allowedHosts = "OAUTH_ALLOWED_HOSTS"
    case clientCertificateField = "OAUTH_CLIENT_CERTIFICATE_FIELD"
    case trustedProxies = "OAUTH_TRUSTED_PROXIES"
    case forwardMetadata = "OAUTH_FORWARD_METADATA"
    case metadataURL = "OAUTH_METADATA_URL"
    case sessionKeyFile = "OAUTH_SESSION_KEY_FILE"
    case insecureHTTP = "OAUTH_ALLOW_INSECURE_HTTP"
    case privateHosts = "OAUTH_ALLOW_PRIVATE_HOSTS"
    case certificateAuthorityFile = "OAUTH_CA_FILE"
    case httpProxy = "OAUTH_HTTP_PROXY"

    /// The prefix of every name. An unknown name with this prefix is a fault.
    static let prefix = "OAUTH_"

    /// The path of a fault of the variable.
    var path: ConfigurationError.Path { .init([.variable(rawValue)]) }

    /// The known variable that an unknown name most likely means; nil when none is similar.
    ///
    /// Two names are similar when one contains the other at its beginning or end (`OAUTH_SCOPE` and
    /// `OAUTH_SCOPES_SUPPORTED`), or else when they share their first five letters after the prefix.
    static func nearest(to unknown: String) -> EnvironmentVariable? {
        let tail = Array(unknown.utf8.dropFirst(prefix.utf8.count))
        guard tail.count > 2 else { return nil }
        // A setting that enforces comes before one that only advertises.
        if tail == Array("SCOPE".utf8) || tail == Array("SCOPES".utf8) {
            return .requiredScopes
        }
        return allCases.first { known in
            let name = Array(known.rawValue.utf8.dropFirst(prefix.utf8.count))
            return name.starts(with: tail) || tail.starts(with: name) || name.reversed().starts(with: tail.reversed())
                || tail.reversed().starts(with: name.reversed())
        }
            ?? allCases.first { known in
                zip(known.rawValue.utf8.dropFirst(prefix.utf8.count), tail).prefix { $0 == $1 }.count >= 5
            }
    }
}
