extension RemoteKeySet {
    /// All limits of a ``RemoteKeySet``.
    public enum Limits {
        /// How long a set is fresh when the response does not say it. The time is shortened by up to ``jitter``.
        public static let softLifetime: Duration = .seconds(300)
        /// The range to which the `max-age` of `Cache-Control` is limited.
        public static let honouredMaxAge: ClosedRange<Duration> = .seconds(60) ... .seconds(3_600)
        /// The largest fraction by which the soft lifetime is shortened. The fraction is random, so that many servers
        /// do not fetch at the same moment.
        public static let jitter = 0.1
        /// The fraction of the soft lifetime after which the set is fetched again in the background.
        public static let refreshAhead = 0.8
        /// The default hard lifetime. A set is not used after it.
        public static let hardLifetime: Duration = .seconds(3_600)
        /// The accepted values for the hard lifetime.
        public static let hardLifetimes: ClosedRange<Duration> = .seconds(300) ... .seconds(86_400)
        /// The number of fetches for unknown keys that may follow each other at once. One more is allowed after each
        /// ``unknownKeyInterval``, up to this number again.
        public static let unknownKeyFetches = 3
        /// The time after which one fetch for unknown keys is allowed again.
        public static let unknownKeyInterval: Duration = .seconds(30)
        /// The time after which one fetch for a bad signature is allowed again. An issuer that came back with a new key
        /// under its old `kid` is found by it.
        public static let badSignatureInterval: Duration = .seconds(60)
        /// How long after a fetch for an unknown key its set still decides that a key is unknown. Later, and without a
        /// permit for another fetch, a token with an unknown key gets *unavailable*.
        public static let unknownKeyDecisionTime: Duration = .seconds(5)
        /// The longest wait after failures. Each wait is random, between 0 and 1, 2, 4 … seconds up to this.
        public static let longestBackOff: Duration = .seconds(60)
        /// The longest time that a request waits for a fetch.
        public static let patience: Duration = .seconds(5)
        /// The longest time for one document, including its second try.
        public static let fetchTime: Duration = .seconds(5)
        /// The number of tries in one attempt. Another try follows only when the connection fails or the server
        /// responds with 5xx.
        public static let tries = 2
        /// The largest key set in bytes.
        public static let maximumDocumentBytes = 1_048_576
        /// The largest `ETag` and `Last-Modified` in bytes that are stored and sent back.
        public static let maximumValidatorBytes = 1_024
        /// The largest number of skipped keys of one set that are reported.
        public static let maximumSkippedKeyEvents = 16
        /// The largest difference between this machine's clock and the `Date` of a response, in seconds, that is not
        /// reported. It is half of the default clock skew.
        public static let toleratedClockDifference = 30
    }
}
