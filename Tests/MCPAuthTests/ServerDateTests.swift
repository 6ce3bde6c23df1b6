import Testing

@testable import mcp_auth

@Suite("mcp-auth: the Date of a response", .serialized)
struct ServerDateTests {
    @Test(
        "RFC 9110 §5.6.7: an IMF-fixdate",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ])
    func good(text: String, seconds: Int) {
        #expect(ServerDate.seconds(text) == seconds)
    }

    @Test(
        "every other text is no date",
        arguments: [
            "", "now", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 -8:49:37 GMT",
        ])
    func bad(text: String) {
        #expect(ServerDate.seconds(text) == nil)
    }
}
