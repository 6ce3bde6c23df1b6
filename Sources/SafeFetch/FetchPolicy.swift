public import HTTPMessages
public import WireFormat

/// Every limit and permission of a ``CurlFetcher``.
///
/// No policy admits redirects, cookies, credentials of the machine, proxies from the environment, content codings other
/// than gzip, or unverified TLS. For untrusted URLs, gzip is not admitted either.
public struct FetchPolicy: Sendable {
    /// Where the URLs come from, and what is allowed for them.
    public enum Source: Sendable, Hashable {
        /// The operator has configured the URLs. Allowed is `https` to globally reachable addresses, and what the
        /// permissions add. A loopback host (`localhost`, 127.0.0.0/8, `::1`) needs no permission.
        ///
        /// The proxy, if not nil, is asked for a tunnel to every host that is neither loopback nor among the private
        /// hosts. It has the scheme `http` or `https`, a host and perhaps a port. It resolves the names of these hosts,
        /// so their addresses are not judged here. The environment is never read.
        case operatorNamed(FetchPermissions, proxy: AbsoluteURL?)
        /// Another party has named the URLs, such as a client. Allowed is GET of `https` on one of the ports, from
        /// globally reachable addresses only. The path must not be empty and must have no dot segments; the host name
        /// must not be one of special use. No credentials of any kind are sent, and each fetch has a new connection.
        case untrusted(ports: Set<UInt16>)
    }

    /// Where the URLs come from.
    public var source: Source
    /// The certificate authorities to trust instead of the system's store; nil for the system's.
    public var certificateAuthorities: CertificateAuthorityFile?
    /// A bearer token for one host; nil for none. A request that has its own `Authorization` does not get it, and no
    /// untrusted URL does.
    public var bearer: FetchBearer?
    /// The longest time for name resolution, connection and TLS handshake together; 1 ms…60 s.
    public var connectTimeout: Duration = .seconds(3)
    /// The longest time from the call to the last byte, with the wait for a free slot; 1 ms…300 s.
    public var totalTimeout: Duration = .seconds(5)
    /// The largest body in bytes, after gzip is undone, even when a request allows more; 0…64 MiB.
    public var maximumBodyBytes = 1 << 20
    /// The largest response head in bytes: status lines, fields, interim responses and trailers together; 1…256 KiB.
    public var maximumHeadBytes = 32 << 10
    /// The largest number of fetches that run at the same time, each with one connection; 1…256.
    public var maximumConcurrentFetches = 16
    /// The largest number of fetches that wait for a free slot; 0…10,000. One more fails at once with
    /// ``HTTPMessages/FetchError/unavailable``.
    public var maximumWaitingFetches = 64
    /// The largest number of names that are looked up at the same time, each on a thread; 1…64. A look-up that hangs
    /// counts until the system gives up, because it cannot be stopped.
    public var maximumLookUps = 16

    /// For tests: addresses in libcurl's spelling, `host:port:address,address`. After the addresses of the host have
    /// been judged, these are connected to instead. They have no effect on that judgement.
    var scriptedResolutions: [String] = []
    /// The resolver. Tests replace the system's.
    var lookUp: @Sendable (String) -> NameLookUps.Answer = NameLookUps.askSystem
    /// For tests: an address from which untrusted URLs may be fetched although it is not globally reachable.
    var addressAdmittedForTests: AddressPolicy.Address?
    /// How long the worker's thread waits for another fetch before it ends.
    var idleMilliseconds: Int32 = 5000

    /// A policy for URLs that the operator has configured, with the default limits. It allows `https` to public
    /// addresses and to this machine, and what the permissions add.
    public init(
        permissions: FetchPermissions = FetchPermissions(), proxy: AbsoluteURL? = nil,
        certificateAuthorities: CertificateAuthorityFile? = nil, bearer: FetchBearer? = nil
    ) {
        source = .operatorNamed(permissions, proxy: proxy)
        self.certificateAuthorities = certificateAuthorities
        self.bearer = bearer
    }

    /// A policy for URLs that another party has named, such as a client, with the default limits: see
    /// ``FetchPolicy/Source/untrusted(ports:)``.
    public static func untrusted(
        ports: Set<UInt16> = [443], certificateAuthorities: CertificateAuthorityFile? = nil
    ) -> FetchPolicy {
        var policy = FetchPolicy(certificateAuthorities: certificateAuthorities)
        policy.source = .untrusted(ports: ports)
        return policy
    }

    /// Whether this policy lets the URL be fetched, decided without fetching it: nil when it does, else the error that
    /// ``CurlFetcher/fetch(_:)`` would throw at once.
    ///
    /// **Checks** the spelling of the URL, and the address when the host is a literal one.
    /// **Does not check** a host name's addresses: they are judged when the name is resolved, and again when the
    /// connection is opened. A nil is therefore not a promise.
    ///
    /// May be called from any thread; it neither blocks nor suspends.
    public func refusal(of url: AbsoluteURL) -> FetchError? {
        do throws(FetchError) {
            _ = try route(to: url)
            return nil
        } catch {
            return error
        }
    }

    /// A sentence for each value that is outside its range.
    var faults: [String] {
        let times: [(String, Duration, ClosedRange<Duration>)] = [
            ("connectTimeout", connectTimeout, .milliseconds(1) ... .seconds(60)),
            ("totalTimeout", totalTimeout, .milliseconds(1) ... .seconds(300)),
        ]
        let counts: [(String, Int, ClosedRange<Int>)] = [
            ("maximumBodyBytes", maximumBodyBytes, 0...(64 << 20)),
            ("maximumHeadBytes", maximumHeadBytes, 1...(256 << 10)),
            ("maximumConcurrentFetches", maximumConcurrentFetches, 1...256),
            ("maximumWaitingFetches", maximumWaitingFetches, 0...10_000),
            ("maximumLookUps", maximumLookUps, 1...64),
        ]
        return times.filter { !$2.contains($1) }.map { "\($0) must be \($2.text)" }
            + counts.filter { !$2.contains($1) }.map { "\($0) must be \($2.text)" } + source.faults
    }
}

extension FetchPolicy.Source {
    fileprivate var faults: [String] {
        switch self {
        case .operatorNamed(_, let proxy):
            guard let proxy, !(proxy.path.isEmpty || proxy.path == "/") || proxy.query != nil || proxy.fragment != nil
            else { return [] }
            return ["proxy must be a scheme, a host and perhaps a port"]
        case .untrusted(let ports):
            return ports.isEmpty || ports.contains(0) ? ["ports must be 1…65535, at least one"] : []
        }
    }
}

extension FetchPolicy {
    /// All faults of a ``FetchPolicy``.
    public struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
        /// A sentence for each value that is outside its range, with the range; at least one.
        public let faults: [String]

        /// One line for each fault.
        public var description: String { faults.joined(separator: "\n") }
    }
}
