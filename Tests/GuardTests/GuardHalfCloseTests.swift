import HTTPMessages
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import SocketHTTP
import Synchronization
import Testing
import TokenVerification
import WireFormat

@Suite("The guard and clients that half-close (POLICY §8, §16)", .timeLimit(.minutes(5)))
struct GuardHalfCloseTests {
    @Test("A client that half-closes while keys are fetched gets its answer, and the operator is told of no outage")
    func duringFetch() async throws {
        let url = "https://issuer.example/jwks"
        let fetcher = ScriptedFetcher()
        fetcher.set(url, json: GuardUnderTest.issuer.jwks)
        fetcher.hold()
        let keys = RemoteKeySet(
            of: try IssuerIdentifier(GuardUnderTest.issuer.url), at: .url(try AbsoluteURL(parsing: url)),
            checked: RemoteKeySet.Settings(), fetcher: fetcher,
            timing: RefreshTiming(clock: FakeClock().monotonicClock),
            observer: nil)
        let events = Mutex<[String]>([])
        let guarded = try GuardUnderTest(
            keys: keys, observer: { event in events.withLock { $0.append(event.description) } })
        let listening = try HTTPServer(host: "127.0.0.1", port: 0, limits: RowPaths.patientLimits).listen()
        let running = Task { try await listening.run(guarded.handler) }
        let token = try #require(GuardUnderTest.token("good"))
        let request = "GET /mcp HTTP/1.1\r\nHost: mcp.example\r\nAuthorization: Bearer \(token)\r\n\r\n"
        async let answer = RawExchange.answer(to: Array(request.utf8), on: listening.port, halfCloses: true)
        while fetcher.requests.isEmpty { await Task.yield() }
        // The answers of later connections come from later turns of the only loop: by then it has seen the end.
        for _ in 1...4 {
            let other = try await RawExchange.answer(to: Array("BAD\r\n\r\n".utf8), on: listening.port)
            #expect(other.starts(with: "HTTP/1.1 400 ".utf8))
        }
        #expect(events.withLock { $0 } == [])
        fetcher.release()
        let text = String(decoding: try await answer, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(text.hasSuffix("\r\n\r\nfor test-user"))
        let names = events.withLock { $0.map { $0.prefix { $0 != " " } } }
        #expect(names == ["allowed"])
        running.cancel()
        try await running.value
    }
}
