extension RemoteKeySet {
    /// Every time and size of a ``RemoteKeySet``.
    public enum Limits {
        /// A set counts as fresh for so long, when the response says nothing else, and less up to ``jitter``.
        public static let softLifetime: Duration = .seconds(300)
        /// What `Cache-Control: max-age` is brought into.
        public static let honouredMaxAge: ClosedRange<Duration> = .seconds(60) ... .seconds(3_600)
        /// The largest part that is taken off the soft lifetime by chance, so that many servers do not ask at once.
        public static let jitter = 0.1
        /// After this part of the soft lifetime a set is fetched anew in the background.
        public static let refreshAhead = 0.8
        /// The hard lifetime, when nothing else is set: after it a set is not used any more.
        public static let hardLifetime: Duration = .seconds(3_600)
        /// What the hard lifetime can be set to.
        public static let hardLifetimes: ClosedRange<Duration> = .seconds(300) ... .seconds(86_400)
        /// The least time between any attempt and one for an unknown key.
        public static let unknownKeyInterval: Duration = .seconds(30)
        /// The longest that the wait after failures grows to: 1, 2, 4 … seconds up to this, each by chance between 0 and it.
        public static let longestBackOff: Duration = .seconds(60)
        /// The longest that a request waits for a fetch.
        public static let patience: Duration = .seconds(5)
        /// The longest that one document may take, its second try included.
        public static let fetchTime: Duration = .seconds(5)
        /// How often a key set is asked for in one attempt when the connection fails or the server answers 5xx.
        public static let tries = 2
        /// The largest key set in bytes.
        public static let maximumDocumentBytes = 1_048_576
        /// The longest `ETag` and `Last-Modified` that is kept and sent back, in bytes.
        public static let maximumValidatorBytes = 1_024
        /// The most skipped keys of one set that are reported.
        public static let maximumSkippedKeyEvents = 16
    }
}
