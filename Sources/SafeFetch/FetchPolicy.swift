/// Every limit and permission of a ``CurlFetcher``.
///
/// Redirects, cookies, credentials of the machine, proxies from the environment, content codings and unverified TLS are
/// not here because no policy admits them.
public struct FetchPolicy: Sendable {
    /// When a plain `http` URL may be fetched.
    public enum InsecureHTTP: Sendable, Hashable {
        /// Only `https`.
        case never
        /// Also `http` to `localhost`, 127.0.0.0/8 and `::1`, decided by name before and by address while connecting.
        case loopback
    }

    /// When a plain `http` URL may be fetched.
    public var insecureHTTP: InsecureHTTP
    /// The certificate authorities to trust instead of the system's store; nil for the system's.
    public var certificateAuthorities: CertificateAuthorityFile?
    /// The most time for name resolution, connection and TLS handshake together; 1 ms…60 s.
    public var connectTimeout: Duration = .seconds(3)
    /// The most time from the call to the last byte, waiting for a free slot included; 1 ms…300 s.
    public var totalTimeout: Duration = .seconds(5)
    /// The largest body in bytes, whatever a request asks for; 0…64 MiB.
    public var maximumBodyBytes = 1 << 20
    /// The largest response head in bytes: status lines, fields, interim answers and trailers together; 1…256 KiB.
    public var maximumHeadBytes = 32 << 10
    /// How many fetches run at the same time; 1…256. Each has one connection.
    public var maximumConcurrentFetches = 16
    /// How many more may wait for their turn; 0…10,000. One more is ``HTTPMessages/FetchError/unavailable`` at once.
    public var maximumWaitingFetches = 64

    /// Answers of a scripted resolver, `host:port:address,address`, for tests: they decide what a name resolves to, never
    /// whether an address is admitted.
    var scriptedResolutions: [String] = []

    /// A policy with the default limits.
    public init(insecureHTTP: InsecureHTTP = .never, certificateAuthorities: CertificateAuthorityFile? = nil) {
        self.insecureHTTP = insecureHTTP
        self.certificateAuthorities = certificateAuthorities
    }

    /// For URLs that the operator configured: `https` only, the system's certificate authorities.
    public static let operatorConfigured = FetchPolicy()

    /// Whether every number is within its range.
    var isWithinRanges: Bool {
        let shortest = Duration.milliseconds(1)
        return (shortest...Duration.seconds(60)).contains(connectTimeout)
            && (shortest...Duration.seconds(300)).contains(totalTimeout)
            && (0...(64 << 20)).contains(maximumBodyBytes)
            && (1...(256 << 10)).contains(maximumHeadBytes)
            && (1...256).contains(maximumConcurrentFetches)
            && (0...10_000).contains(maximumWaitingFetches)
    }
}
