import Testing
import WireFormat

@testable import SafeFetch

@Suite("AddressPolicy")
struct AddressPolicyTests {
    @Test(
        "RFC 6890 §2.2: loopback is 127.0.0.0/8 and ::1, nothing else",
        arguments: [
            ([127, 0, 0, 1], true), ([127, 255, 255, 255], true), ([126, 255, 255, 255], false),
            ([128, 0, 0, 1], false),
            ([0, 0, 0, 0], false), ([10, 0, 0, 1], false), ([169, 254, 169, 254], false),
            (repeatElement(0, count: 15) + [1], true),
            (repeatElement(0, count: 16) + [], false),
            (repeatElement(0, count: 15) + [2], false),
            ([1] + repeatElement(0, count: 14) + [1], false),
            (repeatElement(0, count: 10) + [255, 255, 127, 0, 0, 1], false),
            (repeatElement(0, count: 12) + [127, 0, 0, 1], false),
        ] as [([UInt8], Bool)])
    func loopback(bytes: [UInt8], isLoopback: Bool) throws {
        let address = try #require(AddressPolicy.Address(bytes))
        #expect(AddressPolicy.loopback.admits(address) == isLoopback)
        #expect(AddressPolicy.any.admits(address))
    }

    @Test("an address of another length is none", arguments: [0, 3, 5, 15, 17])
    func length(count: Int) {
        #expect(AddressPolicy.Address([UInt8](repeating: 1, count: count)) == nil)
    }

    @Test(
        "the addresses of a URL: any under TLS; with http none, loopback only, or any, as the operator said",
        arguments: [
            ("https://a.example/", AddressPolicy.any, AddressPolicy.any, AddressPolicy.any),
            ("http://localhost/", nil, .loopback, .any), ("http://[::1]/", nil, .loopback, .any),
            ("http://a.example/", nil, nil, .any), ("http://10.0.0.1/", nil, nil, .any),
            ("https://a.example/#x", nil, nil, nil), ("http://localhost/#", nil, nil, nil),
        ])
    func addresses(
        url: String, never: AddressPolicy?, loopback: AddressPolicy?, anyHost: AddressPolicy?
    ) throws {
        let url = try AbsoluteURL(parsing: url)
        #expect(FetchPolicy(insecureHTTP: .never).addressPolicy(for: url) == never)
        #expect(FetchPolicy(insecureHTTP: .loopback).addressPolicy(for: url) == loopback)
        #expect(FetchPolicy(insecureHTTP: .dangerouslyAnyHost).addressPolicy(for: url) == anyHost)
    }
}
