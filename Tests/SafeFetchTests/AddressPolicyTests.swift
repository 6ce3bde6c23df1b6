import Testing
import WireFormat

@testable import SafeFetch

@Suite("AddressPolicy", .serialized)
struct AddressPolicyTests {
    /// The ranges of both IANA Special-Purpose Address Registries (of 2025-10-09), the multicast ranges, and the blocks
    /// of IPv6 outside global unicast. Each row has the first and the last address inside, the adjacent addresses
    /// outside if their verdict differs, and "Globally Reachable".
    static let ranges: [(range: String, first: String, last: String, isReachable: Bool)] = [
        ("0.0.0.0/8", "0.0.0.0", "0.255.255.255", false),
        ("10.0.0.0/8", "10.0.0.0", "10.255.255.255", false),
        ("100.64.0.0/10", "100.64.0.0", "100.127.255.255", false),
        ("127.0.0.0/8", "127.0.0.0", "127.255.255.255", false),
        ("169.254.0.0/16", "169.254.0.0", "169.254.255.255", false),
        ("172.16.0.0/12", "172.16.0.0", "172.31.255.255", false),
        ("192.0.0.0/29", "192.0.0.0", "192.0.0.7", false),
        ("192.0.0.8/32", "192.0.0.8", "192.0.0.8", false),
        ("192.0.0.9/32", "192.0.0.9", "192.0.0.9", true),
        ("192.0.0.10/32", "192.0.0.10", "192.0.0.10", true),
        ("192.0.0.0/24", "192.0.0.11", "192.0.0.255", false),
        ("192.0.0.170/32", "192.0.0.170", "192.0.0.170", false),
        ("192.0.0.171/32", "192.0.0.171", "192.0.0.171", false),
        ("192.0.2.0/24", "192.0.2.0", "192.0.2.255", false),
        ("192.31.196.0/24", "192.31.196.0", "192.31.196.255", true),
        ("192.52.193.0/24", "192.52.193.0", "192.52.193.255", true),
        ("192.88.99.0/24", "192.88.99.0", "192.88.99.255", false),
        ("192.88.99.2/32", "192.88.99.2", "192.88.99.2", false),
        ("192.168.0.0/16", "192.168.0.0", "192.168.255.255", false),
        ("192.175.48.0/24", "192.175.48.0", "192.175.48.255", true),
        ("198.18.0.0/15", "198.18.0.0", "198.19.255.255", false),
        ("198.51.100.0/24", "198.51.100.0", "198.51.100.255", false),
        ("203.0.113.0/24", "203.0.113.0", "203.0.113.255", false),
        ("224.0.0.0/4", "224.0.0.0", "239.255.255.255", false),
        ("240.0.0.0/4", "240.0.0.0", "255.255.255.254", false),
        ("255.255.255.255/32", "255.255.255.255", "255.255.255.255", false),

        ("::/128", "::", "::", false),
        ("::1/128", "::1", "::1", false),
        ("::/96", "::2", "::ffff:ffff", false),
        ("::ffff:0:0/96 of 0.0.0.0/8", "::ffff:0:0", "::ffff:0.255.255.255", false),
        ("::ffff:0:0:0/96", "::ffff:0:0:0", "::ffff:0:ffff:ffff", false),
        ("64:ff9b::/96 of 240.0.0.0/4", "64:ff9b::240.0.0.0", "64:ff9b::ffff:ffff", false),
        ("64:ff9b:1::/48", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", false),
        ("100::/64", "100::", "100::ffff:ffff:ffff:ffff", false),
        ("100:0:0:1::/64", "100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", false),
        ("2001::/32", "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("2001::/23", "2001:1::4", "2001:1:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("2001::/23", "2001:4::", "2001:4:111:ffff:ffff:ffff:ffff:ffff", false),
        ("2001::/23", "2001:4:113::", "2001:f:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("2001::/23", "2001:40::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("2001:1::1/128", "2001:1::1", "2001:1::1", true),
        ("2001:1::2/128", "2001:1::2", "2001:1::2", true),
        ("2001:1::3/128", "2001:1::3", "2001:1::3", true),
        ("2001:2::/48", "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", false),
        ("2001:3::/32", "2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", true),
        ("2001:4:112::/48", "2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", true),
        ("2001:10::/28", "2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("2001:20::/28", "2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", true),
        ("2001:30::/28", "2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", true),
        ("2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("2002::/16", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("2620:4f:8000::/48", "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", true),
        ("3fff::/20", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("4000::/2 and 8000::/1", "4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("5f00::/16", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("fc00::/7", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("fe80::/10", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("fec0::/10", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
        ("ff00::/8", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
    ]

    @Test("POLICY §13: both ends of every special-purpose range have its verdict", arguments: ranges)
    func ends(range: (range: String, first: String, last: String, isReachable: Bool)) throws {
        #expect(try address(range.first).isGloballyReachable == range.isReachable)
        #expect(try address(range.last).isGloballyReachable == range.isReachable)
    }

    @Test(
        "the addresses next to a blocked range are reachable, and next to a reachable one blocked",
        arguments: [
            ("1.0.0.0", true), ("9.255.255.255", true), ("11.0.0.0", true), ("100.63.255.255", true),
            ("100.128.0.0", true), ("126.255.255.255", true), ("128.0.0.0", true), ("169.253.255.255", true),
            ("169.255.0.0", true), ("172.15.255.255", true), ("172.32.0.0", true), ("191.255.255.255", true),
            ("192.0.1.0", true), ("192.0.1.255", true), ("192.0.3.0", true), ("192.31.195.255", true),
            ("192.88.98.255", true), ("192.88.100.0", true), ("192.167.255.255", true), ("192.169.0.0", true),
            ("198.17.255.255", true), ("198.20.0.0", true), ("198.51.99.255", true), ("198.51.101.0", true),
            ("203.0.112.255", true), ("203.0.114.0", true), ("223.255.255.255", true), ("93.184.216.34", true),
            ("8.8.8.8", true), ("1.1.1.1", true),

            ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false), ("2000::", true),
            ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true), ("2001:1::", false), ("2001:2:1::", false),
            ("2001:200::", true), ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", true), ("2001:db9::", true),
            ("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true), ("2003::", true),
            ("2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", true), ("2620:4f:8001::", true),
            ("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true), ("3fff:1000::", true),
            ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true), ("2606:2800:220:1:248:1893:25c8:1946", true),
            ("2606:4700:4700::1111", true),
            ("ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false), ("101::", false), ("64:ff9b:2::", false),
            ("64:ff9b:0:1::8.8.8.8", false), ("64:ff9a::8.8.8.8", false),
        ])
    func neighbours(text: String, isReachable: Bool) throws {
        #expect(try address(text).isGloballyReachable == isReachable)
    }

    @Test(
        "POLICY §13: an IPv4 address inside an IPv6 one is decoded; mapped, NAT64 and ISATAP are judged by it, the others never admitted",
        arguments: [
            ("::ffff:", "", [true, false, false, false]),  // mapped: the system connects over IPv4
            ("64:ff9b::", "", [true, false, false, false]),  // NAT64 (RFC 6052)
            ("2606:2800:220:1:0:5efe:", "", [true, false, false, false]),  // ISATAP (RFC 5214)
            ("2606:2800:220:1:200:5efe:", "", [true, false, false, false]),
            ("fe80::5efe:", "", [false, false, false, false]),
            ("::", "", [false, false, false, false]),  // compatible
            ("::ffff:0:", "", [false, false, false, false]),  // translated (RFC 2765)
            ("64:ff9b:1::", "", [false, false, false, false]),  // NAT64 of local use (RFC 8215)
        ])
    func embedded(before: String, after: String, verdicts: [Bool]) throws {
        for (ipv4, isReachable) in zip(["93.184.216.34", "127.0.0.1", "169.254.169.254", "10.0.0.1"], verdicts) {
            #expect(try address(before + ipv4 + after).isGloballyReachable == isReachable, "\(before)\(ipv4)")
        }
    }

    @Test(
        "6to4 and Teredo are never admitted, whichever IPv4 address is inside",
        arguments: [
            "2002:5db8:d822::1", "2002:7f00:1::1", "2002:a00:1::1", "2002:a9fe:a9fe::1",
            // Teredo: server, then the client's address with all bits inverted (RFC 4380 §4).
            "2001:0:5db8:d822:0:0:a247:27dd", "2001:0:5db8:d822:0:0:80ff:fffe", "2001:0:7f00:1:0:0:5601:5601",
        ])
    func tunnels(text: String) throws {
        #expect(try !address(text).isGloballyReachable)
    }

    @Test("every row of the table can be read, and says something that no other row says")
    func rows() {
        #expect(AddressRange.table.count == AddressRange.rows.count)
        let prefixes = AddressRange.table.map { "\($0.prefix.text)/\($0.prefixLength)" }
        #expect(Set(prefixes).count == prefixes.count)
        for range in AddressRange.table {
            // No bit after the prefix is set. This finds a mistyped length.
            let bits = range.prefix.bytes.flatMap { byte in (0..<8).map { byte >> (7 - UInt8($0)) & 1 } }
            #expect(bits.dropFirst(range.prefixLength).allSatisfy { $0 == 0 }, "\(range.prefix.text)")
        }
    }

    @Test(
        "what is no range is none", arguments: ["", "10.0.0.0", "10.0.0.0/33", "::/129", "a/8", "10.0.0.0/8/8", "/8"])
    func notation(text: String) {
        #expect(AddressRange(text, .blocked) == nil)
    }

    @Test(
        "RFC 6890 §2.2: loopback is 127.0.0.0/8 and ::1, nothing else",
        arguments: [
            ("127.0.0.1", true), ("127.255.255.255", true), ("126.255.255.255", false), ("128.0.0.1", false),
            ("0.0.0.0", false), ("10.0.0.1", false), ("169.254.169.254", false), ("::1", true), ("::", false),
            ("::2", false), ("100::1", false), ("::ffff:127.0.0.1", false), ("::127.0.0.1", false),
        ])
    func loopback(text: String, isLoopback: Bool) throws {
        #expect(try AddressPolicy.loopback.admits(address(text)) == isLoopback)
        #expect(try AddressPolicy.any.admits(address(text)))
    }

    @Test("an address of another length is none", arguments: [0, 3, 5, 15, 17])
    func length(count: Int) {
        #expect(AddressPolicy.Address([UInt8](repeating: 1, count: count)) == nil)
    }

    @Test(
        "the spelling of an address for libcurl is that address",
        arguments: ["127.0.0.1", "255.0.10.1", "::1", "2001:db8::a:0:ff"])
    func spelling(text: String) throws {
        let address = try address(text)
        let url = try AbsoluteURL(parsing: "https://\(address.text)/")
        #expect(url.addressBytes == address.bytes)
    }

    private func address(_ text: String) throws -> AddressPolicy.Address {
        let host = text.utf8.contains(UInt8(ascii: ":")) ? "[\(text)]" : text
        let bytes = try #require(try AbsoluteURL(parsing: "https://\(host)/").addressBytes)
        return try #require(AddressPolicy.Address(bytes))
    }
}
