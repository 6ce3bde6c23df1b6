internal import HTTPMessages
internal import WireFormat

extension FetchPolicy {
    /// How an admitted URL is reached.
    struct Route: Sendable, Hashable {
        /// The addresses that may be connected to: those of the URL's host, or those of the proxy.
        let addresses: AddressPolicy
        /// The operator's proxy, when the host is reached through it.
        let proxy: AbsoluteURL?
    }

    /// The route to a URL under this policy.
    ///
    /// - Throws: `notAllowed` because of the spelling of the URL, `blockedAddress` because of a literal address.
    func route(to url: AbsoluteURL) throws(FetchError) -> Route {
        // A fragment never names another document. In a configured URL it is a mistake.
        guard url.fragment == nil else { throw .notAllowed }
        let route: Route
        switch source {
        case .operatorNamed(let permissions, let proxy):
            guard permissions.admitsScheme(of: url) else { throw .notAllowed }
            let addresses = Self.addresses(of: url, under: permissions)
            // Private hosts are reached directly. The addresses that the proxy resolves cannot be judged here.
            let isProxied = proxy != nil && addresses == .globallyReachable
            route = Route(addresses: addresses, proxy: isProxied ? proxy : nil)
        case .untrusted(let ports):
            guard Self.admitsUntrusted(url, ports: ports) else { throw .notAllowed }
            let admitted = addressAdmittedForTests.map { AddressPolicy.globallyReachableOr($0) }
            route = Route(addresses: admitted ?? .globallyReachable, proxy: nil)
        }
        if let literal = url.addressBytes.flatMap({ AddressPolicy.Address($0) }), !route.addresses.admits(literal) {
            throw .blockedAddress
        }
        return route.proxy == nil ? route : Route(addresses: .any, proxy: route.proxy)
    }

    /// The token to send with a request: the one of the policy, if the request is for its host and has no credentials
    /// of its own.
    ///
    /// - Throws: `notAllowed` when the token would be sent over plain http to another machine.
    func bearer(for request: DocumentRequest) throws(FetchError) -> FetchBearer? {
        guard case .operatorNamed = source, let bearer, bearer.host == HTTPHost(request.url),
            !request.fields.contains(.authorization)
        else { return nil }
        guard request.url.scheme == .https || request.url.isLoopback else { throw .notAllowed }
        return bearer
    }

    /// Whether gzip is asked for. Strangers are not given a decoder to attack, or a way to make much of a few bytes
    /// (THREATS R9).
    var acceptsGzip: Bool {
        switch source {
        case .operatorNamed: true
        case .untrusted: false
        }
    }

    /// Whether connections may be kept for another request to the same host.
    var keepsConnections: Bool {
        switch source {
        case .operatorNamed: true
        case .untrusted: false
        }
    }

    /// URLs that the operator configured: the addresses that the operator means by this host.
    private static func addresses(of url: AbsoluteURL, under permissions: FetchPermissions) -> AddressPolicy {
        if url.scheme == .https || [.privateHosts, .dangerouslyAnyHost].contains(permissions.insecureHTTP),
            permissions.privateHosts.contains(HTTPHost(url))
        {
            return .any
        }
        // A name that merely resolves to a loopback address does not count as loopback.
        return url.isLoopback ? .loopback : .globallyReachable
    }

    /// Checks how an untrusted URL is written. ``AbsoluteURL`` already refuses user information, and a host that a
    /// parser could read as another spelling of an IP address.
    private static func admitsUntrusted(_ url: AbsoluteURL, ports: Set<UInt16>) -> Bool {
        url.scheme == .https && ports.contains(url.effectivePort) && !url.path.isEmpty && !url.hasDotSegments
            && (url.hostKind != .name || !SpecialUseName.covers(url.host))
    }
}

/// Names that are reserved for this machine, for its network, or for use outside of DNS. They are refused without a
/// look-up.
enum SpecialUseName {
    /// Last labels, each with the document that reserves it.
    static let lastLabels = [
        "localhost",  // RFC 6761 §6.3
        "invalid",  // RFC 6761 §6.4
        "test",  // RFC 6761 §6.2
        "local",  // RFC 6762 §3
        "onion",  // RFC 7686
        "alt",  // RFC 9476
        "arpa",  // RFC 3172; home.arpa RFC 8375, and the other infrastructure names
        "internal",  // reserved by ICANN for private use
        "intranet", "private", "corp", "home", "lan",  // RFC 6762 Appendix G: used in private networks
    ]

    /// Whether the name is special: because of its last label, or because it has only one label, as names of a local
    /// network do.
    static func covers(_ name: String) -> Bool {
        let labels = Array(name.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count > 1, let last = labels.last, !last.isEmpty else { return true }
        return lastLabels.contains { ASCII.equalsIgnoringCase($0.utf8, last) }
    }
}

extension AbsoluteURL {
    /// Host and port in libcurl's spelling.
    var hostWithPort: String { "\(hostKind == .ipv6 ? "[\(host)]" : host):\(effectivePort)" }
    /// Scheme, host and port. The port is always written, because libcurl has another default port for proxies.
    var originWithPort: String { "\(scheme.rawValue)://\(hostWithPort)" }
}
