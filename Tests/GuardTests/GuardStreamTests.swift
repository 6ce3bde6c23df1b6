import HTTPMessages
import JOSE
import OAuthTestKit
import SocketHTTP
import Testing
import TokenVerification

@testable import OAuthResourceServer

@Suite("The guard and event streams over a socket (POLICY §11)")
struct GuardStreamTests {
    @Test("An idle event stream ends with its token: the response is complete, and the connection is closed as asked")
    func idle() async throws {
        let clock = FakeClock()
        let log = AsyncStream.makeStream(of: String.self)
        let validation = try JWTValidation(issuer: GuardUnderTest.issuer.url, resource: GuardUnderTest.resource)
        var server = try ResourceServer(
            ResourceServerConfiguration(resource: GuardUnderTest.resource),
            verifier: JWTTokenVerifier(
                [.init(validation, keys: GuardUnderTest.issuer.keySource)], clock: WallClock { GuardUnderTest.now }),
            observer: { log.continuation.yield($0.description) })
        server.streams?.alarm = StreamAlarm(
            wallClock: WallClock { GuardUnderTest.now + clock.elapsed / .seconds(1) }, clock: clock.monotonicClock)
        let handler = server.protecting { _, _ in
            .events { writer in
                try await writer.send(ServerSentEvent(data: "hello"))
                let (messages, continuation) = AsyncStream.makeStream(of: Int.self)
                for await _ in messages {}
                _ = continuation
            }
        }
        let listening = try HTTPServer(host: "127.0.0.1", port: 0, limits: RowPaths.patientLimits).listen()
        let running = Task { try await listening.run(handler) }
        let token = try #require(GuardUnderTest.token("good"))
        let request =
            "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer \(token)\r\n\r\n"
        async let answer = RawExchange.answer(to: Array(request.utf8), on: listening.port)
        while clock.sleepers == 0 { await Task.yield() }
        clock.advance(by: .seconds(1_000_000))
        let text = String(decoding: try await answer, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(text.hasSuffix("0\r\n\r\n"))
        log.continuation.finish()
        let events = await log.stream.reduce(into: []) { $0.append($1) }
        #expect(events.filter { $0.hasPrefix("stream_expired token=") }.count == 1)
        running.cancel()
        try await running.value
    }
}
