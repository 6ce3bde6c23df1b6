import TokenVerification

/// A verifier for tests that never get as far as a token.
struct StubVerifier: TokenVerifier {
    func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        throw .invalid(.other(code: "stub"))
    }
}
