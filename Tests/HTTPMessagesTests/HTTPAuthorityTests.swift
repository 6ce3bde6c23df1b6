import HTTPMessages
import Testing

@Suite("Authorities (RFC 9110 §7.2)", .serialized)
struct HTTPAuthorityTests {
    private func parsed(_ text: String) -> HTTPAuthority? {
        HTTPAuthority(bytes: Array(text.utf8)[...])
    }

    @Test(
        "RFC 9110 §7.2: a host and perhaps a port",
        arguments: [
            ("a.example", "a.example", nil), ("A.example:443", "a.example", 443), ("a:1", "a", 1),
            ("a:65535", "a", 65535),
            ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]", "::1", nil), ("[::1]:8080", "::1", 8080),
        ] as [(String, HTTPHost, UInt16?)])
    func accepted(text: String, host: HTTPHost, port: UInt16?) throws {
        let authority = try #require(parsed(text))
        #expect(authority.host == host)
        #expect(authority.port == port)
        #expect(authority.bytes.elementsEqual(text.utf8))
    }

    @Test(
        "A name that RFC 3986 admits and no URL of ours has is valid, and is not a host",
        arguments: ["a.example.", "a!b", "a%41", "127.1", "0x7f.0.0.1", "127.0.0.01", "-a", "a..b", "a*", "~"])
    func wider(text: String) throws {
        #expect(try #require(parsed(text)).host == nil)
        #expect(try #require(parsed(text + ":80")).port == 80)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", ":", ":80", "a:", "a:0", "a:080", "a:65536", "a:+80", "a:http", "a:1:2", "a:123456", "a b", "a/b",
            "a?b",
            "a#b", "u@a", "u:p@a", "a%4", "a%zz", "é", "[", "[]", "[:]", "[::1", "::1", "[::1]x", "[::1]:", "[::::]",
            "[127.0.0.1]", "[fe80::1%25eth0]", "[v1.a]", "[a]", "a,b.example:80,", "a\0", "a\t",
        ])
    func refused(text: String) {
        // A comma is a sub-delimiter of RFC 3986, but not in a port.
        #expect(parsed(text) == nil)
    }

    @Test("The authority of a target: of the absolute form alone")
    func ofTarget() throws {
        for text in ["/", "/a", "*", "//b.example/"] { #expect(HTTPRequest.Target(text)?.authority == nil, "\(text)") }
        for (text, host, port) in [
            ("http://A.example", "a.example", nil), ("https://a.example:8443/x?y", "a.example", 8443),
            ("HTTP://[::1]:80?q", "::1", 80), ("http://a/b@c", "a", nil),
        ] as [(String, HTTPHost, UInt16?)] {
            let authority = try #require(HTTPRequest.Target(text)?.authority, "\(text)")
            #expect(authority.host == host)
            #expect(authority.port == port)
        }
        // A target without a host is refused, with and without `Host`.
        let hostless = "http://a.example./"
        #expect(HTTPRequest.Target(hostless) == nil)
    }

    @Test("Authorities are compared as sent, without regard to ASCII case: a default port is not added")
    func comparison() throws {
        let one = try #require(parsed("A.example:80"))
        #expect(one.isSpelled(like: try #require(parsed("a.EXAMPLE:80"))))
        #expect(!one.isSpelled(like: try #require(parsed("a.example"))))
    }
}
