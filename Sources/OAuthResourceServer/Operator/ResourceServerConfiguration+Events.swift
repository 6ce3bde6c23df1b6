extension ResourceServerConfiguration {
    /// What the events of the guard may say.
    public struct Events: Sendable, Hashable {
        /// A value of a refused token that an event may show.
        public enum TokenDetail: String, Sendable, Hashable, CaseIterable {
            /// The claim `aud`.
            case audience = "aud"
            /// The claim `iss`.
            case issuer = "iss"
            /// The header parameter `alg`.
            case algorithm = "alg"
            /// The header parameter `kid`.
            case keyID = "kid"
        }

        /// The values of a refused token that its event shows, as `token_aud`, `token_iss`, `token_alg` and
        /// `token_kid`; none by default. They are not verified: any caller can write what it likes there. A value is
        /// cut after 128 bytes.
        public var tokenDetails: Set<TokenDetail> = []

        /// The defaults.
        public init() {}
    }
}
