public import OAuthMetadata
internal import TokenVerification
internal import WireFormat

extension ClientIDResolver {
    /// The settings of a resolver. A default is the value that most authorization servers need.
    public struct Settings: Sendable {
        /// What a document must be.
        public var rules = ClientIDMetadataDocument.Rules()
        /// Which clients may be resolved.
        public var trust = ClientTrustPolicy()
        /// The operator's second list: a redirection must match one of these, beside what the client has registered.
        /// Nil for no second list; an empty list admits nothing.
        public var redirectURIPatterns: [RedirectURIPattern]?
        /// The most documents that are kept: 1…100,000. The least recently used one is dropped.
        public var capacity = 1_000

        /// The defaults.
        public init() {}

        func check(_ faults: inout ConfigurationFaults) {
            let sizes = ClientIDMetadataDocument.Rules.documentSizes
            if !sizes.contains(rules.maximumBytes) {
                faults.add(
                    ("rules" as ConfigurationError.Path) + "maximumBytes",
                    "is outside \(sizes.text)",
                    "choose a size in this range")
            }
            let counts = ClientIDMetadataDocument.Rules.redirectURICounts
            if !counts.contains(rules.maximumRedirectURIs) {
                faults.add(
                    ("rules" as ConfigurationError.Path) + "maximumRedirectURIs", "is outside \(counts.text)",
                    "choose a number in this range")
            }
            if !rules.grantTypes.contains(where: { $0.hasSameBytes(as: "authorization_code") }) {
                faults.add(
                    ("rules" as ConfigurationError.Path) + "grantTypes",
                    "has no authorization_code, so every document is refused", "add it")
            }
            if !(1...100_000).contains(capacity) {
                faults.add("capacity", "is outside 1…100,000", "choose a number in this range")
            }
        }
    }

    /// The constants of a resolver.
    public enum Limits {
        /// How long a document is fresh: its `max-age`, moved into this range.
        public static let lifetimes: ClosedRange<Duration> = .seconds(60) ... .seconds(86_400)
        /// How long a document without `max-age` is fresh.
        public static let lifetime: Duration = .seconds(300)
        /// How long an expired document stays in use while it cannot be fetched.
        public static let staleTime: Duration = .seconds(86_400)
        /// How long a failure is remembered: the next requests of this client are answered without a fetch.
        public static let failureTime: Duration = .seconds(10)
        /// The longest time of a fetch.
        public static let fetchTime: Duration = .seconds(5)
        /// The most fetches of new documents at the same time, and the most of known ones.
        public static let concurrentFetches = 32
        /// The most fetches from one host in a row. One more is allowed after each ``fetchInterval``. New documents,
        /// known ones and keys have this limit each.
        public static let fetchesPerHost = 10
        /// See ``fetchesPerHost``.
        public static let fetchInterval: Duration = .seconds(2)
        /// The largest key set at a `jwks_uri` in bytes.
        public static let maximumKeySetBytes = 32_768
    }
}
