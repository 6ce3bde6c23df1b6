import HTTPMessages
import OAuthTestKit
import Testing
import WireFormat

@testable import TokenVerification

@Suite(
    "IntrospectionTokenVerifier: which tokens an introspection failure affects (POLICY §9)", .serialized,
    .timeLimit(.minutes(5)))
struct IntrospectionFairnessTests {
    private typealias Fixture = IntrospectionFixture

    private static let good = ScriptedIntrospection.json(.object(Fixture.good))

    private static func status(_ code: Int, retryAfter: String? = nil) -> ScriptedIntrospection.Answer {
        var fields = HTTPFields()
        if let retryAfter, let value = HTTPFields.Value(retryAfter) { fields.append(.retryAfter, value) }
        return .success(FetchedDocument(status: HTTPStatus(code) ?? .ok, fields: fields, body: []))
    }

    /// A verifier without a cache of verdicts, to which the token "known" was good more than a second ago.
    private static func fixture(_ answer: ScriptedIntrospection.Answer = good) async throws -> Fixture {
        let fixture = try Fixture { $0.caching = .off }
        #expect(await fixture.code("known") == nil)
        // An answer shows for a second that the endpoint is there.
        fixture.monotonic.advance(by: .seconds(1))
        // The endpoint answers `good` to every token but hostile ones.
        fixture.endpoint.set { $0.token.hasPrefix("hostile") ? answer : good }
        return fixture
    }

    // MARK: One token

    @Test("One request with a token that a filter answers with 403 does not concern the next 40 good tokens")
    func filter() async throws {
        let fixture = try Fixture()
        fixture.endpoint.set { $0.token.contains("passwd") ? Self.status(403) : Self.good }
        #expect(await fixture.code("../../etc/passwd") == "introspection_unavailable")
        for number in 0..<40 {
            #expect(await fixture.code("good\(number)") == nil)
            fixture.monotonic.advance(by: .milliseconds(250))
        }
        #expect(fixture.failures == ["status_403"])
    }

    @Test(
        "A status that may be one token's doing is 503 for this token for 5 s, and nothing for others",
        arguments: [
            status(400), status(403), status(404), status(405), status(413), status(500), status(501), status(502),
            status(302), status(204), ScriptedIntrospection.document([]), .failure(.tooLarge(limit: 65_536)),
            .failure(.unsupportedEncoding),
            ScriptedIntrospection.document(Array("<html>".utf8), type: "text/html"),
            ScriptedIntrospection.json(["active": "true"]),
        ])
    func oneToken(answer: ScriptedIntrospection.Answer) async throws {
        let fixture = try await Self.fixture(answer)
        #expect(await fixture.rejection("hostile") == .unavailable(.introspection, retryAfter: 5))
        for number in 0..<10 {
            #expect(await fixture.rejection("hostile\(number)") == .unavailable(.introspection, retryAfter: 5))
            #expect(await fixture.code("good\(number)") == nil)
        }
        let asked = fixture.endpoint.requests.count
        fixture.monotonic.advance(by: .milliseconds(4_001))
        #expect(await fixture.rejection("hostile") == .unavailable(.introspection, retryAfter: 1))
        fixture.monotonic.advance(by: .milliseconds(998))
        #expect(await fixture.rejection("hostile") == .unavailable(.introspection, retryAfter: 1))
        #expect(fixture.endpoint.requests.count == asked)
        fixture.monotonic.advance(by: .milliseconds(1))
        #expect(await fixture.rejection("hostile") == .unavailable(.introspection, retryAfter: 5))
        #expect(fixture.endpoint.requests.count == asked + 1)
    }

    @Test("An outage that answers 500 to everything pauses nothing; each token is asked about once in 5 s")
    func fiveHundred() async throws {
        let fixture = try Fixture()
        fixture.endpoint.set(Self.status(500))
        for _ in 0..<3 {
            for number in 0..<30 { #expect(await fixture.code("t\(number)") == "introspection_unavailable") }
        }
        #expect(fixture.endpoint.requests.count == 30)
        fixture.endpoint.set(Self.good)
        #expect(await fixture.code("new") == nil)
        fixture.monotonic.advance(by: .seconds(5))
        for number in 0..<30 { #expect(await fixture.code("t\(number)") == nil) }
    }

    @Test(
        "At most 10,000 failures and 10,000 tokens that were good are remembered", .timeLimit(.minutes(5)),
        .enabled(if: ModelScale.isThorough))
    func bounds() async throws {
        let fixture = try await Self.fixture(Self.status(403))
        for number in 0..<10_050 { _ = await fixture.code("hostile\(number)") }
        #expect(fixture.verifier.rememberedFailures == 10_000)
        for number in 0..<10_050 { _ = await fixture.code("good\(number)") }
        #expect(fixture.verifier.goodBefore == 10_000)
    }

    @Test("A token that is not good any more is not remembered as good")
    func revoked() async throws {
        let fixture = try await Self.fixture()
        #expect(fixture.verifier.goodBefore == 1)
        fixture.endpoint.set(ScriptedIntrospection.json(["active": false]))
        #expect(await fixture.code("known") == "token_inactive")
        #expect(fixture.verifier.goodBefore == 0)
    }

    // MARK: Every token

    @Test(
        "A pause for all follows from a transport failure, 401, 429 and 503 of a token that was good before",
        arguments: [
            .failure(.connectionFailed), .failure(.timedOut), .failure(.tls), .failure(.notResolved),
            .failure(.unavailable), status(401), status(429), status(503),
        ] as [ScriptedIntrospection.Answer])
    func outage(answer: ScriptedIntrospection.Answer) async throws {
        let fixture = try await Self.fixture()
        fixture.endpoint.set(answer)
        for token in ["known", "known", "stranger"] {
            #expect(await fixture.rejection(token) == .unavailable(.introspection, retryAfter: 1))
        }
        #expect(fixture.endpoint.requests.count == 2)
        fixture.endpoint.set(Self.good)
        fixture.monotonic.advance(by: .seconds(1))
        #expect(await fixture.code("stranger") == nil)
    }

    @Test(
        "RFC 6585 §4: the Retry-After of a 429 is honoured up to 60 s, for every token",
        arguments: [
            ("7", 7), ("0", 1), ("60", 60), ("61", 60), ("99999999999999999999", 60), ("-1", 1), ("soon", 1),
            ("Fri, 31 Dec 1999 23:59:59 GMT", 1),
        ])
    func retryAfter(value: String, seconds: Int) async throws {
        let fixture = try await Self.fixture()
        fixture.endpoint.set(Self.status(429, retryAfter: value))
        #expect(await fixture.rejection("stranger") == .unavailable(.introspection, retryAfter: seconds))
        // The endpoint says so to the token that was good too.
        while fixture.failures.count < 2 { await Task.yield() }
        fixture.endpoint.set(Self.good)
        fixture.monotonic.advance(by: .seconds(seconds) - .milliseconds(1))
        #expect(await fixture.rejection("stranger") == .unavailable(.introspection, retryAfter: 1))
        #expect(await fixture.rejection("known") == .unavailable(.introspection, retryAfter: 1))
        fixture.monotonic.advance(by: .milliseconds(1))
        #expect(await fixture.code("stranger") == nil)
    }

    @Test("A 429 to a stranger's token does not keep out tokens that were good, and no other stranger for long")
    func strangersTooMany() async throws {
        let fixture = try await Self.fixture(Self.status(429, retryAfter: "60"))
        for number in 0..<100 {
            #expect(await fixture.rejection("hostile\(number)") == .unavailable(.introspection, retryAfter: 60))
            #expect(await fixture.code("known") == nil)
            #expect(await fixture.code("stranger\(number)") == nil)
            fixture.monotonic.advance(by: .seconds(1))
        }
    }

    @Test("Only a 429 can ask for a longer pause")
    func otherRetryAfter() async throws {
        let fixture = try await Self.fixture(Self.status(503, retryAfter: "30"))
        #expect(await fixture.rejection("hostile") == .unavailable(.introspection, retryAfter: 1))
    }

    @Test(
        "A stranger's token that breaks the connection: the token that was good is asked about at once, others wait",
        arguments: [.failure(.connectionFailed), status(503), status(401)] as [ScriptedIntrospection.Answer])
    func strangersOutage(answer: ScriptedIntrospection.Answer) async throws {
        let fixture = try await Self.fixture(answer)
        fixture.endpoint.hold()
        let hostile = Task { await fixture.rejection("hostile") }
        await fixture.endpoint.wait(forRequests: 2)
        fixture.endpoint.releaseLast()
        #expect(await hostile.value == .unavailable(.introspection, retryAfter: 1))
        await fixture.endpoint.wait(forRequests: 3)
        #expect(fixture.endpoint.requests.last?.token == "known")
        let strangers = (0..<5).map { number in Task { await fixture.code("stranger\(number)") } }
        while fixture.verifier.lineLength < 5 { await Task.yield() }
        #expect(fixture.endpoint.requests.count == 3)
        fixture.endpoint.release()
        for stranger in strangers { #expect(await stranger.value == nil) }
        // The failure belongs to its token now.
        #expect(await fixture.rejection("hostile") == .unavailable(.introspection, retryAfter: 5))
        #expect(fixture.endpoint.requests.count == 8)
    }

    @Test(
        "Tokens that break the connection or get 503, 401 or 429, 1 or 20 per second, keep no fresh good token out",
        arguments: [1, 20],
        [.failure(.connectionFailed), status(503), status(401), status(429, retryAfter: "60")]
            as [ScriptedIntrospection.Answer])
    func steadyAttack(perSecond: Int, answer: ScriptedIntrospection.Answer) async throws {
        let fixture = try await Self.fixture(answer)
        for second in 0..<30 {
            for number in 0..<perSecond {
                #expect(await fixture.code("hostile\(second)-\(number)") == "introspection_unavailable")
                if number == perSecond / 2 { #expect(await fixture.code("fresh\(second)") == nil) }
                fixture.monotonic.advance(by: .seconds(1) / perSecond)
            }
            fixture.monotonic.advance(by: .milliseconds(1))
        }
        // At most one probe per second.
        #expect(fixture.endpoint.requests.map(\.token).filter { $0 == "known" || $0.hasPrefix("fresh") }.count <= 61)
    }

    @Test("The probe is asked about at most once per second, for any number of strangers", arguments: [1, 10, 30])
    func probeRate(perSecond: Int) async throws {
        let fixture = try await Self.fixture(Self.status(429, retryAfter: "1"))
        for _ in 0..<(10 * perSecond) {
            _ = await fixture.code("hostile\(fixture.endpoint.requests.count)")
            fixture.monotonic.advance(by: .seconds(1) / perSecond)
        }
        #expect((5...11).contains(fixture.endpoint.requests.filter { $0.token == "known" }.count))
    }

    @Test("If the token that was good has ended, the answer shows as well that the endpoint is there")
    func endedProbe() async throws {
        let fixture = try await Self.fixture(.failure(.connectionFailed))
        fixture.endpoint.set { request in
            request.token == "known"
                ? ScriptedIntrospection.json(["active": false])
                : request.token.hasPrefix("hostile") ? .failure(.connectionFailed) : Self.good
        }
        #expect(await fixture.code("hostile") == "introspection_unavailable")
        #expect(await fixture.code("stranger") == nil)
    }

    @Test("If the token that was good fails too, the pause is for all, and ends with its time")
    func confirmedOutage() async throws {
        let fixture = try await Self.fixture()
        fixture.endpoint.set(.failure(.connectionFailed))
        #expect(await fixture.code("hostile") == "introspection_unavailable")
        while fixture.failures.count < 2 { await Task.yield() }
        fixture.monotonic.advance(by: .milliseconds(500))
        for _ in 0..<3 { #expect(await fixture.rejection("known") == .unavailable(.introspection, retryAfter: 1)) }
        #expect(fixture.endpoint.requests.count == 3)
        fixture.monotonic.advance(by: .milliseconds(500))
        #expect(await fixture.rejection("known") == .unavailable(.introspection, retryAfter: 2))
        #expect(fixture.endpoint.requests.count == 4)
    }

    @Test(
        "Without a token that was good before, a failure belongs to its token, so the first good token comes in",
        arguments: [.failure(.connectionFailed), status(503)] as [ScriptedIntrospection.Answer])
    func freshStart(answer: ScriptedIntrospection.Answer) async throws {
        let fixture = try Fixture()
        fixture.endpoint.set { $0.token.hasPrefix("hostile") ? answer : Self.good }
        for number in 0..<100 {
            #expect(await fixture.rejection("hostile\(number)") == .unavailable(.introspection, retryAfter: 5))
        }
        #expect(await fixture.code("first") == nil)
    }

    @Test(
        "Without a token that was good before, a 401 to this server and a 429 pause for 1 s each time, and no longer",
        arguments: [status(401), status(429, retryAfter: "60")])
    func freshRefusal(answer: ScriptedIntrospection.Answer) async throws {
        let fixture = try Fixture()
        fixture.endpoint.set(answer)
        for _ in 0..<5 {
            #expect(await fixture.rejection("a") == .unavailable(.introspection, retryAfter: 1))
            #expect(await fixture.rejection("b") == .unavailable(.introspection, retryAfter: 1))
            fixture.monotonic.advance(by: .seconds(1))
        }
        #expect(fixture.endpoint.requests.count == 5)
        fixture.endpoint.set(Self.good)
        #expect(await fixture.code("b") == nil)
    }

    @Test("A stranger's failure after that of a known token belongs to the outage, not to the stranger's token")
    func strangersInOutage() async throws {
        let fixture = try await Self.fixture()
        fixture.endpoint.hold()
        let stranger = Task { await fixture.rejection("stranger") }
        await fixture.endpoint.wait(forRequests: 2)
        let known = Task { await fixture.rejection("known") }
        await fixture.endpoint.wait(forRequests: 3)
        // An answer of this second, then the failure of the known token, then that of the stranger's.
        let other = Task { await fixture.rejection("other") }
        await fixture.endpoint.wait(forRequests: 4)
        fixture.endpoint.releaseLast()
        #expect(await other.value == nil)
        fixture.endpoint.set(.failure(.connectionFailed))
        fixture.endpoint.releaseLast()
        #expect(await known.value == .unavailable(.introspection, retryAfter: 1))
        fixture.endpoint.release()
        #expect(await stranger.value == .unavailable(.introspection, retryAfter: 1))
        fixture.endpoint.set(Self.good)
        fixture.monotonic.advance(by: .seconds(1))
        #expect(await fixture.code("stranger") == nil)
    }

    // MARK: The line

    @Test("After a pause the probe is a token that was good before, even if a stranger's request hangs")
    func probe() async throws {
        let fixture = try await Self.fixture()
        fixture.endpoint.hold()
        let hanging = Task { await fixture.code("hanging") }
        await fixture.endpoint.wait(forRequests: 2)
        fixture.endpoint.set(.failure(.connectionFailed))
        // The failure of a known token begins the pause while the first request hangs.
        let failing = Task { await fixture.code("known") }
        await fixture.endpoint.wait(forRequests: 3)
        fixture.endpoint.releaseLast()
        #expect(await failing.value == "introspection_unavailable")
        fixture.monotonic.advance(by: .seconds(1))
        fixture.endpoint.set(Self.good)
        // The stranger comes first. Nevertheless the token that was good is asked about.
        let stranger = Task { await fixture.code("stranger") }
        await fixture.endpoint.wait(forRequests: 4)
        #expect(fixture.endpoint.requests.last?.token == "known")
        #expect(fixture.verifier.lineLength == 1)
        fixture.endpoint.release()
        #expect(await stranger.value == nil)
        #expect(await hanging.value == nil)
    }

    @Test("Tokens that were good before overtake strangers in the line")
    func overtaking() async throws {
        let fixture = try await Self.fixture()
        fixture.endpoint.hold()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 { group.addTask { #expect(await fixture.code("t\(number)") == nil) } }
            while fixture.verifier.lineLength < 88 { await Task.yield() }
            group.addTask { #expect(await fixture.code("known") == nil) }
            // Twelve strangers hang, and the token that was good before is asked about nevertheless.
            await fixture.endpoint.wait(forRequests: 1 + 12 + 1)
            #expect(fixture.endpoint.requests.filter { $0.token == "known" }.count == 2)
            fixture.endpoint.release()
        }
    }

    @Test("When 1,000 callers wait, a token that was good before takes the place of the last stranger")
    func displacement() async throws {
        let fixture = try await Self.fixture()
        fixture.endpoint.hold()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<999 { group.addTask { #expect(await fixture.code("t\(number)") == nil) } }
            while fixture.verifier.lineLength < 999 - 12 { await Task.yield() }
            let last = Task { await fixture.rejection("last") }
            while fixture.verifier.lineLength < 1_000 - 12 { await Task.yield() }
            #expect(await fixture.code("late") == "introspection_busy")
            group.addTask { #expect(await fixture.code("known") == nil) }
            #expect(await last.value == .unavailable(.introspectionBusy, retryAfter: 1))
            #expect(await fixture.code("late") == "introspection_busy")
            fixture.endpoint.release()
        }
    }

    @Test("A caller that goes away is neither an outage nor a denial")
    func cancellation() async throws {
        let fixture = try await Self.fixture()
        fixture.endpoint.hold()
        for token in ["known", "stranger"] {
            let asked = fixture.endpoint.requests.count
            let caller = Task { await fixture.rejection(token) }
            await fixture.endpoint.wait(forRequests: asked + 1)
            caller.cancel()
            #expect(await caller.value == .unavailable(.cancelled, retryAfter: 1))
        }
        fixture.endpoint.release()
        while fixture.endpoint.running > 0 { await Task.yield() }
        #expect(await fixture.code("known") == nil)
        #expect(fixture.failures == [])
    }
}
