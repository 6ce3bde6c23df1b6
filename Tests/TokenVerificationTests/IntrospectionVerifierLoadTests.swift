import HTTPMessages
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@testable import TokenVerification

@Suite(
    "IntrospectionTokenVerifier: what is remembered, and how often it asks (POLICY §9, THREATS M10, M11)", .serialized)
struct IntrospectionVerifierLoadTests {
    private typealias Fixture = IntrospectionFixture

    // MARK: Cached answers

    @Test("A good verdict is remembered for 60 s")
    func good() async throws {
        let fixture = try Fixture()
        #expect(await fixture.code() == nil)
        fixture.monotonic.advance(by: .milliseconds(59_999))
        #expect(await fixture.code() == nil)
        #expect(fixture.endpoint.requests.count == 1)
        fixture.monotonic.advance(by: .milliseconds(1))
        #expect(await fixture.code() == nil)
        #expect(fixture.endpoint.requests.count == 2)
    }

    @Test("A good verdict is not remembered beyond exp, without skew")
    func end() async throws {
        var answer = Fixture.good
        answer["exp"] = 1_800_000_030
        let fixture = try Fixture(ScriptedIntrospection(answer))
        #expect(await fixture.code() == nil)
        fixture.wall.advance(by: .seconds(29.5))
        #expect(await fixture.code() == nil)
        #expect(fixture.endpoint.requests.count == 1)
        fixture.wall.advance(by: .seconds(0.5))
        #expect(await fixture.code() == nil)
        #expect(fixture.endpoint.requests.count == 2)
        #expect(await fixture.code() == nil)
        #expect(fixture.endpoint.requests.count == 3)
    }

    @Test("A bad verdict is remembered for 10 s, with its reason")
    func bad() async throws {
        let fixture = try Fixture(ScriptedIntrospection(["active": false]))
        #expect(await fixture.code() == "token_inactive")
        fixture.endpoint.set(ScriptedIntrospection.json(.object(Fixture.good)))
        fixture.monotonic.advance(by: .milliseconds(9_999))
        #expect(await fixture.code() == "token_inactive")
        #expect(fixture.endpoint.requests.count == 1)
        fixture.monotonic.advance(by: .milliseconds(1))
        #expect(await fixture.code() == nil)
    }

    @Test("Off means that every token is asked about each time")
    func off() async throws {
        let fixture = try Fixture { $0.caching = .off }
        for _ in 0..<3 { #expect(await fixture.code() == nil) }
        fixture.endpoint.set(ScriptedIntrospection.json(["active": false]))
        for _ in 0..<3 { #expect(await fixture.code() == "token_inactive") }
        #expect(fixture.endpoint.requests.count == 6)
    }

    @Test("Another token is another question, and another configuration another memory")
    func distinct() async throws {
        let fixture = try Fixture()
        for token in ["a", "b", "A"] { #expect(await fixture.code(token) == nil) }
        #expect(fixture.endpoint.requests.map(\.token) == ["a", "b", "A"])
        let other = try Fixture(fixture.endpoint) { $0.resource = "https://other.example" }
        #expect(await other.code("a") == "aud_mismatch")
    }

    @Test("A flood of random tokens leaves as many bad verdicts as are kept, and the good ones untouched")
    func flood() async throws {
        let entries = 200 * ModelScale.factor
        let fixture = try Fixture { $0.caching = .upTo(entries: entries) }
        #expect(await fixture.code("good") == nil)
        fixture.endpoint.set(ScriptedIntrospection.json(["active": false]))
        for number in 0..<(entries + entries / 5) {
            _ = try? await fixture.verifier.verify(Fixture.token("x\(number)"))
        }
        #expect(fixture.verifier.remembered == (1, entries))
        #expect(await fixture.code("good") == nil)
    }

    // MARK: The number of requests

    @Test("Many callers with one token are one question")
    func singleFlight() async throws {
        let fixture = try Fixture()
        fixture.endpoint.hold()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<64 { group.addTask { #expect(await fixture.code() == nil) } }
            // Each caller waits with a timer, and so does the request.
            while fixture.monotonic.sleepers < 65 { await Task.yield() }
            fixture.endpoint.release()
        }
        #expect(fixture.endpoint.requests.count == 1)
    }

    @Test("A caller that goes away does not take the question with it")
    func cancellation() async throws {
        let fixture = try Fixture()
        fixture.endpoint.hold()
        let first = Task { await fixture.code() }
        await fixture.endpoint.wait(forRequests: 1)
        let second = Task { await fixture.code() }
        while fixture.monotonic.sleepers < 3 { await Task.yield() }
        first.cancel()
        #expect(await first.value == "request_cancelled")
        fixture.endpoint.release()
        #expect(await second.value == nil)
        #expect(fixture.endpoint.requests.count == 1)
        #expect(fixture.failures == [])
    }

    @Test("At most 16 questions at a time, of which 12 about tokens that were never good")
    func concurrency() async throws {
        let fixture = try Fixture { $0.caching = .off }
        for number in 0..<20 { #expect(await fixture.code("known\(number)") == nil) }
        fixture.endpoint.hold()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 { group.addTask { #expect(await fixture.code("t\(number)") == nil) } }
            while fixture.monotonic.sleepers < 100 + 12 { await Task.yield() }
            #expect(fixture.endpoint.running == 12)
            for number in 0..<20 { group.addTask { #expect(await fixture.code("known\(number)") == nil) } }
            while fixture.monotonic.sleepers < 120 + 16 { await Task.yield() }
            #expect(fixture.endpoint.running == 16)
            #expect(fixture.endpoint.requests.suffix(4).allSatisfy { $0.token.hasPrefix("known") })
            fixture.endpoint.release()
        }
        #expect(fixture.endpoint.requests.count == 20 + 120)
        #expect(fixture.endpoint.mostRunning == 16)
    }

    @Test("At most 1,000 tokens wait; one more is told to come back, and known tokens are not concerned")
    func waiting() async throws {
        let fixture = try Fixture()
        #expect(await fixture.code("known") == nil)
        fixture.endpoint.hold()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<1_000 { group.addTask { #expect(await fixture.code("t\(number)") == nil) } }
            while fixture.monotonic.sleepers < 1_000 + 12 { await Task.yield() }
            #expect(await fixture.rejection("late") == .unavailable(.introspectionBusy, retryAfter: 1))
            // A caller with a token in line does not make the line longer.
            group.addTask { #expect(await fixture.code("t7") == nil) }
            while fixture.monotonic.sleepers < 1_001 + 12 { await Task.yield() }
            #expect(await fixture.code("known") == nil)
            fixture.endpoint.release()
        }
        #expect(await fixture.code("late") == nil)
    }

    @Test("At most 64 callers wait for one token; one more is told to come back, and other tokens are not concerned")
    func waitingForOne() async throws {
        let fixture = try Fixture { $0.caching = .off }
        for token in ["crowd", "known"] { #expect(await fixture.code(token) == nil) }
        fixture.endpoint.hold()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<64 { group.addTask { #expect(await fixture.code("crowd") == nil) } }
            while fixture.monotonic.sleepers < 64 + 1 { await Task.yield() }
            for _ in 0..<1_100 {
                #expect(await fixture.rejection("crowd") == .unavailable(.introspectionBusy, retryAfter: 1))
            }
            for token in ["known", "stranger"] { group.addTask { #expect(await fixture.code(token) == nil) } }
            while fixture.monotonic.sleepers < 66 + 3 { await Task.yield() }
            fixture.endpoint.release()
        }
        #expect(fixture.endpoint.requests.count == 2 + 3)
    }

    @Test("At most 10,000 callers wait in total")
    func waitingInTotal() {
        var line = IntrospectionLine()
        for number in 0..<157 {
            let token = Fixture.token("t\(number)")
            line.append(IntrospectionLine.Inquiry(token: token, isKnown: true))
            for _ in 1..<64 where line.waiting < 10_000 {
                let isIn = line.join(token.digest)
                #expect(isIn)
            }
        }
        #expect(line.waiting == 10_000)
        #expect(line.isFull)
        let isIn = line.join(Fixture.token("t156").digest)
        #expect(!isIn)
    }

    @Test("Known tokens leave 4 requests to strangers, but only if strangers wait")
    func placesForStrangers() async throws {
        let fixture = try Fixture { $0.caching = .off }
        for number in 0..<40 { #expect(await fixture.code("known\(number)") == nil) }
        fixture.endpoint.hold()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<40 { group.addTask { #expect(await fixture.code("known\(number)") == nil) } }
            await fixture.endpoint.wait(forRequests: 40 + 16)
            while fixture.verifier.lineLength < 24 { await Task.yield() }
            for number in 0..<5 { group.addTask { #expect(await fixture.code("stranger\(number)") == nil) } }
            while fixture.verifier.lineLength < 24 + 5 { await Task.yield() }
            // Of the next eight places, strangers get four when they are free, although 24 known tokens wait.
            for _ in 0..<8 { fixture.endpoint.releaseFirst() }
            await fixture.endpoint.wait(forRequests: 40 + 16 + 8)
            #expect(fixture.endpoint.requests.suffix(8).filter { $0.token.hasPrefix("stranger") }.count == 4)
            #expect(fixture.endpoint.running == 16)
            fixture.endpoint.release()
        }
        #expect(fixture.endpoint.mostRunning == 16)
    }

    @Test("Nobody waits longer than 5 s; an endpoint that never answers loses its place")
    func patience() async throws {
        let fixture = try Fixture()
        fixture.endpoint.hold()
        async let code = fixture.code()
        while fixture.monotonic.sleepers < 2 { await Task.yield() }
        fixture.monotonic.advance(by: .milliseconds(4_999))
        #expect(fixture.monotonic.sleepers == 2)
        fixture.monotonic.advance(by: .milliseconds(1))
        #expect(await code == "introspection_unavailable")
        while fixture.failures.isEmpty { await Task.yield() }
        #expect(fixture.failures == ["fetch_timed_out"])
        fixture.endpoint.release()
    }

    @Test("An answer that comes after its time is not remembered: a later one may have said otherwise")
    func lateAnswer() async throws {
        let fixture = try Fixture()
        fixture.endpoint.hold()
        async let code = fixture.code()
        while fixture.monotonic.sleepers < 2 { await Task.yield() }
        fixture.monotonic.advance(by: .seconds(5))
        #expect(await code == "introspection_unavailable")
        while fixture.failures.isEmpty { await Task.yield() }
        fixture.endpoint.release()
        while fixture.endpoint.running > 0 { await Task.yield() }
        // Gives late tasks time to run.
        for _ in 0..<2_000 { await Task.yield() }
        #expect(fixture.verifier.remembered == (0, 0))
    }

    @Test("The operator is told of a failure before the callers get their answer")
    func toldFirst() async throws {
        let log = EventLog()
        let isAnswered = Mutex(false)
        let configuration = IntrospectionConfiguration(
            endpoint: "https://issuer.example/introspect", issuer: Fixture.issuer, resource: Fixture.resource,
            credentials: .basic(clientID: "rs", try ClientSecret("secret")))
        let verifier = try IntrospectionTokenVerifier(
            configuration, fetcher: ScriptedIntrospection { _ in .failure(.connectionFailed) },
            observer: { event in
                // The caller still waits while its observer runs: an answered caller would have set the flag.
                #expect(!isAnswered.withLock { $0 })
                log.append(event)
            })
        await #expect(throws: TokenRejection.unavailable(.introspection, retryAfter: 5)) {
            defer { isAnswered.withLock { $0 = true } }
            return try await verifier.verify(Fixture.token())
        }
        #expect(log.all.count == 1)
    }

    @Test("A token that nobody waits for any more is not asked about")
    func abandoned() async throws {
        let fixture = try Fixture()
        fixture.endpoint.hold()
        let running = (0..<12).map { number in Task { await fixture.code("t\(number)") } }
        await fixture.endpoint.wait(forRequests: 12)
        let impatient = Task { await fixture.code("impatient") }
        while fixture.monotonic.sleepers < 12 * 2 + 1 { await Task.yield() }
        impatient.cancel()
        _ = await impatient.value
        fixture.endpoint.release()
        for task in running { #expect(await task.value == nil) }
        #expect(await fixture.code("next") == nil)
        #expect(fixture.endpoint.requests.map(\.token).contains("impatient") == false)
        // The token can be introspected again.
        #expect(await fixture.code("impatient") == nil)
    }

    @Test("Callers that come and go at once do not make the line longer and longer")
    func comeAndGo() async throws {
        let fixture = try Fixture()
        fixture.endpoint.hold()
        let running = (0..<12).map { number in Task { await fixture.code("t\(number)") } }
        await fixture.endpoint.wait(forRequests: 12)
        let patient = Task { await fixture.code("patient") }
        while fixture.monotonic.sleepers < 12 * 2 + 1 { await Task.yield() }
        for number in 0..<(2_500 + 50 * ModelScale.factor) {
            // Half of the callers present the same token. All of them give up.
            let caller = Task { await fixture.code(number.isMultiple(of: 2) ? "same" : "x\(number)") }
            caller.cancel()
            _ = await caller.value
        }
        #expect(fixture.verifier.lineLength <= 2_000)
        fixture.endpoint.release()
        for task in running { #expect(await task.value == nil) }
        #expect(await patient.value == nil)
        #expect(fixture.endpoint.requests.count == 13)
        #expect(await fixture.code("same") == nil)
        #expect(fixture.verifier.lineLength == 0)
    }

    @Test("After an outage: a pause of 1, 2, 4, 8, 8 … s without a question, then one question; an answer ends it")
    func pauses() async throws {
        let fixture = try Fixture { $0.caching = .off }
        #expect(await fixture.code() == nil)
        fixture.endpoint.set(.failure(.connectionFailed))
        for (attempt, seconds) in [1, 2, 4, 8, 8].enumerated() {
            #expect(await fixture.rejection() == .unavailable(.introspection, retryAfter: seconds))
            #expect(fixture.endpoint.requests.count == attempt + 2)
            fixture.monotonic.advance(by: .milliseconds(seconds * 1_000 - 999))
            // The rest of the pause, rounded up to seconds.
            #expect(await fixture.rejection("other") == .unavailable(.introspection, retryAfter: 1))
            #expect(fixture.endpoint.requests.count == attempt + 2)
            fixture.monotonic.advance(by: .milliseconds(999))
        }
        fixture.endpoint.set(ScriptedIntrospection.json(.object(Fixture.good)))
        #expect(await fixture.code() == nil)
        fixture.endpoint.set(.failure(.connectionFailed))
        #expect(await fixture.rejection() == .unavailable(.introspection, retryAfter: 1))
    }

    @Test("After a pause one question goes out, and the others wait for what comes of it")
    func probe() async throws {
        let fixture = try Fixture()
        fixture.endpoint.set(.success(FetchedDocument(status: .unauthorized, body: [])))
        #expect(await fixture.code("first") == "introspection_unavailable")
        fixture.monotonic.advance(by: .seconds(1))
        fixture.endpoint.hold()
        fixture.endpoint.set(ScriptedIntrospection.json(.object(Fixture.good)))
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<10 { group.addTask { #expect(await fixture.code("t\(number)") == nil) } }
            while fixture.monotonic.sleepers < 10 + 1 { await Task.yield() }
            await fixture.endpoint.wait(forRequests: 2)
            #expect(fixture.endpoint.requests.count == 2)
            fixture.endpoint.release()
        }
        #expect(fixture.endpoint.requests.count == 11)
    }

    @Test("Those in line when the endpoint goes out are told at once, and are not asked about")
    func line() async throws {
        let fixture = try Fixture()
        #expect(await fixture.code("known") == nil)
        fixture.monotonic.advance(by: .seconds(60))
        fixture.endpoint.set(.failure(.connectionFailed))
        fixture.endpoint.hold()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask { #expect(await fixture.code("t\(number)") == "introspection_unavailable") }
            }
            while fixture.monotonic.sleepers < 50 + 12 { await Task.yield() }
            fixture.endpoint.release()
        }
        // One probe confirms the outage.
        #expect(fixture.endpoint.requests.count == 1 + 12 + 1)
        // Concurrent failures count as one outage with one pause.
        #expect(await fixture.rejection() == .unavailable(.introspection, retryAfter: 1))
    }

    @Test("Whatever happens at once, every caller gets the verdict of its own token", .timeLimit(.minutes(5)))
    func storm() async throws {
        let fixture = try Fixture { $0.caching = .upTo(entries: 8) }
        fixture.endpoint.set { request in
            ScriptedIntrospection.json(
                request.token.hasPrefix("bad")
                    ? ["active": false]
                    : ["active": true, "aud": .string(Fixture.resource), "sub": .string(request.token)])
        }
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<16 {
                group.addTask {
                    for turn in 0..<100 {
                        let name = "t\((worker * 7 + turn) % 20)"
                        let token = try? await fixture.verifier.verify(Fixture.token(name))
                        #expect(token?.subject == name)
                        #expect(await fixture.code("bad\(turn % 20)") == "token_inactive")
                    }
                }
            }
        }
        #expect(fixture.endpoint.mostRunning <= 16)
        #expect(fixture.failures == [])
    }
}
