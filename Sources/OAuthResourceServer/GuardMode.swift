/// What the guard does with what it finds out. Anything but ``enforced`` is named in the program: no other setting, and no
/// combination of them, lets a request through.
public enum GuardMode: Sendable, Hashable {
    /// Requests without a good token are refused.
    case enforced
    /// Tokens are verified and the outcome is reported, but every request goes on: with its principal if the token is good,
    /// else anonymously. For finding out what enforcing would do to a server in use. Needs an observer, and refuses
    /// `Origin` and `Host` all the same.
    case shadow
    /// Enforced, for pre-shared tokens instead of those of an authorization server: there is no metadata document (404), and
    /// the challenge is a plain `Bearer realm="…"`. Without a configured realm it is the resource identifier.
    case staticTokens
    /// No token is looked at: every request goes on as an anonymous principal of this name (1…64 printable ASCII bytes),
    /// wherever `reach` admits. Reported at construction; needs an observer.
    case disabled(anonymousAs: String, reach: Reach = .loopbackOnly)

    /// How far a guard that checks nothing may reach.
    public enum Reach: Sendable, Hashable {
        /// The resource is on a loopback host, and the server listens on loopback addresses and Unix-domain sockets only. What a
        /// proxy in front lets in is beyond this: have none.
        case loopbackOnly
        /// Anybody who reaches the server may do anything.
        case iKnowThisIsPublic
    }
}
