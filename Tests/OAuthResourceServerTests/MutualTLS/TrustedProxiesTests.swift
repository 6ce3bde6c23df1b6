import HTTPMessages
import Testing
import TokenVerification

@testable import OAuthResourceServer

@Suite("The places from which a proxy may pass on certificates")
struct TrustedProxiesTests {
    private func proxies(_ entries: String...) throws -> TrustedProxies {
        var faults: ConfigurationFaults = []
        let proxies = TrustedProxies(entries, at: "at", &faults)
        try #require(faults.isEmpty, "\(faults)")
        return proxies
    }

    private func request(
        from peer: String?, _ listener: HTTPRequest.ListenerKind = .network
    ) throws -> GuardedRequest {
        let target: HTTPRequest.Target = "/mcp"
        var request = HTTPRequest(method: .post, target: target)
        request.peer = try peer.map { try #require(HTTPRequest.PeerAddress($0)) }
        request.listener = listener
        return GuardedRequest(request)
    }

    @Test("An address is trusted alone, and in every spelling")
    func addresses() throws {
        let proxies = try proxies("192.0.2.7", "2001:db8::7", "::ffff:198.51.100.1", "127.0.0.1")
        for peer in [
            "192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207", "2001:db8::7", "2001:0DB8:0::7", "2001:db8::7%eth0",
            "198.51.100.1", "127.0.0.1", "::ffff:127.0.0.1",
        ] { #expect(proxies.contain(try request(from: peer)), "\(peer)") }
        for peer in [
            "192.0.2.6", "192.0.2.8", "2001:db8::8", "::192.0.2.7", "64:ff9b::192.0.2.7", "2002:c000:207::", "::1",
            "127.0.0.2", "::ffff:0:192.0.2.7",
        ] { #expect(!proxies.contain(try request(from: peer)), "\(peer)") }
    }

    @Test("A range is trusted from its first to its last address")
    func ranges() throws {
        let proxies = try proxies(
            "10.0.0.0/8", "192.0.2.128/25", "2001:db8::/33", "::ffff:198.51.100.0/120", "203.0.113.9/32")
        for peer in [
            "10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "192.0.2.128", "192.0.2.255", "2001:db8::",
            "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", "198.51.100.0", "198.51.100.255", "203.0.113.9",
        ] { #expect(proxies.contain(try request(from: peer)), "\(peer)") }
        for peer in [
            "9.255.255.255", "11.0.0.0", "192.0.2.127", "192.0.3.0", "2001:db8:8000::", "2001:db7:ffff::",
            "198.51.101.0", "203.0.113.8", "a00::1",
        ] { #expect(!proxies.contain(try request(from: peer)), "\(peer)") }
    }

    @Test("An unknown peer is not trusted. A Unix-domain socket is, if it is named, and it alone")
    func unknown() throws {
        #expect(try !proxies("10.0.0.0/8").contain(request(from: nil)))
        #expect(try !proxies("10.0.0.0/8", "unix").contain(request(from: nil)))
        #expect(try !proxies("10.0.0.0/8", "unix").contain(request(from: nil, .unknown)))
        #expect(try !proxies("unix").contain(request(from: "127.0.0.1", .loopback)))
        #expect(try proxies("unix").contain(request(from: nil, .unixSocket)))
        #expect(try !proxies("127.0.0.1").contain(request(from: nil, .unixSocket)))
        // A program that names both is believed about its socket.
        #expect(try !proxies("127.0.0.1").contain(request(from: "127.0.0.1", .unixSocket)))
    }

    @Test("Loopback must be named, even for a server that only this machine can reach")
    func loopback() throws {
        #expect(try !proxies("10.0.0.1").contain(request(from: "127.0.0.1", .loopback)))
        #expect(try proxies("127.0.0.0/8").contain(request(from: "127.0.0.1", .loopback)))
        #expect(try !proxies("127.0.0.0/8").contain(request(from: "::1", .loopback)))
    }

    @Test("A fault for every entry that is not a place, or that holds strangers")
    func faults() {
        let rows: [(String, String)] = [
            ("", "is not an IP address"), ("proxy.internal", "is not an IP address"),
            ("192.0.2.7:443", "is not an IP address"), ("[::1]", "is not an IP address"),
            ("fe80::1%eth0", "is not an IP address"), ("192.0.2.07", "is not an IP address"),
            ("192.0.2", "is not an IP address"), ("*", "is not an IP address"), ("Unix", "is not an IP address"),
            ("/run/proxy.socket", "is not an IP address"), (" 192.0.2.7", "is not an IP address"),
            ("10.0.0.0/", "has a / without"), ("10.0.0.0/33", "has a / without"), ("::/129", "has a / without"),
            ("10.0.0.0/08", "has a / without"), ("10.0.0.0/+8", "has a / without"), ("10.0.0.0/-8", "has a / without"),
            ("10.0.0.0/255.0.0.0", "has a / without"), ("10.0.0.0/8/8", "has a / without"),
            ("10.0.0.0/99999999999999999999", "has a / without"),
            ("0.0.0.0/0", "is wider"), ("10.0.0.0/7", "is wider"), ("::/0", "is wider"), ("::/8", "is wider"),
            ("2000::/3", "is wider"), ("::ffff:0:0/96", "is wider"), ("::ffff:0.0.0.0/96", "is wider"),
            ("::/64", "is wider"), ("::fffe:0:0/95", "is wider"),
            ("10.0.0.1/8", "has bits after"), ("192.0.2.7/31", "has bits after"), ("2001:db8::1/64", "has bits after"),
            ("fe80::/10", "holds link-local"), ("fe80::1", "holds link-local"), ("fe80::/64", "holds link-local"),
            ("fe00::/8", "holds link-local"), ("febf::/16", "holds link-local"),
        ]
        for (entry, reason) in rows {
            var faults: ConfigurationFaults = []
            _ = TrustedProxies([entry], at: "at", &faults)
            #expect(
                faults.map { FaultRenderer.code.line($0) }.first?.hasPrefix("at[0] \(reason)") == true,
                "\(entry): \(faults)")
        }
        for entry in [
            "fd00::/8", "fec0::/16", "169.254.0.0/16", "::1", "0.0.0.0", "::ffff:10.0.0.0/104", "255.255.255.255/32",
        ] {
            var faults: ConfigurationFaults = []
            _ = TrustedProxies([entry], at: "at", &faults)
            #expect(faults.isEmpty, "\(entry)")
        }
    }

    @Test("The list is not empty, and has a bound")
    func counts() {
        for (count, isGood) in [(0, false), (1, true), (256, true), (257, false), (100_000, false)] {
            var faults: ConfigurationFaults = []
            _ = TrustedProxies([String](repeating: "10.0.0.1", count: count), at: "at", &faults)
            #expect(faults.isEmpty == isGood, "\(count)")
        }
    }
}
