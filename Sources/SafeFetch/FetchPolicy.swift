public import WireFormat

/// Every limit and permission of a ``CurlFetcher``.
///
/// Redirects, cookies, credentials of the machine, proxies from the environment, content codings and unverified TLS are
/// not here because no policy admits them.
public struct FetchPolicy: Sendable {
    /// When a plain `http` URL may be fetched. Loopback is decided by name before and by address while connecting.
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

    /// A sentence for every number that is outside its range.
    var faults: [String] {
        let shortest = Duration.milliseconds(1)
        let rules: [(isKept: Bool, fault: String)] = [
            ((shortest...Duration.seconds(60)).contains(connectTimeout), "connectTimeout must be 1 ms…60 s"),
            ((shortest...Duration.seconds(300)).contains(totalTimeout), "totalTimeout must be 1 ms…300 s"),
            ((0...(64 << 20)).contains(maximumBodyBytes), "maximumBodyBytes must be 0…67108864 (64 MiB)"),
            ((1...(256 << 10)).contains(maximumHeadBytes), "maximumHeadBytes must be 1…262144 (256 KiB)"),
            ((1...256).contains(maximumConcurrentFetches), "maximumConcurrentFetches must be 1…256"),
            ((0...10_000).contains(maximumWaitingFetches), "maximumWaitingFetches must be 0…10000"),
        ]
        return rules.filter { !$0.isKept }.map(\.fault)
    }
}

/// Everything that is wrong with a ``FetchPolicy``, at once.
public struct FetchPolicyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A sentence for each number that is outside its range, with the range; at least one.
    public let faults: [String]

    /// One line a fault.
    public var description: String { faults.joined(separator: "\n") }
}
