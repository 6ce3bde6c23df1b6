internal import WireFormat

/// Decides whether a connection to an address may be opened.
///
/// Every address that a name resolves to is judged, and the address that a socket is really opened to is judged again,
/// in libcurl's open-socket callback. A name therefore cannot resolve to one address for the check and to another for
/// the connection.
enum AddressPolicy: Sendable, Hashable {
    /// Addresses that are globally reachable by ``AddressRange/table``.
    case globallyReachable
    /// 127.0.0.0/8 and `::1` only: the operator named the machine itself.
    case loopback
    /// Any address: the operator permits the private addresses of this host, or the host is the operator's proxy.
    case any
    /// Addresses that are globally reachable, and this one. For tests, which have only loopback addresses.
    case globallyReachableOr(Address)

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

        var bytes: [UInt8] {
            switch self {
            case .ipv4(let bytes), .ipv6(let bytes): bytes
            }
        }

        /// The address in the spelling of a URI.
        var text: String { IPLiteral.uriText(of: bytes) }

        /// 127.0.0.0/8 and `::1`.
        var isLoopback: Bool { IPLiteral.isLoopback(bytes) }

        /// Whether the address is globally reachable: its most specific range in the table is, and so is an IPv4
        /// address inside the address.
        var isGloballyReachable: Bool {
            let range = AddressRange.table
                .filter { $0.contains(self) }
                .max { $0.prefixLength < $1.prefixLength }
            switch range?.verdict {
            case nil, .blocked: return false
            case .asIPv4Inside: return Address(Array(bytes.suffix(4)))?.isGloballyReachable ?? false
            case .reachable: return isatapAddress?.isGloballyReachable ?? true
            }
        }

        /// RFC 5214 §6.1: under any prefix, the interface identifier `[02]00:5efe:a.b.c.d` is a tunnel to that IPv4
        /// address.
        private var isatapAddress: Address? {
            guard case .ipv6(let bytes) = self,
                [[0x00, 0x00, 0x5E, 0xFE], [0x02, 0x00, 0x5E, 0xFE]].contains(Array(bytes[8..<12]))
            else { return nil }
            return Address(Array(bytes.suffix(4)))
        }
    }

    /// Whether a connection to the address may be opened.
    func admits(_ address: Address) -> Bool {
        switch self {
        case .globallyReachable: address.isGloballyReachable
        case .loopback: address.isLoopback
        case .any: true
        case .globallyReachableOr(let admitted): address == admitted || address.isGloballyReachable
        }
    }
}

/// One row of the table of globally reachable addresses.
struct AddressRange: Sendable {
    enum Verdict: Sendable {
        case reachable
        case blocked
        /// The last four bytes are the IPv4 address that packets reach. That address decides.
        case asIPv4Inside
    }

    let prefix: AddressPolicy.Address
    let prefixLength: Int
    let verdict: Verdict

    /// A range in the notation of the registries, `ADDRESS/LENGTH`; nil for any other text.
    init?(_ notation: String, _ verdict: Verdict) {
        let parts = Array(notation.utf8).split(separator: UInt8(ascii: "/"))
        guard parts.count == 2, let length = ASCII.parseDecimal(parts[1]).flatMap({ Int(exactly: $0) }),
            let bytes = IPLiteral.parseIPv4(parts[0]) ?? IPLiteral.parseIPv6(parts[0]), length <= bytes.count * 8,
            let prefix = AddressPolicy.Address(bytes)
        else { return nil }
        self.prefix = prefix
        self.prefixLength = length
        self.verdict = verdict
    }

    func contains(_ address: AddressPolicy.Address) -> Bool {
        let (left, right) = (prefix.bytes, address.bytes)
        guard left.count == right.count else { return false }
        let whole = prefixLength / 8
        guard left.prefix(whole) == right.prefix(whole) else { return false }
        let mask = ~(UInt8.max >> UInt8(prefixLength % 8))
        return mask == 0 || left[whole] & mask == right[whole] & mask
    }

    /// Every row of the IANA IPv4 and IPv6 Special-Purpose Address Registries (of 2025-10-09), the ranges of other
    /// registries, and one row for all other addresses. The most specific row decides. "Globally Reachable" is
    /// `reachable`; False and N/A are `blocked`.
    static let table: [AddressRange] = rows.compactMap { AddressRange($0.0, $0.1) }

    static let rows: [(String, Verdict)] = [
        // IPv4
        ("0.0.0.0/0", .reachable),  // every address without another row
        ("0.0.0.0/8", .blocked),  // "This network", RFC 791 §3.2
        ("0.0.0.0/32", .blocked),  // "This host on this network", RFC 1122 §3.2.1.3
        ("10.0.0.0/8", .blocked),  // Private-Use, RFC 1918
        ("100.64.0.0/10", .blocked),  // Shared Address Space, RFC 6598
        ("127.0.0.0/8", .blocked),  // Loopback, RFC 1122 §3.2.1.3
        ("169.254.0.0/16", .blocked),  // Link Local, RFC 3927
        ("172.16.0.0/12", .blocked),  // Private-Use, RFC 1918
        ("192.0.0.0/24", .blocked),  // IETF Protocol Assignments, RFC 6890 §2.1
        ("192.0.0.0/29", .blocked),  // IPv4 Service Continuity Prefix, RFC 7335
        ("192.0.0.8/32", .blocked),  // IPv4 dummy address, RFC 7600
        ("192.0.0.9/32", .reachable),  // Port Control Protocol Anycast, RFC 7723
        ("192.0.0.10/32", .reachable),  // Traversal Using Relays around NAT Anycast, RFC 8155
        ("192.0.0.170/32", .blocked),  // NAT64/DNS64 Discovery, RFC 8880, RFC 7050 §2.2
        ("192.0.0.171/32", .blocked),  // NAT64/DNS64 Discovery, RFC 8880, RFC 7050 §2.2
        ("192.0.2.0/24", .blocked),  // Documentation (TEST-NET-1), RFC 5737
        ("192.31.196.0/24", .reachable),  // AS112-v4, RFC 7535
        ("192.52.193.0/24", .reachable),  // AMT, RFC 7450
        ("192.88.99.0/24", .blocked),  // Deprecated (6to4 Relay Anycast), RFC 7526
        ("192.88.99.2/32", .blocked),  // 6a44-relay anycast address, RFC 6751
        ("192.168.0.0/16", .blocked),  // Private-Use, RFC 1918
        ("192.175.48.0/24", .reachable),  // Direct Delegation AS112 Service, RFC 7534
        ("198.18.0.0/15", .blocked),  // Benchmarking, RFC 2544
        ("198.51.100.0/24", .blocked),  // Documentation (TEST-NET-2), RFC 5737
        ("203.0.113.0/24", .blocked),  // Documentation (TEST-NET-3), RFC 5737
        ("224.0.0.0/4", .blocked),  // Multicast, RFC 5771 (a registry of its own)
        ("240.0.0.0/4", .blocked),  // Reserved, RFC 1112 §4
        ("255.255.255.255/32", .blocked),  // Limited Broadcast, RFC 8190, RFC 919 §7

        // IPv6
        ("::/0", .blocked),  // RFC 4291 §2.4: all that is not global unicast, such as the IPv4-compatible ::/96,
        // the IPv4-translated ::ffff:0:0:0/96 (RFC 2765 §2.1) and the former site-local fec0::/10 (RFC 3879)
        ("2000::/3", .reachable),  // Global Unicast, the IANA IPv6 address space registry
        ("::1/128", .blocked),  // Loopback Address, RFC 4291 §2.5.3
        ("::/128", .blocked),  // Unspecified Address, RFC 4291 §2.5.2
        ("::ffff:0:0/96", .asIPv4Inside),  // IPv4-mapped Address, RFC 4291 §2.5.5.2: the system connects over IPv4
        ("64:ff9b::/96", .asIPv4Inside),  // IPv4-IPv6 Translat., RFC 6052: reachable, and translated to that address
        ("64:ff9b:1::/48", .blocked),  // IPv4-IPv6 Translat., RFC 8215: local use, for any address inside
        ("100::/64", .blocked),  // Discard-Only Address Block, RFC 6666
        ("100:0:0:1::/64", .blocked),  // Dummy IPv6 Prefix, RFC 9780
        ("2001::/23", .blocked),  // IETF Protocol Assignments, RFC 2928
        ("2001::/32", .blocked),  // TEREDO, RFC 4380: N/A, for any addresses inside
        ("2001:1::1/128", .reachable),  // Port Control Protocol Anycast, RFC 7723
        ("2001:1::2/128", .reachable),  // Traversal Using Relays around NAT Anycast, RFC 8155
        ("2001:1::3/128", .reachable),  // DNS-SD Service Registration Protocol Anycast, RFC 9665
        ("2001:2::/48", .blocked),  // Benchmarking, RFC 5180
        ("2001:3::/32", .reachable),  // AMT, RFC 7450
        ("2001:4:112::/48", .reachable),  // AS112-v6, RFC 7535
        ("2001:10::/28", .blocked),  // Deprecated (previously ORCHID), RFC 4843
        ("2001:20::/28", .reachable),  // ORCHIDv2, RFC 7343
        ("2001:30::/28", .reachable),  // Drone Remote ID Protocol Entity Tags (DETs) Prefix, RFC 9374
        ("2001:db8::/32", .blocked),  // Documentation, RFC 3849
        ("2002::/16", .blocked),  // 6to4, RFC 3056: N/A, for any address inside
        ("2620:4f:8000::/48", .reachable),  // Direct Delegation AS112 Service, RFC 7534
        ("3fff::/20", .blocked),  // Documentation, RFC 9637
        ("5f00::/16", .blocked),  // Segment Routing (SRv6) SIDs, RFC 9602
        ("fc00::/7", .blocked),  // Unique-Local, RFC 4193
        ("fe80::/10", .blocked),  // Link-Local Unicast, RFC 4291 §2.5.6
        ("ff00::/8", .blocked),  // Multicast, RFC 4291 §2.7
    ]
}
