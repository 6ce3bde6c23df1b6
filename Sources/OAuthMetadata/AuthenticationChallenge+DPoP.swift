extension AuthenticationChallenge {
    /// A received DPoP challenge (RFC 9449 §7.1): the request needs a token that is bound to a key of the client, and a
    /// proof. This library sends a ``DPoPChallenge``.
    public struct DPoP: Sendable, Hashable {
        /// The parameters that a DPoP challenge shares with a Bearer challenge, such as `scope` and
        /// `resource_metadata`.
        public let parameters: AuthenticationChallenge.Bearer
        /// The algorithms of proofs that the server accepts (`algs`); empty when the parameter is absent.
        public let algorithms: [String]

        /// Reads the parameters of a challenge. Parameters that are not listed here are ignored.
        ///
        /// - Throws: ``AuthenticationChallenges/ParseError/invalidParameter(_:)`` with the name of the first malformed
        ///   parameter, or with `scheme` when the challenge has another scheme or a `token68`.
        public init(_ challenge: AuthenticationChallenge) throws(AuthenticationChallenges.ParseError) {
            parameters = try AuthenticationChallenge.Bearer(challenge, scheme: "DPoP")
            // RFC 9449 §5.1: a list of names, with one space between two of them.
            algorithms = try AuthenticationChallenge.Bearer.list("algs", of: challenge)
        }
    }
}
