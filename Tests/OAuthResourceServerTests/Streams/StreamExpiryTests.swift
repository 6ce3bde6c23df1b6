import HTTPMessages
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@testable import OAuthResourceServer
@testable import TokenVerification

@Suite("Event streams end with their tokens (POLICY §11)")
struct StreamExpiryTests {
    private let clock = FakeClock()
    private let wall = Setting()
    private let log: EventLog
    private let server: ResourceServer
    /// Tokens of the tests expire 100 seconds from now. The skew is the default, 60 seconds.
    private static let lifetime = 100.0

    /// By how many seconds the wall clock was set back.
    private final class Setting: Sendable {
        let seconds = Mutex(0.0)
    }

    init() throws {
        try self.init { _ in }
    }

    private init(configure: (inout ResourceServerConfiguration) -> Void) throws {
        let fixture = try GuardFixture(configure: configure)
        log = fixture.log
        var server = fixture.server
        server.streams?.alarm = StreamAlarm(
            wallClock: WallClock { [clock, wall] in
                GuardFixture.now + clock.elapsed / .seconds(1) - wall.seconds.withLock { $0 }
            }, clock: clock.monotonicClock)
        self.server = server
    }

    private struct NoStream: Error {}

    /// Sends a request to a handler that answers with a stream, and returns the writing of its body.
    private func stream(
        _ method: HTTPMethod = .get, token: String? = Self.token(), type: HTTPFields.Value = "text/event-stream",
        body: HTTPRequest.Body = HTTPRequest.Body(), fields: [(HTTPFields.Name, HTTPFields.Value)] = [],
        writing produce: @escaping @Sendable (HTTPResponse.Body.Writer) async throws -> Void
    ) async throws -> @Sendable (HTTPResponse.Body.Writer) async throws -> Void {
        var request = HTTPRequest(method: method, target: "/mcp", body: body)
        request.listener = .network
        if let token { request.fields.append(.authorization, try #require(HTTPFields.Value("Bearer " + token))) }
        for (name, value) in fields { request.fields.append(name, value) }
        let response = try await server.protecting { _, _ in
            var response = HTTPResponse(status: .ok, body: .stream(produce))
            response.fields[.contentType] = type
            return response
        }.respond(to: request)
        guard case .stream(let limited) = response.body else { throw NoStream() }
        return limited
    }

    private static func token(lifetime: Double = lifetime) -> String {
        GuardFixture.issuer.token {
            $0.claims["exp"] = .number(JSONDocument.Number(Int64(GuardFixture.now + lifetime)))
        }
    }

    /// Waits until a number of tasks wait for the clock.
    private func sleepers(_ count: Int) async {
        while clock.sleepers != count { await Task.yield() }
    }

    /// Never returns, until the task is cancelled.
    private static let idle: @Sendable (HTTPResponse.Body.Writer) async throws -> Void = { _ in
        let (messages, continuation) = AsyncStream.makeStream(of: Int.self)
        for await _ in messages {}
        _ = continuation
        try Task.checkCancellation()
    }

    private static let nowhere = HTTPResponse.Body.Writer { _ in }

    private var expirations: [String] { log.all.map(\.description).filter { $0.hasPrefix("stream_expired") } }

    // MARK: The end

    @Test("An idle event stream that answers a GET ends at exp plus skew, as if its handler had ended it")
    func idle() async throws {
        let stream = try await stream(writing: Self.idle)
        let running = Task { try await stream(Self.nowhere) }
        await sleepers(1)
        clock.advance(by: .seconds(160) - .milliseconds(1))
        await sleepers(1)
        #expect(expirations == [])
        // The time of day is a Double, whose steps are below a millisecond.
        clock.advance(by: .milliseconds(2))
        try await running.value
        #expect(expirations.count == 1)
        #expect(expirations.first?.hasPrefix("stream_expired token=") == true)
        #expect(expirations.first?.hasSuffix("none") == false)
        await sleepers(0)
    }

    @Test("A handler that does not notice its cancellation writes nothing more after the deadline")
    func stubborn() async throws {
        let (steps, next) = AsyncStream.makeStream(of: Void.self)
        let (written, refused) = (WriteLog(), WriteLog())
        let stream = try await stream { writer in
            // A task of its own is not cancelled with the stream.
            await Task.detached {
                for await _ in steps {
                    do {
                        try await writer.write(Array("data: x\n\n".utf8))
                    } catch is CancellationError {
                        refused.append("refused")
                        return
                    } catch {
                        Issue.record(error)
                    }
                }
            }.value
        }
        let pieces = AsyncStream.makeStream(of: Void.self)
        let writer = HTTPResponse.Body.Writer { piece in
            written.append(String(decoding: piece, as: UTF8.self))
            pieces.continuation.yield()
        }
        let running = Task { try await stream(writer) }
        await sleepers(1)
        next.yield()
        for await _ in pieces.stream { break }
        clock.advance(by: .seconds(160))
        next.yield()
        try await running.value
        #expect(written.all == ["data: x\n\n"])
        #expect(refused.all == ["refused"])
        #expect(expirations.count == 1)
    }

    @Test("A stream that ends by its handler leaves no event and no waiting task; its error is passed on")
    func ended() async throws {
        struct Failure: Error {}
        let clock = clock
        let finished = try await stream { _ in while clock.sleepers == 0 { await Task.yield() } }
        try await finished(Self.nowhere)
        let failed = try await stream { _ in throw Failure() }
        await #expect(throws: Failure.self) { try await failed(Self.nowhere) }
        await sleepers(0)
        #expect(expirations == [])
    }

    @Test("A client that goes away is a cancellation, not the end of a token")
    func disconnected() async throws {
        let stream = try await stream(writing: Self.idle)
        let running = Task { try await stream(Self.nowhere) }
        await sleepers(1)
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        await sleepers(0)
        #expect(expirations == [])
    }

    @Test("A token that has expired when the stream begins ends it at once")
    func late() async throws {
        let stream = try await stream(writing: Self.idle)
        clock.advance(by: .seconds(1_000))
        try await stream(Self.nowhere)
        #expect(expirations.count == 1)
    }

    @Test("A wait longer than one minute is split, and the wall clock is read again: it may have been set back")
    func clockSetBack() async throws {
        let stream = try await stream(token: Self.token(lifetime: 3_600), writing: Self.idle)
        let running = Task { try await stream(Self.nowhere) }
        await sleepers(1)
        #expect(clock.nextWake == .seconds(60))
        wall.seconds.withLock { $0 = 1_000 }
        clock.advance(by: .seconds(3_660))
        await sleepers(1)
        #expect(clock.nextWake == .seconds(3_720))
        #expect(expirations == [])
        clock.advance(by: .seconds(1_000))
        try await running.value
        #expect(expirations.count == 1)
    }

    @Test("The handler's principal is current while the stream is written")
    func principal() async throws {
        let seen = Mutex<String?>(nil)
        let stream = try await stream { _ in seen.withLock { $0 = Principal.current?.subject } }
        try await stream(Self.nowhere)
        #expect(seen.withLock { $0 } == "test-user")
    }

    @Test("For other frameworks: `limitStream` ends an event stream and leaves other bodies alone")
    func otherFrameworks() async throws {
        var fields = HTTPFields()
        fields.append(.authorization, try #require(HTTPFields.Value("Bearer " + Self.token())))
        let decision = await server.decide(
            method: .get, target: "/mcp", fields: fields)
        guard case .proceed(let admission) = decision else { throw NoStream() }
        #expect(admission.streamDeadline == GuardFixture.now + 160)
        let events = try HTTPFields([("content-type", "Text/Event-Stream; charset=utf-8")])
        let running = Task { try await admission.limitStream(events) { try await Self.idle(Self.nowhere) } }
        await sleepers(1)
        clock.advance(by: .seconds(160))
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(expirations.count == 1)
        let file = try HTTPFields([("content-type", "application/octet-stream")])
        try await admission.limitStream(file) {}
        #expect(expirations.count == 1)
    }

    // MARK: Which streams

    /// The deadline of a request, in seconds from now; nil for none.
    private func deadline(
        _ method: HTTPMethod = .post, token: String? = token(), method name: String? = nil, body: String? = nil
    ) async throws -> Double? {
        var fields = HTTPFields()
        if let token { fields.append(.authorization, try #require(HTTPFields.Value("Bearer " + token))) }
        if let name { fields.append(.mcpMethod, try #require(HTTPFields.Value(name))) }
        let decision = await server.decide(
            method: method, target: "/mcp", fields: fields,
            body: body.map { Array($0.utf8) }, listener: .network)
        guard case .proceed(let admission) = decision else { throw NoStream() }
        return admission.streamDeadline.map { $0 - GuardFixture.now }
    }

    private static let listen = #"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}}"#
    private static let call = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#

    @Test("The answer to a POST may run to its end; a subscription ends with its token, as the body says")
    func subscriptions() async throws {
        #expect(try await deadline(.get) == 160)
        #expect(try await deadline(body: Self.call) == nil)
        #expect(try await deadline(body: Self.listen) == 160)
        #expect(try await deadline(body: "[\(Self.call),\(Self.listen)]") == 160)
        #expect(try await deadline(body: "[\(Self.call),\(Self.call)]") == nil)
        #expect(try await deadline(body: #"{"method":"subscriptions\/lis\u0074en"}"#) == 160)
        // Body or field.
        #expect(try await deadline(method: "tools/call", body: Self.listen) == 160)
        #expect(try await deadline(method: "subscriptions/listen", body: Self.call) == 160)
        // Without the body, the field decides.
        #expect(try await deadline(method: "subscriptions/listen") == 160)
        #expect(try await deadline(method: "tools/call") == nil)
        #expect(try await deadline() == nil)
    }

    @Test(
        "A body that some parser may read as a subscription counts as one",
        arguments: [
            (#"{"method":"tools/call","method":"subscriptions/listen"}"#, true), (#" {"method":"x",}"#, true),
            ("\u{FEFF}{}", true), ("[", true), ("", false), ("a=b", true), ("\u{0}{\u{0}}", true), ("null", false),
            ("7", false),
        ])
    func oddBodies(body: String, isSubscription: Bool) async throws {
        #expect(try await (deadline(body: body) != nil) == isSubscription)
    }

    @Test("A limit for all other streams is counted from the end of the token")
    func grace() async throws {
        let tests = try StreamExpiryTests { $0.streams.responseGrace = .seconds(600) }
        #expect(try await tests.deadline(body: Self.call) == 760)
        #expect(try await tests.deadline(body: Self.listen) == 160)
        #expect(try await tests.deadline(.put) == 760)
        #expect(try await StreamExpiryTests { $0.streams.responseGrace = .zero }.deadline(body: Self.call) == 160)
    }

    @Test("No stream ends when this is switched off, in shadow mode, and without a token")
    func unlimited() async throws {
        let off = try StreamExpiryTests { $0.streams.listening = .dangerouslyOutlivesToken }
        #expect(try await off.deadline(.get) == nil)
        #expect(try await off.deadline(body: Self.listen) == nil)
        #expect(try await StreamExpiryTests { $0.mode = .shadow }.deadline(.get) == nil)
        let optional = try StreamExpiryTests { $0.requirements.routes = [RouteRule(below: "/", .optional)] }
        #expect(try await optional.deadline(.get, token: nil) == nil)
        #expect(try await optional.deadline(.get) == 160)
    }

    @Test(
        "Only event streams end: a download, and a stream without a type, run to their end",
        arguments: [
            ("text/event-stream", true), ("TEXT/Event-Stream ; charset=utf-8", true), ("application/json", false),
            ("application/octet-stream", false), ("text/event-streams", false),
        ])
    func types(type: String, ends: Bool) async throws {
        let (clock, value) = (clock, try #require(HTTPFields.Value(type)))
        let wasLimited = Mutex(false)
        let stream = try await stream(type: value) { _ in
            // The task that waits begins in any order with this one.
            if ends { while clock.sleepers == 0 { await Task.yield() } }
            wasLimited.withLock { $0 = clock.sleepers > 0 }
        }
        try await stream(Self.nowhere)
        await sleepers(0)
        #expect(wasLimited.withLock { $0 } == ends)
    }

    @Test("The skew is that of the token's issuer; a token without a usable time has no deadline, or a passed one")
    func skews() throws {
        var first = IssuerConfiguration("https://a.example.com")
        first.policy.clockSkew = 0
        var second = IssuerConfiguration("https://b.example.com")
        second.policy.clockSkew = 300
        let configuration = ResourceServerConfiguration(resource: GuardFixture.resource, issuers: [first, second])
        let expiry = try #require(try ResourceServer(configuration, fetcher: ScriptedFetcher()).streams)
        let request = GuardedRequest(
            method: .get, target: "/mcp", fields: HTTPFields(), listener: .network,
            body: nil)
        func deadline(_ issuer: String?, _ time: Double?) throws -> Double? {
            let claims = try JSONDocument(parsing: Array("{}".utf8))
            return expiry.deadline(
                of: request, for: Principal(AccessToken(issuer: issuer, expiresAt: time, claims: claims)))
        }
        #expect(try deadline("https://a.example.com", 1_000) == 1_000)
        #expect(try deadline("https://b.example.com", 1_000) == 1_300)
        #expect(try deadline("https://c.example.com", 1_000) == 1_060)
        #expect(try deadline(nil, 1_000) == 1_060)
        #expect(try deadline("https://a.example.com", nil) == nil)
        #expect(expiry.deadline(of: request, for: .anonymous) == nil)
    }

    @Test("Odd times of a program's own verifier do not stop the program", arguments: [.nan, -.infinity, -1e300])
    func oddTimes(time: Double) async throws {
        let expiry = try #require(server.streams)
        #expect(try await !expiry.run(until: time) { try await Self.idle(Self.nowhere) })
    }

    @Test("A time that is far away is waited for in pieces", arguments: [.infinity, 1e300, 1e12])
    func farTimes(time: Double) async throws {
        let expiry = try #require(server.streams)
        let running = Task { try await expiry.run(until: time) { try await Self.idle(Self.nowhere) } }
        await sleepers(1)
        #expect(clock.nextWake == .seconds(60))
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
    }

    @Test("A grace out of range is a fault of the configuration")
    func faults() throws {
        for (grace, isFault) in [
            (Duration.zero, false), (.seconds(7 * 86_400), false), (.seconds(7 * 86_400 + 1), true),
            (.nanoseconds(-1), true),
        ] {
            var faults: ConfigurationFaults = []
            var streams = ResourceServerConfiguration.Streams()
            streams.responseGrace = grace
            streams.check(&faults)
            #expect(ConfigurationError(faults).settings == (isFault ? ["streams.responseGrace"] : []))
        }
    }
}

/// What was written, for assertions.
private final class WriteLog: Sendable {
    private let texts = Mutex<[String]>([])
    func append(_ text: String) { texts.withLock { $0.append(text) } }
    var all: [String] { texts.withLock { $0 } }
}
