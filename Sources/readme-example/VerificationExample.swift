import TokenVerification

/// The README's program without HTTP: for a gRPC or WebSocket server.
func subject(of token: String, keyFile pem: String) async throws -> String? {
    let keys = JSONWebKeySet([try JSONWebKey(pem: pem)], issuer: "https://login.example.com")
    let verifier = try JWTTokenVerifier(
        issuer: "https://login.example.com", audience: "https://grpc.example.com", keys: StaticKeySource(keys))
    let accessToken = try await verifier.verify(PresentedToken(token))
    return accessToken.scopes.contains("notes:read") ? accessToken.subject : nil
}
