import Testing
import WireFormat

@Suite("InsecureHTTP", .serialized)
struct InsecureHTTPTests {
    @Test(
        "https is admitted everywhere; http nowhere, on loopback, or everywhere",
        arguments: [
            ("https://a.example/", true, true, true), ("https://127.0.0.1/", true, true, true),
            ("http://localhost/", false, true, true), ("http://127.9.9.9/", false, true, true),
            ("http://[::1]/", false, true, true), ("http://a.example/", false, false, true),
            ("http://10.0.0.1/", false, false, true), ("http://localhost.example/", false, false, true),
        ])
    func admits(text: String, never: Bool, loopback: Bool, anyHost: Bool) throws {
        let url = try AbsoluteURL(parsing: text)
        #expect(InsecureHTTP.never.admits(url) == never)
        #expect(InsecureHTTP.loopback.admits(url) == loopback)
        #expect(InsecureHTTP.dangerouslyAnyHost.admits(url) == anyHost)
    }
}
