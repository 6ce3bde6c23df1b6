import HTTPMessages
import Testing
import WireFormat

@Suite("Hosts (RFC 3986 §3.2.2)", .serialized)
struct HTTPHostTests {
    @Test(
        "A name, an IPv4 address, or an IPv6 address with or without brackets",
        arguments: [
            ("a.example", "a.example"), ("A.Example", "a.example"), ("idp", "idp"), ("k8s_1.svc-a", "k8s_1.svc-a"),
            ("10.0.0.1", "10.0.0.1"), ("fd00::1", "[fd00::1]"), ("[FD00:0::1]", "[fd00::1]"),
            ("::ffff:10.0.0.1", "[::ffff:a00:1]"),
        ])
    func accepted(text: String, description: String) throws {
        #expect(try #require(HTTPHost(text)).description == description)
    }

    @Test(
        "Anything else is not a host",
        arguments: [
            "", "https://a.example", "a.example:443", "a.example/secret", "a/", "a b", "user@a", "a.", ".a", "a..b",
            "-a",
            "a-", "é.example", "\u{212A}8s.example", "a%41", "127.1", "0x7f.0.0.1", "127.0.0.01", "1.2.3.4.5",
            "256.1.1.1",
            "::g", "[::1", "::1]", "[::1]:80", "[a.example]", "[10.0.0.1]", "fe80::1%en0", "[v1.a]", "a\0", "*",
            String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "a",
        ])
    func refused(text: String) {
        #expect(HTTPHost(text) == nil)
    }

    @Test("Names are equal without regard to ASCII case, addresses however they are spelled")
    func equality() {
        #expect(HTTPHost("IDP.example") == "idp.EXAMPLE")
        #expect(HTTPHost("fd00::1") == "[FD00:0:0::1]")
        #expect(HTTPHost("fd00::1") != "fd00::2")
        #expect(HTTPHost("::ffff:10.0.0.1") != "10.0.0.1")
        #expect(HTTPHost("idp") != "idp.example")
    }

    @Test("The host of a URL is the same host")
    func ofURL() throws {
        for (url, host) in [
            ("https://A.example:8443/x", "a.example"), ("http://127.0.0.1", "127.0.0.1"), ("https://[::1]/", "::1"),
        ] as [(String, HTTPHost)] {
            #expect(HTTPHost(try AbsoluteURL(parsing: url)) == host)
        }
    }

    @Test("RFC 6890 §2.2: localhost, 127.0.0.0/8 and ::1 are loopback, and nothing else")
    func loopback() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.255.255.255", "::1", "[0:0::0:1]"] {
            #expect(HTTPHost(host)?.isLoopback == true, "\(host)")
        }
        for host in ["localhost.example", "128.0.0.1", "::", "::2", "1::1", "::ffff:127.0.0.1", "0.0.0.0"] {
            #expect(HTTPHost(host)?.isLoopback == false, "\(host)")
        }
    }

    @Test("A literal that is not a host stops the program")
    func badLiteral() async {
        await #expect(processExitsWith: .failure) { _ = "a.example:443" as HTTPHost }
    }
}
