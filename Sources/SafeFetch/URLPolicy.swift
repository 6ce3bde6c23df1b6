internal import HTTPMessages
internal import WireFormat

extension FetchPolicy {
    /// How a URL that was admitted is reached.
    struct Route: Sendable, Hashable {
        /// The addresses that the connection may go to: the URL's own host's, or the proxy's.
        let addresses: AddressPolicy
        /// The operator's proxy, when it makes the connection to the host.
        let proxy: AbsoluteURL?
    }

    /// The way to a URL under this policy.
    ///
    /// - Throws: `notAllowed` for the spelling of the URL, `blockedAddress` for a literal address.
    func route(to url: AbsoluteURL) throws(FetchError) -> Route {
        // A fragment never names another document; in a configured URL it is a mistake.
        guard url.fragment == nil else { throw .notAllowed }
        let route: Route
        switch source {
        case .operatorNamed(let permissions, let proxy):
            guard permissions.insecureHTTP.admits(url) else { throw .notAllowed }
            let addresses = Self.addresses(of: url, under: permissions)
            // What is private is not for the proxy, and what it resolves cannot be judged here.
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

    /// Whether connections may be kept for another request to the same host.
    var keepsConnections: Bool {
        switch source {
        case .operatorNamed: true
        case .untrusted: false
        }
    }

    /// POLICY §13, operator-configured URLs: which addresses the operator meant by this host.
    private static func addresses(of url: AbsoluteURL, under permissions: FetchPermissions) -> AddressPolicy {
        if url.scheme == .https || permissions.insecureHTTP == .dangerouslyAnyHost,
            permissions.privateHosts.contains(HTTPHost(url))
        {
            return .any
        }
        // A name that merely resolves to a loopback address is not the machine itself.
        return url.isLoopback ? .loopback : .globallyReachable
    }

    /// POLICY §13, untrusted URLs, as far as the spelling tells. (User information and hosts that some reader takes for
    /// another spelling of an address are not representable.)
    private static func admitsUntrusted(_ url: AbsoluteURL, ports: Set<UInt16>) -> Bool {
        url.scheme == .https && ports.contains(url.effectivePort) && !url.path.isEmpty && !url.hasDotSegments
            && (url.hostKind != .name || !SpecialUseName.covers(url.host))
    }
}

/// Names that lead into the machine, its network, or out of DNS, whatever they resolve to.
enum SpecialUseName {
    /// Last labels, each with what reserves it.
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

    /// Whether the name is special: by its last label, or because it has only one (a name of the local network).
    static func covers(_ name: String) -> Bool {
        let labels = Array(name.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count > 1, let last = labels.last, !last.isEmpty else { return true }
        return lastLabels.contains { ASCII.equalsIgnoringCase($0.utf8, last) }
    }
}

extension AbsoluteURL {
    /// Host and port as libcurl takes them.
    var hostWithPort: String { "\(hostKind == .ipv6 ? "[\(host)]" : host):\(effectivePort)" }
    /// Scheme, host and port, the port in any case: a proxy's default port is another one to libcurl.
    var originWithPort: String { "\(scheme.rawValue)://\(hostWithPort)" }
}
