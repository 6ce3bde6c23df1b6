import TokenVerification

/// A verifier for tests whose requests are refused before a token is verified.
struct StubVerifier: TokenVerifier {
    func verify(_ token: PresentedToken) async throws(TokenRejection) -> AccessToken {
        throw .invalid(.other(code: "stub"))
    }
}
