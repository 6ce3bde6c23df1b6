/// Issuers that are known only at run time, such as one for each customer: a function finds the configuration for an
/// `iss`.
///
/// The function is called for a token whose `iss` is not in the configuration. **Nothing about this token is verified
/// yet**: anyone can send any `iss`. Return a configuration only for an issuer that you know, and never make one from
/// the text of `iss` alone.
///
/// | the function | the token |
/// |---|---|
/// | returns the configuration of this issuer | is verified with it |
/// | returns nil | is refused (401), and nothing is fetched |
/// | throws, or does not return within ``Limits/patience`` | is *unavailable* (503) for ``Limits/failureLifetime`` |
/// | returns a configuration with a fault, or of another issuer | the same, with an event that names the faults |
///
/// A fault in a configuration is not the fault of the client, whose token may be good. Therefore the answer is 503 and
/// not 401, which would make clients discard their tokens.
///
/// ```swift
/// configuration.tokens.issuerLookUp = IssuerLookUp { iss in
///     guard let customer = try await customers.customer(withIssuer: iss) else { return nil }
///     return IssuerConfiguration(customer.issuer, audiences: [customer.audience])
/// }
/// ```
///
/// The answers are kept, each for its own time (see ``Limits``), and there is one call at a time for an `iss`. Unknown
/// texts cause a bounded number of calls: see ``Limits/lookUps``. When this number is used up, a token of an issuer
/// that is not kept is *unavailable*. An `iss` that is not a ``OAuthMetadata/TokenIssuer`` is refused without a call.
public struct IssuerLookUp: Sendable {
    /// The limits of the calls and of what is kept.
    public enum Limits {
        /// How long a configuration is used until the function is asked again, behind the requests. An issuer that the
        /// function then refuses is not trusted any more. Its tokens that are cached end within
        /// ``TokenCaching/lifetime``.
        public static let lifetime: Duration = .seconds(300)
        /// How long a configuration is used at most while the function fails.
        public static let hardLifetime: Duration = .seconds(3_600)
        /// How long an issuer stays refused after the function returned nil. It is short, because anyone can name an
        /// issuer before you add it. Its tokens are then refused for this time.
        public static let refusalLifetime: Duration = .seconds(5)
        /// How long the function is not asked again for an issuer after it failed.
        public static let failureLifetime: Duration = .seconds(5)
        /// The longest time that a token waits for the function.
        public static let patience: Duration = .seconds(5)
        /// The number of calls for unknown issuers that may follow each other at once. One more is allowed after each
        /// ``lookUpInterval``, up to this number again. Calls for issuers that are kept do not count.
        public static let lookUps = 50
        /// The time after which one call for an unknown issuer is allowed again.
        public static let lookUpInterval: Duration = .milliseconds(100)
        /// The largest number of calls for unknown issuers at the same time.
        public static let concurrentLookUps = 16
        /// The largest number of refused issuers that are remembered, and of those for which the function failed. The
        /// least recently used ones are forgotten first.
        public static let rememberedIssuers = 1_000
    }

    /// The accepted values of ``capacity``.
    public static let capacities: ClosedRange<Int> = 1...10_000

    /// The largest number of issuers whose configuration and keys are kept. The least recently used one is dropped for
    /// a new one.
    public var capacity: Int
    /// Finds the configuration of the issuer that a token names, or nil. Many tasks may call it at the same time.
    public var find: @Sendable (String) async throws -> IssuerConfiguration?

    /// Makes a look-up.
    ///
    /// - Parameters:
    ///   - capacity: The largest number of issuers that are kept; 1…10,000.
    ///   - find: Finds the configuration of an issuer, byte for byte as in `iss`; nil for one that is not trusted.
    public init(capacity: Int = 100, find: @escaping @Sendable (String) async throws -> IssuerConfiguration?) {
        self.capacity = capacity
        self.find = find
    }

    /// Appends a fault when the capacity is out of range.
    package func check(at path: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        guard !Self.capacities.contains(capacity) else { return }
        faults.add(path + "capacity", "is outside 1…10,000 issuers", "choose a number in this range")
    }
}
