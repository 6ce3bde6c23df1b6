import HTTPMessages
import OAuthMetadata
import OAuthTestKit
import Testing
import WireFormat

@testable import TokenVerification

@Suite("The Date of responses (POLICY §17: clock_differs)")
struct ResponseDateTests {
    @Test(
        "RFC 9110 §5.6.7: an IMF-fixdate is read strictly",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799), ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun Nov  6 08:49:37 1994", nil), ("", nil),
            ("Sun, 06 Nov 1994 24:49:37 GMT", nil), ("Sun, 06 nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 Nov 1994 08:49:37 UTC", nil), ("Sun, 6  Nov 1994 08:49:37 GMT", nil),
        ] as [(String, Int?)])
    func dates(text: String, seconds: Int?) {
        #expect(ResponseDate.secondsSince1970(Array(text.utf8)) == seconds)
    }

    @Test("RFC 9111 §5.1: the age of a cached response is added; without a Date nothing is known")
    func age() {
        func difference(_ fields: [(HTTPFields.Name, HTTPFields.Value)]) -> Int? {
            var all = HTTPFields()
            for (name, value) in fields { all.append(name, value) }
            return ResponseDate.difference(of: all, from: 784_111_877)
        }
        let date: (HTTPFields.Name, HTTPFields.Value) = (.date, "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(difference([date]) == 100)
        #expect(difference([date, (.age, "90")]) == 10)
        #expect(difference([date, (.age, "120")]) == -20)
        #expect(difference([date, (.age, "x")]) == nil)
        #expect(difference([]) == nil)
    }

    @Test("A clock that differs by more than 30 s is reported once, and again after it was right")
    func event() async throws {
        let (fetcher, clock, log) = (ScriptedFetcher(), FakeClock(), EventLog())
        let url = try AbsoluteURL(parsing: "https://issuer.example/keys")
        let source = RemoteKeySet(
            of: try IssuerIdentifier("https://issuer.example"), at: .url(url), checked: RemoteKeySet.Settings(),
            fetcher: fetcher,
            timing: RefreshTiming(
                clock: clock.monotonicClock, jitter: Jitter { 0 }, wallClock: WallClock { 784_111_777 }),
            observer: { log.append($0) })
        for (time, expected) in [
            ("08:49:07", []), ("08:49:06", [31]), ("08:48:37", []), ("08:49:37", []), ("09:49:37", [-3_600]),
        ] as [(String, [Int])] {
            let date = try #require(HTTPFields.Value("Sun, 06 Nov 1994 \(time) GMT"))
            fetcher.set(url.text, json: IssuerFixture.issuer.jwks, fields: [.date: date])
            let before = log.all.count
            clock.advance(by: .seconds(3_601))
            _ = try await source.keys(for: .noKeys)
            let differences = log.all.dropFirst(before).compactMap { event in
                if case .keySource(.clockDiffers(let seconds), _) = event { seconds } else { nil }
            }
            #expect(differences == expected)
        }
        #expect(log.all.contains { "\($0)" == "clock_differs seconds=-3600 issuer=https://issuer.example" })
    }
}
