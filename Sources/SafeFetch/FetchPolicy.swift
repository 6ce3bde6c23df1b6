public import HTTPMessages
public import WireFormat

/// Every limit and permission of a ``CurlFetcher``.
///
/// Redirects, cookies, credentials of the machine, proxies from the environment, content codings and unverified TLS are
/// not here because no policy admits them.
public struct FetchPolicy: Sendable {
    /// Who named the URLs, and what follows from it.
    public enum Source: Sendable, Hashable {
        /// The operator did, in a configuration: `https` to globally reachable addresses and what the permissions add. A
        /// loopback host (`localhost`, 127.0.0.0/8, `::1`) is the machine itself and needs no permission.
        ///
        /// The proxy (`http` or `https`, a host and perhaps a port, nothing else) is asked for a tunnel to every host that
        /// is neither loopback nor among the private hosts. It resolves their names: what they resolve to is then its
        /// decision. Nil for none; the environment is never asked.
        case operatorNamed(FetchPermissions, proxy: AbsoluteURL?)
        /// Somebody else did, such as a client: GET of `https` on one of the ports, from globally reachable addresses only,
        /// with a path that is not empty and has no dot segments, a host name that is not of special use, without
        /// credentials of any kind, and a connection of its own for each fetch.
        case untrusted(ports: Set<UInt16>)
    }

    /// Who named the URLs.
    public var source: Source
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
    /// How many names are looked up at the same time, each on a thread; 1…64. A look-up that hangs counts until the system
    /// gives it up, for nobody can stop it.
    public var maximumLookUps = 16

    /// Answers of a scripted resolver inside libcurl, `host:port:address,address`, for tests: after the addresses of the host
    /// were judged, these are connected to instead. They never decide whether that is admitted.
    var scriptedResolutions: [String] = []
    /// What a name resolves to. For tests another one than the system's.
    var lookUp: @Sendable (String) -> NameLookUps.Answer = NameLookUps.askSystem
    /// The one address that tests may fetch untrusted URLs from.
    var addressAdmittedForTests: AddressPolicy.Address?
    /// How long the thread waits for another fetch before it ends.
    var idleMilliseconds: Int32 = 5000

    /// A policy with the default limits for URLs that the operator configured: `https` from public addresses and from the
    /// machine itself, unless the permissions say more.
    public init(
        permissions: FetchPermissions = FetchPermissions(), proxy: AbsoluteURL? = nil,
        certificateAuthorities: CertificateAuthorityFile? = nil
    ) {
        source = .operatorNamed(permissions, proxy: proxy)
        self.certificateAuthorities = certificateAuthorities
    }

    /// A policy with the default limits for URLs that somebody else named, such as a client: see
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
    /// **Does not check** a host name's addresses: they are judged when the name is resolved, and again when the connection is
    /// opened. A nil is therefore not a promise.
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

    /// A sentence for everything that is outside its range.
    var faults: [String] {
        let shortest = Duration.milliseconds(1)
        let rules: [(isKept: Bool, fault: String)] = [
            ((shortest...Duration.seconds(60)).contains(connectTimeout), "connectTimeout must be 1 ms…60 s"),
            ((shortest...Duration.seconds(300)).contains(totalTimeout), "totalTimeout must be 1 ms…300 s"),
            ((0...(64 << 20)).contains(maximumBodyBytes), "maximumBodyBytes must be 0…67108864 (64 MiB)"),
            ((1...(256 << 10)).contains(maximumHeadBytes), "maximumHeadBytes must be 1…262144 (256 KiB)"),
            ((1...256).contains(maximumConcurrentFetches), "maximumConcurrentFetches must be 1…256"),
            ((0...10_000).contains(maximumWaitingFetches), "maximumWaitingFetches must be 0…10000"),
            ((1...64).contains(maximumLookUps), "maximumLookUps must be 1…64"),
        ]
        return rules.filter { !$0.isKept }.map(\.fault) + source.faults
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

/// Everything that is wrong with a ``FetchPolicy``, at once.
public struct FetchPolicyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A sentence for each value that is outside its range, with the range; at least one.
    public let faults: [String]

    /// One line a fault.
    public var description: String { faults.joined(separator: "\n") }
}
