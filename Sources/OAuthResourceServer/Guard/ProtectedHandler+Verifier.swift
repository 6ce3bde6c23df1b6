package import TokenVerification

extension ProtectedHandler {
    /// The same handler behind the same guard, with another verifier. The test kit makes it, for callers without a
    /// token.
    package func replacingVerifier(
        _ replacement: (any TokenVerifier) -> any TokenVerifier
    ) -> ProtectedHandler {
        var server = server
        server.verifier = replacement(server.verifier)
        return ProtectedHandler(server: server, handler: handler)
    }

    /// The issuers of the guard's tokens.
    package var trustedIssuers: [TrustedIssuer] { server.verifier.trustedIssuers }
}

extension ProtectedResources {
    /// The same resources, each of whose guards has another verifier.
    package func replacingVerifiers(
        _ replacement: (ProtectedHandler) -> ProtectedHandler
    ) throws(ConfigurationError) -> ProtectedResources {
        try ProtectedResources(handlers.map(replacement))
    }
}
