import HTTPMessages
import Testing

@Suite("The kind of address that a server listens on")
struct ListenerKindTests {
    @Test("The kind of a listener follows from its address: loopback of both versions, mapped ones and zones included")
    func listenerAddresses() {
        for address in ["127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::1%lo"] {
            #expect(HTTPRequest.ListenerKind(ipAddress: address) == .loopback, "\(address)")
        }
        for address in ["0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "::2", "128.0.0.1"] {
            #expect(HTTPRequest.ListenerKind(ipAddress: address) == .network, "\(address)")
        }
        for address in [nil, "", "localhost", "127.1", "[::1]", "127.0.0.1:80", "/tmp/socket"] {
            #expect(HTTPRequest.ListenerKind(ipAddress: address) == .unknown, "\(address ?? "none")")
        }
    }
}
