import Testing
import WireFormat

@Suite("Absolute URLs (RFC 3986, POLICY §13)", .serialized)
struct AbsoluteURLTests {
    struct Parts: Sendable, Equatable {
        var scheme: AbsoluteURL.Scheme = .https
        var host: String
        var kind: AbsoluteURL.HostKind = .name
        var port: UInt16?
        var path = ""
        var query: String?
        var fragment: String?
    }

    static let accepted: [(text: String, parts: Parts)] = [
        ("https://example.com", Parts(host: "example.com")),
        ("http://example.com", Parts(scheme: .http, host: "example.com")),
        ("https://example.com/", Parts(host: "example.com", path: "/")),
        ("https://example.com/a/b", Parts(host: "example.com", path: "/a/b")),
        ("https://example.com/a//b/", Parts(host: "example.com", path: "/a//b/")),
        ("https://example.com//", Parts(host: "example.com", path: "//")),
        ("https://example.com/../a/./b", Parts(host: "example.com", path: "/../a/./b")),
        ("HTTPS://EXAMPLE.com/A", Parts(host: "EXAMPLE.com", path: "/A")),
        ("hTTp://a", Parts(scheme: .http, host: "a")),
        ("https://example.com:443/", Parts(host: "example.com", port: 443, path: "/")),
        ("https://example.com:1", Parts(host: "example.com", port: 1)),
        ("https://example.com:65535", Parts(host: "example.com", port: 65535)),
        ("https://example.com?q", Parts(host: "example.com", query: "q")),
        ("https://example.com?", Parts(host: "example.com", query: "")),
        ("https://example.com#", Parts(host: "example.com", fragment: "")),
        ("https://example.com?a=b&c=/?d#e/?f", Parts(host: "example.com", query: "a=b&c=/?d", fragment: "e/?f")),
        ("https://example.com/p#f?not=query", Parts(host: "example.com", path: "/p", fragment: "f?not=query")),
        ("https://example.com:8080?x", Parts(host: "example.com", port: 8080, query: "x")),
        ("https://example.com/%41%2f%00%fF", Parts(host: "example.com", path: "/%41%2f%00%fF")),
        ("https://e.com/-._~!$&'()*+,;=:@", Parts(host: "e.com", path: "/-._~!$&'()*+,;=:@")),
        ("https://e.com/a@b:80", Parts(host: "e.com", path: "/a@b:80")),
        ("https://e.com?u=https://a@b", Parts(host: "e.com", query: "u=https://a@b")),
        ("https://a-b.c_d.e--f.com", Parts(host: "a-b.c_d.e--f.com")),
        ("https://_dmarc.example.com", Parts(host: "_dmarc.example.com")),
        ("https://xn--bcher-kva.example", Parts(host: "xn--bcher-kva.example")),
        ("https://1.example", Parts(host: "1.example")),
        ("https://127.0.0.1.example", Parts(host: "127.0.0.1.example")),
        ("https://1a", Parts(host: "1a")), ("https://0xg", Parts(host: "0xg")),
        ("https://1.2.3.4a", Parts(host: "1.2.3.4a")),
        ("https://localhost", Parts(host: "localhost")),
        ("http://localhost:9000/x", Parts(scheme: .http, host: "localhost", port: 9000, path: "/x")),
        ("https://127.0.0.1", Parts(host: "127.0.0.1", kind: .ipv4)),
        ("https://0.0.0.0", Parts(host: "0.0.0.0", kind: .ipv4)),
        ("https://255.255.255.255:1/", Parts(host: "255.255.255.255", kind: .ipv4, port: 1, path: "/")),
        ("https://[::1]", Parts(host: "::1", kind: .ipv6)), ("https://[::]", Parts(host: "::", kind: .ipv6)),
        ("https://[::1]:8443/p", Parts(host: "::1", kind: .ipv6, port: 8443, path: "/p")),
        ("https://[2001:DB8::1]", Parts(host: "2001:DB8::1", kind: .ipv6)),
        ("https://[1:2:3:4:5:6:7:8]", Parts(host: "1:2:3:4:5:6:7:8", kind: .ipv6)),
        ("https://[1::8]", Parts(host: "1::8", kind: .ipv6)),
        ("https://[1:2:3:4:5:6:7::]", Parts(host: "1:2:3:4:5:6:7::", kind: .ipv6)),
        ("https://[::2:3:4:5:6:7:8]", Parts(host: "::2:3:4:5:6:7:8", kind: .ipv6)),
        ("https://[::ffff:127.0.0.1]", Parts(host: "::ffff:127.0.0.1", kind: .ipv6)),
        ("https://[1:2:3:4:5:6:1.2.3.4]", Parts(host: "1:2:3:4:5:6:1.2.3.4", kind: .ipv6)),
        ("https://[::1.2.3.4]", Parts(host: "::1.2.3.4", kind: .ipv6)),
        ("https://[0001:0000::]", Parts(host: "0001:0000::", kind: .ipv6)),
        (
            "https://[0000:0000:0000:0000:0000:ffff:255.255.255.255]",
            Parts(host: "0000:0000:0000:0000:0000:ffff:255.255.255.255", kind: .ipv6)
        ),
    ]

    @Test("A URL is taken apart as spelled", arguments: accepted)
    func accept(text: String, parts: Parts) throws {
        let url = try AbsoluteURL(parsing: text)
        let found = Parts(
            scheme: url.scheme, host: url.host, kind: url.hostKind, port: url.port, path: url.path, query: url.query,
            fragment: url.fragment)
        #expect(found == parts)
        #expect(url.text == text)
        #expect(url.description == text)
        #expect(url.effectivePort == parts.port ?? (parts.scheme == .https ? 443 : 80))
    }

    static let refused: [(text: String, reason: AbsoluteURL.ParseError)] = [
        ("", .empty), ("https://a/" + String(repeating: "b", count: 2039), .tooLong),
        // Bytes that a URL cannot contain (THREATS R6, P11).
        (" https://a", .invalidByte), ("https://a ", .invalidByte), ("https://a\n", .invalidByte),
        ("https://a/\r\nX: y", .invalidByte),
        ("https://a/\t", .invalidByte), ("https://a/\0", .invalidByte), ("https://a\\b", .invalidByte),
        ("https:\\\\a", .invalidByte),
        ("https://a/\u{7F}", .invalidByte), ("https://a/é", .invalidByte), ("https://bücher.example", .invalidByte),
        ("https://①②⑦.⓪.⓪.①", .invalidByte), ("https://e\u{212A}ample", .invalidByte), ("https://a．b", .invalidByte),
        ("https://a。b", .invalidByte),
        ("https://a/<b>", .invalidByte), ("https://a/\"", .invalidByte), ("https://a/^", .invalidByte),
        ("https://a/`", .invalidByte),
        ("https://a/{b}", .invalidByte), ("https://a/|", .invalidByte), ("\u{FEFF}https://a", .invalidByte),
        ("https://a?\u{202E}", .invalidByte),
        // Schemes.
        ("ftp://a", .unsupportedScheme), ("httpss://a", .unsupportedScheme), ("htt://a", .unsupportedScheme),
        ("://a", .unsupportedScheme),
        ("//a/b", .unsupportedScheme), ("/a", .unsupportedScheme), ("a", .unsupportedScheme),
        ("example.com:443", .unsupportedScheme),
        ("javascript:alert(1)", .unsupportedScheme), ("file:///etc/passwd", .unsupportedScheme),
        ("data:,x", .unsupportedScheme),
        ("?https://a", .unsupportedScheme), ("ws://a", .unsupportedScheme), ("https", .unsupportedScheme),
        ("https+x://a", .unsupportedScheme),
        // Missing hosts.
        ("https:", .missingHost), ("https:/", .missingHost), ("https:a", .missingHost), ("https:/a", .missingHost),
        ("https://", .missingHost),
        ("https:///a", .missingHost), ("https://?q", .missingHost), ("https://#f", .missingHost),
        ("https://:443", .missingHost), ("https://:", .missingHost),
        // Userinfo.
        ("https://user@a", .userinfo), ("https://user:pass@a", .userinfo), ("https://@a", .userinfo),
        ("https://a@", .userinfo),
        ("https://a:80@b", .userinfo), ("https://a%40b@c", .userinfo), ("https://[::1]@a", .userinfo),
        ("https://@", .userinfo),
        // Names.
        ("https://a.", .invalidHost), ("https://localhost.", .invalidHost), ("https://.a", .invalidHost),
        ("https://a..b", .invalidHost),
        ("https://.", .invalidHost), ("https://..", .invalidHost), ("https://-a", .invalidHost),
        ("https://a-", .invalidHost), ("https://a.-b.c", .invalidHost),
        ("https://a%2eb", .invalidHost), ("https://%61", .invalidHost), ("https://a%00", .invalidHost),
        ("https://a,b", .invalidHost),
        ("https://a!b", .invalidHost), ("https://a;b", .invalidHost), ("https://a&b", .invalidHost),
        ("https://a*b", .invalidHost), ("https://~a", .invalidHost),
        ("https://a=b", .invalidHost), ("https://a(b)", .invalidHost), ("https://*.example.com", .invalidHost),
        ("https://a[b", .invalidHost), ("https://a]", .invalidHost),
        ("https://" + String(repeating: "a", count: 64), .invalidHost),
        ("https://" + String(repeating: "abcdefg.", count: 31) + "abcdef", .invalidHost),
        // Numeric last labels (THREATS R3).
        ("https://1", .invalidHost), ("https://2130706433", .invalidHost), ("https://127.1", .invalidHost),
        ("https://127.0.1", .invalidHost),
        ("https://0177.0.0.1", .invalidHost), ("https://0x7f.0.0.1", .invalidHost),
        ("https://0x7f000001", .invalidHost), ("https://0X7F.1", .invalidHost),
        ("https://127.0.0.0x1", .invalidHost), ("https://0x", .invalidHost), ("https://a.0x", .invalidHost),
        ("https://127.0.0.01", .invalidHost),
        ("https://127.0.0.256", .invalidHost), ("https://1.2.3.4.5", .invalidHost), ("https://1.2.3", .invalidHost),
        ("https://127.0.0.1.", .invalidHost),
        ("https://a.1", .invalidHost), ("https://a.b.c.1", .invalidHost), ("https://1.2.3.1000", .invalidHost),
        ("https://00.0.0.0", .invalidHost),
        ("https://1..2.3", .invalidHost), ("https://.1.2.3", .invalidHost), ("https://-1.2.3.4", .invalidHost),
        ("https://+1.2.3.4", .invalidHost),
        ("https://1.2.3.99999999999999999999", .invalidHost), ("https://0.0.0.00", .invalidHost),
        // IPv6.
        ("https://[", .invalidHost), ("https://[]", .invalidHost), ("https://[::1", .invalidHost),
        ("https://::1", .invalidHost), ("https://[::1]a", .invalidHost),
        ("https://[::1]]", .invalidHost), ("https://[[::1]]", .invalidHost), ("https://[:]", .invalidHost),
        ("https://[:::]", .invalidHost),
        ("https://[1:2:3:4:5:6:7]", .invalidHost), ("https://[1:2:3:4:5:6:7:8:9]", .invalidHost),
        ("https://[1:2:3:4:5:6:7:8::]", .invalidHost),
        ("https://[::1:2:3:4:5:6:7:8]", .invalidHost), ("https://[1::2::3]", .invalidHost),
        ("https://[:1::2]", .invalidHost), ("https://[1::2:]", .invalidHost),
        ("https://[1:::2]", .invalidHost), ("https://[12345::]", .invalidHost), ("https://[g::]", .invalidHost),
        ("https://[fe80::1%25eth0]", .invalidHost),
        ("https://[fe80::1%eth0]", .invalidHost), ("https://[::1.2.3]", .invalidHost),
        ("https://[::1.2.3.4.5]", .invalidHost), ("https://[::1.2.3.256]", .invalidHost),
        ("https://[::01.2.3.4]", .invalidHost), ("https://[1.2.3.4::]", .invalidHost),
        ("https://[::1.2.3.4:5]", .invalidHost), ("https://[1:2:3:4:5:6:7:1.2.3.4]", .invalidHost),
        ("https://[1.2.3.4]", .invalidHost), ("https://[v1.x]", .invalidHost), ("https://[example.com]", .invalidHost),
        ("https://[::1].a", .invalidHost),
        ("https://[::+1]", .invalidHost), ("https://[::0x1]", .invalidHost),
        // Ports (THREATS P9).
        ("https://a:", .invalidPort), ("https://a:/", .invalidPort), ("https://a:0", .invalidPort),
        ("https://a:00", .invalidPort), ("https://a:080", .invalidPort),
        ("https://a:65536", .invalidPort), ("https://a:99999", .invalidPort), ("https://a:100000", .invalidPort),
        ("https://a:+80", .invalidPort),
        ("https://a:-1", .invalidPort), ("https://a:8a", .invalidPort), ("https://a:0x50", .invalidPort),
        ("https://a:99999999999999999999", .invalidPort),
        ("https://[::1]:", .invalidPort), ("https://[::1]:0", .invalidPort), ("https://a:%38", .invalidPort),
        ("https://a:b:c", .invalidHost), ("https://a:80:80", .invalidHost),
        // Percent-encoding, and characters in path, query and fragment.
        ("https://a/%", .invalidPath), ("https://a/%4", .invalidPath), ("https://a/%zz", .invalidPath),
        ("https://a/%4g", .invalidPath), ("https://a/%%41", .invalidPath),
        ("https://a/[", .invalidPath), ("https://a/]", .invalidPath), ("https://a/%?x", .invalidPath),
        ("https://a?%", .invalidQuery), ("https://a?%1", .invalidQuery),
        ("https://a?x[]=1", .invalidQuery), ("https://a?%g0", .invalidQuery), ("https://a#%", .invalidFragment),
        ("https://a#b#c", .invalidFragment),
        ("https://a##", .invalidFragment), ("https://a#[x]", .invalidFragment), ("https://a/?q#%2", .invalidFragment),
    ]

    @Test("A text that is no acceptable URL is refused with its own reason", arguments: refused)
    func refuse(text: String, reason: AbsoluteURL.ParseError) {
        #expect(throws: reason) { try AbsoluteURL(parsing: text) }
    }

    @Test("Every reason has a row, and its code is its raw value")
    func reasons() {
        #expect(Set(Self.refused.map(\.reason)) == Set(AbsoluteURL.ParseError.allCases))
        #expect(AbsoluteURL.ParseError.missingHost.code == "missing_host")
    }

    @Test("Sizes at the limit and one beyond: text 2,048, host 253, label 63")
    func limits() throws {
        let text = "https://a/" + String(repeating: "b", count: 2038)
        #expect(try AbsoluteURL(parsing: text).path.utf8.count == 2039)
        #expect(throws: AbsoluteURL.ParseError.tooLong) { try AbsoluteURL(parsing: text + "b") }

        let label = String(repeating: "a", count: 63)
        #expect(try AbsoluteURL(parsing: "https://\(label).b").host.utf8.count == 65)
        #expect(throws: AbsoluteURL.ParseError.invalidHost) { try AbsoluteURL(parsing: "https://\(label)a.b") }

        let host = "\(label).\(label).\(label)." + String(repeating: "a", count: 61)
        #expect(try AbsoluteURL(parsing: "https://\(host)/").host.utf8.count == 253)
        #expect(throws: AbsoluteURL.ParseError.invalidHost) { try AbsoluteURL(parsing: "https://\(host)a/") }
    }

    @Test("Every byte but those of RFC 3986 §2 is refused wherever it stands")
    func bytes() {
        let admitted = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%".utf8)
        for byte in UInt8(0)..<0x80 where !admitted.contains(byte) {
            let character = String(Unicode.Scalar(byte))
            for text in [
                "\(character)https://a", "https://a\(character)b", "https://a/\(character)", "https://a?\(character)",
                "https://a#\(character)",
            ] {
                #expect(throws: AbsoluteURL.ParseError.invalidByte) { try AbsoluteURL(parsing: text) }
            }
        }
    }

    @Test(
        "Loopback: localhost in any case, 127.0.0.0/8, ::1 in any spelling, and nothing else",
        arguments: [
            ("http://localhost", true), ("http://LOCALHOST:80", true), ("http://LocalHost/", true),
            ("http://127.0.0.1", true), ("http://127.255.255.255", true),
            ("http://127.0.0.0", true), ("http://[::1]", true), ("http://[0:0:0:0:0:0:0:1]", true),
            ("http://[0000::0001]", true), ("http://[::0.0.0.1]", true),
            ("http://localhost.example", false), ("http://foo.localhost", false), ("http://localhos", false),
            ("http://localhostt", false), ("http://128.0.0.1", false),
            ("http://126.255.255.255", false), ("http://0.0.0.0", false), ("http://127.0.0.1.example", false),
            ("http://[::]", false), ("http://[::2]", false), ("http://[1::1]", false),
            ("http://[::ffff:127.0.0.1]", false), ("http://[::127.0.0.1]", false),
            ("http://example.com/localhost", false), ("http://loca1host", false),
        ])
    func loopback(text: String, isLoopback: Bool) throws {
        #expect(try AbsoluteURL(parsing: text).isLoopback == isLoopback)
    }

    @Test(
        "RFC 3986 §5.2.4, §6.2.2.2: dot segments, plain and percent-encoded",
        arguments: [
            ("/.", true), ("/..", true), ("/./", true), ("/../", true), ("/a/.", true), ("/a/../b", true),
            ("/a/./b", true), ("/%2e", true), ("/%2E", true),
            ("/%2e%2e", true), ("/%2E%2e/", true), ("/.%2e/a", true), ("/a/%2E./b", true), ("//..//", true),
            ("", false), ("/", false), ("/a", false), ("/...", false),
            ("/.a", false), ("/a.", false), ("/..a", false), ("/a..", false), ("/%2e%2e%2e", false), ("/%2f..", false),
            ("/.well-known/x", false), ("/%252e", false),
            ("/a?/../", false), ("/a#/../", false), ("/..%2f", false), ("/a//b", false), ("/%2ea", false),
        ])
    func dotSegments(rest: String, has: Bool) throws {
        #expect(try AbsoluteURL(parsing: "https://a\(rest)").hasDotSegments == has)
    }

    @Test(
        "The origin is everything before the path, as spelled",
        arguments: [
            ("https://a", "https://a"), ("https://a/", "https://a"), ("https://a:443/b?c#d", "https://a:443"),
            ("HTTPS://A.b:1?x", "HTTPS://A.b:1"),
            ("http://[::1]:80/x", "http://[::1]:80"), ("https://a#f/g", "https://a"),
        ])
    func origin(text: String, origin: String) throws {
        #expect(try AbsoluteURL(parsing: text).origin == origin)
    }

    @Test("The bytes of an address, in network order")
    func addresses() throws {
        func bytes(_ host: String) throws -> [UInt8]? { try AbsoluteURL(parsing: "https://\(host)").addressBytes }
        #expect(try bytes("example.com") == nil)
        #expect(try bytes("1.20.255.0") == [1, 20, 255, 0])
        #expect(try bytes("[::]") == [UInt8](repeating: 0, count: 16))
        #expect(try bytes("[102:304:506:708:90a:b0c:d0e:f10]") == Array(1...16))
        #expect(try bytes("[2001:db8::ff]") == [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [0xFF])
        #expect(try bytes("[1::]") == [0, 1] + [UInt8](repeating: 0, count: 14))
        #expect(try bytes("[64:ff9b::192.0.2.1]") == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1])
        #expect(try bytes("[::ffff:1.2.3.4]") == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4])
    }

    @Test("URLs are equal when spelled alike: no case, port or slash is normalised away")
    func equality() throws {
        let url = try AbsoluteURL(parsing: "https://a.example/b")
        #expect(try url == AbsoluteURL(parsing: "https://a.example/b"))
        #expect(try Set([url, AbsoluteURL(parsing: "https://a.example/b")]).count == 1)
        for other in [
            "https://A.example/b", "https://a.example:443/b", "https://a.example/b/", "HTTPS://a.example/b",
            "https://a.example/%62",
        ] {
            #expect(try url != AbsoluteURL(parsing: other))
        }
    }

    @Test("Any single byte changed, removed or added: a URL or a reason, never a trap")
    func mutations() {
        for text in ["https://a.b:80/c/%2e?d#e", "http://[1::2:127.0.0.1]:9/", "https://127.0.0.1"] {
            let bytes = Array(text.utf8)
            for index in bytes.indices {
                for byte in UInt8(0)..<0x80 {
                    var changed = bytes
                    changed[index] = byte
                    var longer = bytes
                    longer.insert(byte, at: index)
                    for candidate in [changed, longer, Array(bytes[..<index])] {
                        let text = String(decoding: candidate, as: UTF8.self)
                        guard let url = try? AbsoluteURL(parsing: text) else { continue }
                        _ = (url.isLoopback, url.hasDotSegments, url.addressBytes)
                        #expect(url.text == text)
                        #expect(text.utf8.starts(with: url.origin.utf8))
                    }
                }
            }
        }
    }
}
