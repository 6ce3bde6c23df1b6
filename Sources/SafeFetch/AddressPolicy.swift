internal import WireFormat

/// Decides whether a connection to an address may be opened.
///
/// Asked in libcurl's open-socket callback, with the address that is really connected to: a name cannot resolve to one
/// address for the check and to another for the connection.
///
/// **Checks** that plain `http` goes to a loopback address, unless every host may be spoken to so. **Does not check** yet whether an address is globally
/// reachable: a policy for untrusted URLs is one more case here.
enum AddressPolicy: Sendable, Hashable {
    /// Any address: the operator named the host and TLS proves it, or the operator does without that proof.
    case any
    /// 127.0.0.0/8 and `::1` only.
    case loopback

    /// An address in network byte order.
    enum Address: Sendable, Hashable {
        case ipv4([UInt8])
        case ipv6([UInt8])

        /// An address of 4 or 16 bytes; nil for another length.
        init?(_ bytes: [UInt8]) {
            switch bytes.count {
            case 4: self = .ipv4(bytes)
            case 16: self = .ipv6(bytes)
            default: return nil
            }
        }

        /// RFC 6890 §2.2.2 (127.0.0.0/8) and §2.2.3 (::1/128). An IPv4 address inside an IPv6 one is not taken for
        /// loopback: no resolver answers `localhost` so.
        var isLoopback: Bool {
            switch self {
            case .ipv4(let bytes): bytes.first == 127
            case .ipv6(let bytes): bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
            }
        }
    }

    /// Whether a connection to the address may be opened.
    func admits(_ address: Address) -> Bool {
        switch self {
        case .any: true
        case .loopback: address.isLoopback
        }
    }
}

extension FetchPolicy {
    /// The rule for the addresses of a URL, or nil when the URL itself is not admitted.
    func addressPolicy(for url: AbsoluteURL) -> AddressPolicy? {
        // A fragment never names another document; in a configured URL it is a mistake.
        guard url.fragment == nil, insecureHTTP.admits(url) else { return nil }
        switch (url.scheme, insecureHTTP) {
        case (.https, _), (.http, .dangerouslyAnyHost): return .any
        case (.http, .loopback): return .loopback
        case (.http, .never): return nil
        }
    }
}
