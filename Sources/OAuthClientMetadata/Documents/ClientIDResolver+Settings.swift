public import OAuthMetadata
internal import TokenVerification
internal import WireFormat

extension ClientIDResolver {
    /// The settings of a resolver. A default is the value that most authorization servers need.
    public struct Settings: Sendable {
        /// What a document must be.
        public var rules = ClientIDMetadataDocument.Rules()
        /// Which clients may be resolved, and which are shown as verified.
        public var trust = ClientTrustPolicy()
        /// The operator's list of redirect URIs. The URI of a request must match one of these, and also one of the
        /// document. Nil for no such list; an empty list admits nothing.
        public var redirectURIPatterns: [RedirectURIPattern]?
        /// The largest number of documents that are kept: 1…100,000. The least recently used one is dropped.
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
                    "has no authorization_code, which a document without grant_types means", "add it")
            }
            if !(1...100_000).contains(capacity) {
                faults.add("capacity", "is outside 1…100,000", "choose a number in this range")
            }
        }
    }

    /// The constants of a resolver.
    public enum Limits {
        /// How long a document is fresh: its `max-age`, moved into this range. A document with `no-store` is not kept:
        /// it is fetched for each request.
        public static let lifetimes: ClosedRange<Duration> = .seconds(60) ... .seconds(86_400)
        /// How long a document without `max-age` is fresh.
        public static let defaultLifetime: Duration = .seconds(300)
        /// How long a document stays in use after it has expired, while it cannot be fetched.
        public static let staleTime: Duration = .seconds(86_400)
        /// How long a failure is remembered: the next requests of this client are answered without a fetch.
        public static let failureTime: Duration = .seconds(10)
        /// The longest time for one fetch.
        public static let fetchTime: Duration = .seconds(5)
        /// The largest number of fetches of new documents at the same time, and of known ones. With one more, a known
        /// document stays in use, and a new one fails with ``ClientResolutionError/tooManyFetches``.
        public static let concurrentFetches = 32
        /// The largest number of fetches from one host that may follow each other at once. One more is allowed after
        /// each ``fetchInterval``, up to this number again. New documents, known ones and keys have this limit each.
        /// Beyond it, the same happens as beyond ``concurrentFetches``.
        public static let fetchesPerHost = 10
        /// The time after which one fetch from a host is allowed again: see ``fetchesPerHost``.
        public static let fetchInterval: Duration = .seconds(2)
        /// The largest key set at a `jwks_uri` in bytes.
        public static let maximumKeySetBytes = 32_768
    }
}
