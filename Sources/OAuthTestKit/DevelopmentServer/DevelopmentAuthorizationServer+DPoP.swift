extension DevelopmentAuthorizationServer {
    /// Whether the server binds tokens to a key of the client (RFC 9449).
    public enum DPoP: String, Sendable, Hashable, CaseIterable {
        /// Every token is a bearer token, and `DPoP` fields are ignored.
        case off
        /// A token request with a proof gets a token that is bound to the key of the proof. One without a proof gets a
        /// bearer token, unless its code or its refresh token is bound to a key.
        case optional
        /// A token request without a proof is refused.
        case required
    }
}
