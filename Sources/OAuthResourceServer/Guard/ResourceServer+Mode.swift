extension ResourceServer {
    /// What the guard does with a bad token. Every mode but ``enforced`` is named in the program: no other setting, and no
    /// combination of settings, lets a request through.
    public enum Mode: Sendable, Hashable {
        /// Requests without a good token are refused.
        case enforced
        /// Tokens are verified and the result is reported, but every request goes on: with its principal if the token is good,
        /// else anonymously. For finding out what enforcing would do to a server in use. Needs an observer. `Origin` and
        /// `Host` are enforced as ever.
        case shadow
        /// Enforced, for pre-shared tokens instead of those of an authorization server: there is no metadata document (404), and
        /// the challenge is a plain `Bearer realm="…"`.
        case staticTokens
        /// Tokens are not looked at: every request goes on as an anonymous principal of this name (1…64 printable ASCII bytes),
        /// wherever `reach` allows. Reported at construction; needs an observer.
        case disabled(anonymousAs: String, reach: Reach = .loopbackOnly)

        /// From where a guard that checks nothing may be reached.
        public enum Reach: Sendable, Hashable {
            /// The resource is on a loopback host, and the server listens on loopback addresses and Unix-domain sockets only. A
            /// proxy in front would undo this: have none.
            case loopbackOnly
            /// Everybody who reaches the server may do everything.
            case iKnowThisIsPublic
        }
    }
}
