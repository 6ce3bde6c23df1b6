extension ResourceServer {
    /// What the guard does with tokens. Every mode but ``enforced`` must be chosen explicitly: no other setting, and no
    /// combination of settings, ends the verification of tokens.
    public enum Mode: Sendable, Hashable {
        /// Requests without a good token are refused.
        case enforced
        /// Tokens are verified and the result is reported, but every request proceeds: with the token's principal if
        /// the token is good, otherwise anonymously. This mode shows what enforcing would do to a server in use.
        /// Requires an observer, which gets ``ResourceServerEvent/guardInShadow`` when the guard is created. `Origin`
        /// and `Host` are still enforced. Sessions are not bound, and event streams do not end with their tokens.
        case shadow
        /// Enforced, for pre-shared tokens instead of tokens of an authorization server. There is no metadata document
        /// (404), and the challenge is a plain `Bearer realm="…"`.
        case staticTokens
        /// The guard does not look at tokens. Every request that `reach` allows proceeds as an anonymous principal of
        /// this name (1…64 printable ASCII bytes). The mode is reported when the guard is created, and requires an
        /// observer.
        case disabled(anonymousAs: String, reach: Reach = .loopbackOnly)

        /// From where a guard in this mode may be reached.
        public enum Reach: Sendable, Hashable {
            /// The resource is on a loopback host, and the server listens only on loopback addresses and Unix-domain
            /// sockets. A request whose listener is not known to be one of these is refused. Do not put a proxy in
            /// front: it would make the server reachable from the network.
            case loopbackOnly
            /// Every client that reaches the server may do everything.
            case iKnowThisIsPublic
        }
    }
}
