import HTTPMessages
import Testing

@Suite("The address of a connection's other end")
struct PeerAddressTests {
    @Test(
        "An address has one value and one spelling, whatever text it comes from",
        arguments: [
            ("192.0.2.7", "192.0.2.7"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
            ("::ffff:192.0.2.7", "192.0.2.7"), ("::FFFF:c000:207", "192.0.2.7"),
            ("0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7"), ("2001:DB8:0:0::7", "2001:db8::7"), ("::1", "::1"), ("::", "::"),
            ("fe80::1%eth0", "fe80::1"), ("fe80::1%", "fe80::1"), ("::192.0.2.7", "::c000:207"),
        ])
    func spellings(text: String, canonical: String) throws {
        let address = try #require(HTTPRequest.PeerAddress(text))
        #expect(address.description == canonical)
        #expect(address == HTTPRequest.PeerAddress(canonical))
    }

    @Test(
        "Text that is not an address is not guessed at: ports, brackets, names, short and octal forms, zones of IPv4",
        arguments: [
            "", "localhost", "192.0.2.7:80", "[::1]", "192.0.2", "192.0.2.07", "0xC0000207", "3221225991", " 192.0.2.7",
            "192.0.2.7%eth0", "192.0.2.7/32", "/tmp/socket", "::1::", "1:2:3:4:5:6:7", "\u{FF11}92.0.2.7", "::g",
        ])
    func refused(text: String) {
        #expect(HTTPRequest.PeerAddress(text) == nil)
    }

    @Test("An address is held without an allocation, and a certificate is one reference")
    func size() {
        #expect(MemoryLayout<HTTPRequest.PeerAddress?>.size == 17)
        #expect(MemoryLayout<HTTPRequest.ClientCertificate?>.size == MemoryLayout<Int>.size)
    }
}
