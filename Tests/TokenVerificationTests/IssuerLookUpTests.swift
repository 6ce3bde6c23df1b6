import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@testable import TokenVerification

/// Issuers that are known only at run time.
@Suite("Issuers that a function finds", .serialized, .timeLimit(.minutes(5)))
struct IssuerLookUpTests {
    private typealias Limits = IssuerLookUp.Limits
    private static let resource = IssuerFixture.resource

    /// A function with scripted answers, which records its calls.
    private final class Customers: Sendable {
        enum Answer: Sendable {
            case configuration(IssuerConfiguration)
            case unknown
            case failure
        }

        private struct State {
            var answers: [String: Answer] = [:]
            var calls: [String] = []
            var isHeld = false
            var waiters: [CheckedContinuation<Void, Never>] = []
        }

        private struct Failure: Error {}

        private let state = Mutex(State())

        func set(_ name: String, _ answer: Answer) { state.withLock { $0.answers[name] = answer } }
        func add(_ name: String) { set(name, .configuration(IssuerConfiguration(name))) }
        var calls: [String] { state.withLock { $0.calls } }
        func hold() { state.withLock { $0.isHeld = true } }

        func release() {
            let waiters = state.withLock { state in
                state.isHeld = false
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }

        @Sendable func find(_ name: String) async throws -> IssuerConfiguration? {
            await withCheckedContinuation { continuation in
                let isHeld = state.withLock { state in
                    state.calls.append(name)
                    if state.isHeld { state.waiters.append(continuation) }
                    return state.isHeld
                }
                if !isHeld { continuation.resume() }
            }
            switch state.withLock({ $0.answers[name] }) {
            case .configuration(let configuration): return configuration
            case .unknown, nil: return nil
            case .failure: throw Failure()
            }
        }
    }

    private let customers = Customers()
    private let fetcher = ScriptedFetcher()
    private let clock = FakeClock()
    private let log = EventLog()
    private let issuer = IssuerFixture.issuer

    private func directory(capacity: Int = 100) -> IssuerDirectory {
        let (fetcher, clock) = (fetcher, clock)
        return IssuerDirectory(
            IssuerLookUp(capacity: capacity, find: customers.find),
            check: { issuer, faults in
                issuer.check(
                    at: "issuer", resource: Self.resource, insecureHTTP: .init(FetchPermissions(), setting: ""), &faults
                )
            },
            trust: { checked, keys in
                keys.map(checked.trusted(with:)) ?? checked.trusted(fetcher: fetcher, observer: nil)
            }, timing: RefreshTiming(clock: clock.monotonicClock), observer: { [log] in log.append($0) })
    }

    private func verifier(_ directory: IssuerDirectory, fixed: [TrustedIssuer] = []) -> JWTTokenVerifier {
        JWTTokenVerifier(
            checked: fixed, others: directory, clock: WallClock { IssuerFixture.now },
            monotonicClock: clock.monotonicClock)
    }

    /// Serves the documents of an issuer.
    private func serve(_ name: String, keys issuer: FakeIssuer = IssuerFixture.issuer) {
        fetcher.set(
            "\(name)/.well-known/oauth-authorization-server",
            json: ["issuer": .string(name), "jwks_uri": .string("\(name)/jwks")])
        fetcher.set("\(name)/jwks", json: issuer.jwks)
    }

    private func token(_ name: String, _ edit: (inout FakeIssuer.Draft) -> Void = { _ in }) -> String {
        issuer.token { draft in
            draft.claims["iss"] = .string(name)
            edit(&draft)
        }
    }

    private func code(_ verifier: JWTTokenVerifier, _ token: String) async -> String? {
        do throws(TokenRejection) {
            _ = try await verifier.verify(PresentedToken(token))
            return nil
        } catch {
            return error.code
        }
    }

    private var events: [String] { log.all.map(\.description) }

    @Test("A token of an issuer that the function knows is verified with its configuration; nothing else is")
    func found() async throws {
        customers.add("https://a.example")
        serve("https://a.example")
        serve("https://b.example")
        let verifier = verifier(directory())
        #expect(await code(verifier, token("https://a.example")) == nil)
        #expect(await code(verifier, token("https://b.example")) == "unknown_issuer")
        #expect(await code(verifier, token("https://a.example/")) == "unknown_issuer")
        #expect(await code(verifier, token("https://a.example") { $0.claims["aud"] = "other" }) == "aud_mismatch")
        #expect(await code(verifier, token("https://a.example") { $0.signature = .altered }) == "bad_signature")
        #expect(customers.calls == ["https://a.example", "https://b.example", "https://a.example/"])
        // No request for an issuer that the function refuses.
        #expect(!fetcher.requests.contains { $0.hasPrefix("https://b.example") })
    }

    @Test("Each issuer has its own policy: algorithms, audiences, names")
    func policies() async throws {
        var odd = IssuerConfiguration("urn:example:a", audiences: ["a"], keys: .url("https://a.example/jwks"))
        odd.policy.algorithms = [.es256]
        customers.set("urn:example:a", .configuration(odd))
        serve("https://a.example")
        let verifier = verifier(directory())
        let rsa = token("urn:example:a") { $0.claims["aud"] = "a" }
        #expect(await code(verifier, rsa) == "alg_not_allowed")
        #expect(fetcher.requests == [])
        let good = issuer.token(audience: "a", algorithm: .es256) { $0.claims["iss"] = "urn:example:a" }
        #expect(await code(verifier, good) == nil)
    }

    @Test(
        "A token that no configuration can make good costs no call",
        arguments: [
            (["iss": ""], "unknown_issuer"), (["iss": .null], "iss_wrong_type"), (["iss": 1], "iss_wrong_type"),
            (["iss": ["https://a.example"]], "iss_wrong_type"), (["iss": "a b:"], "unknown_issuer"),
            (["iss": "\u{212A}"], "unknown_issuer"), (["iss": "a\u{0}"], "unknown_issuer"),
            (["iss": .string(String(repeating: "a", count: 2_049))], "unknown_issuer"),
            (["iss": .string(String(repeating: "a", count: 16_384))], "unknown_issuer"),
        ] as [(JSONDocument.Object, String)])
    func noCall(claims: JSONDocument.Object, code: String) async {
        let directory = directory()
        let verifier = verifier(directory)
        let text = issuer.token { draft in
            for (name, value) in claims.members { draft.claims[name] = value }
        }
        #expect(await self.code(verifier, text) == code)
        #expect(await self.code(verifier, issuer.token { $0.claims["iss"] = nil }) == "iss_missing")
        #expect(await self.code(verifier, issuer.token { $0.header["alg"] = "HS256" }) == "alg_not_allowed")
        #expect(await self.code(verifier, issuer.token { $0.header["alg"] = "none" }) == "alg_not_allowed")
        #expect(await self.code(verifier, "a.b.c") != nil)
        #expect(customers.calls == [])
        #expect(directory.counts == (0, 0, 0, 0))
    }

    @Test("Configured issuers are not looked up")
    func fixed() async throws {
        let trusted = TrustedIssuer(
            try JWTValidation(issuer: issuer.url, resource: Self.resource), keys: issuer.keySource)
        let verifier = verifier(directory(), fixed: [trusted])
        #expect(await code(verifier, issuer.token()) == nil)
        #expect(await code(verifier, token("https://issuer.example/")) == "issuer_differs_by_trailing_slash")
        #expect(customers.calls == ["https://issuer.example/"])
        #expect(verifier.trustedIssuers.map(\.issuer) == [issuer.url])
    }

    @Test("Many first requests for one issuer are one call")
    func singleFlight() async throws {
        customers.add("https://a.example")
        serve("https://a.example")
        customers.hold()
        let verifier = verifier(directory())
        await withTaskGroup(of: String?.self) { group in
            for index in 0..<50 {
                let text = token("https://a.example") { $0.claims["jti"] = .string("\(index)") }
                group.addTask { await code(verifier, text) }
            }
            while customers.calls.isEmpty { await Task.yield() }
            customers.release()
            for await code in group { #expect(code == nil) }
        }
        #expect(customers.calls == ["https://a.example"])
        #expect(fetcher.requests.count == 2)
    }

    @Test("A refusal is kept for five seconds, and then the function is asked again")
    func refusal() async {
        let verifier = verifier(directory())
        for _ in 1...20 { #expect(await code(verifier, token("https://a.example")) == "unknown_issuer") }
        clock.advance(by: Limits.refusalLifetime - .milliseconds(1))
        #expect(await code(verifier, token("https://a.example")) == "unknown_issuer")
        #expect(customers.calls.count == 1)
        clock.advance(by: .milliseconds(1))
        customers.add("https://a.example")
        serve("https://a.example")
        #expect(await code(verifier, token("https://a.example")) == nil)
        #expect(customers.calls.count == 2)
        #expect(events == [])
    }

    @Test("A failure of the function is 503 for five seconds, with one event for each call")
    func failure() async throws {
        customers.set("https://a.example", .failure)
        let verifier = verifier(directory())
        for _ in 1...20 {
            do throws(TokenRejection) {
                _ = try await verifier.verify(PresentedToken(token("https://a.example")))
                Issue.record("accepted")
            } catch {
                #expect(error == .unavailable(.issuer, retryAfter: 5))
            }
        }
        #expect(customers.calls.count == 1)
        #expect(events == ["issuer_look_up_failed"])
        customers.add("https://a.example")
        serve("https://a.example")
        clock.advance(by: .seconds(4))
        #expect(await code(verifier, token("https://a.example")) == "issuer_unavailable")
        clock.advance(by: .seconds(1))
        #expect(await code(verifier, token("https://a.example")) == nil)
    }

    @Test("A function that does not return is a failure after five seconds")
    func hanging() async {
        customers.hold()
        let directory = directory()
        let verifier = verifier(directory)
        let text = token("https://a.example")
        let waiting = Task { await code(verifier, text) }
        // The caller's time limit, and that of the call.
        while clock.sleepers < 2 || customers.calls.isEmpty { await Task.yield() }
        clock.advance(by: Limits.patience)
        #expect(await waiting.value == "issuer_unavailable")
        while directory.counts.underway > 0 { await Task.yield() }
        #expect(events == ["issuer_look_up_failed"])
        customers.release()
    }

    @Test("A caller that goes away is not an outage, and leaves the call to the others")
    func cancelled() async {
        customers.add("https://a.example")
        serve("https://a.example")
        customers.hold()
        let verifier = verifier(directory())
        let text = token("https://a.example")
        let leaving = Task { await code(verifier, text) }
        while customers.calls.isEmpty { await Task.yield() }
        let staying = Task { await code(verifier, text) }
        leaving.cancel()
        #expect(await leaving.value == "request_cancelled")
        customers.release()
        #expect(await staying.value == nil)
        #expect(customers.calls.count == 1)
    }

    @Test("A faulty configuration is 503 and an event with its faults, in words without the token's")
    func misconfigured() async {
        var faulty = IssuerConfiguration("https://a.example")
        faulty.policy.clockSkew = 301
        customers.set("https://a.example", .configuration(faulty))
        customers.set("https://b.example", .configuration(IssuerConfiguration("https://a.example")))
        customers.set("urn:example:c", .configuration(IssuerConfiguration("urn:example:c")))
        let verifier = verifier(directory())
        for name in ["https://a.example", "https://b.example", "urn:example:c"] {
            #expect(await code(verifier, token(name)) == "issuer_unavailable")
        }
        #expect(
            events == [
                "issuer_misconfigured faults=\"issuer.policy.clockSkew is outside 0…300 seconds; choose a number in this range\"",
                "issuer_misconfigured faults=\"issuer is not the issuer that was asked for; return its configuration, or "
                    + "nil\"",
                "issuer_misconfigured faults=\"issuer is not an absolute URL (unsupported_scheme); write it like "
                    + "https://login.example.com, or set issuer.keys to the URL of its keys\"",
            ])
        #expect(fetcher.requests == [])
    }

    @Test("A flood of invented issuers causes a bounded number of calls, and known issuers do not notice")
    func flood() async {
        customers.add("https://a.example")
        serve("https://a.example")
        let directory = directory()
        let verifier = verifier(directory)
        #expect(await code(verifier, token("https://a.example")) == nil)
        var codes: [String: Int] = [:]
        let unsigned = issuer.token().split(separator: ".")
        for index in 0..<5_000 {
            let claims = Base64URL.encode(Array(#"{"iss":"https://x\#(index).example"}"#.utf8))
            codes[await code(verifier, "\(unsigned[0]).\(claims).\(unsigned[2])") ?? "", default: 0] += 1
        }
        #expect(codes == ["unknown_issuer": Limits.lookUps - 1, "issuer_unavailable": 5_001 - Limits.lookUps])
        #expect(customers.calls.count == Limits.lookUps)
        #expect(await code(verifier, token("https://a.example") { $0.claims["jti"] = "2" }) == nil)
        // One more call for each interval.
        for index in 1...10 {
            clock.advance(by: Limits.lookUpInterval)
            for attempt in 0..<5 { _ = await code(verifier, token("https://y\(index)-\(attempt).example")) }
        }
        #expect(customers.calls.count == Limits.lookUps + 10)
        #expect(directory.counts.refused == Limits.lookUps + 9)
        // A new customer is late, not refused.
        customers.add("https://new.example")
        serve("https://new.example")
        #expect(await code(verifier, token("https://new.example")) == "issuer_unavailable")
        clock.advance(by: Limits.lookUpInterval)
        #expect(await code(verifier, token("https://new.example")) == nil)
    }

    @Test("What is remembered is bounded")
    func memory() async {
        let directory = directory(capacity: 2)
        for index in 0..<2_000 {
            _ = await directory.issuer(named: "https://x\(index).example")
            clock.advance(by: Limits.lookUpInterval)
        }
        #expect(directory.counts == (0, Limits.rememberedIssuers, 0, 0))
        for index in 0..<5 {
            customers.add("https://a\(index).example")
            _ = await directory.issuer(named: "https://a\(index).example")
            clock.advance(by: Limits.lookUpInterval)
        }
        #expect(directory.counts.found == 2)
        let calls = customers.calls.count
        // The least recently used one was dropped.
        _ = await directory.issuer(named: "https://a4.example")
        _ = await directory.issuer(named: "https://a3.example")
        #expect(customers.calls.count == calls)
        _ = await directory.issuer(named: "https://a0.example")
        #expect(customers.calls.count == calls + 1)
    }

    @Test("Calls at the same time are bounded too")
    func concurrency() async {
        customers.hold()
        let directory = directory()
        let waiting = (0..<Limits.concurrentLookUps).map { index in
            Task { await directory.issuer(named: "https://x\(index).example") }
        }
        while customers.calls.count < Limits.concurrentLookUps { await Task.yield() }
        guard case .unavailable = await directory.issuer(named: "https://y.example") else {
            Issue.record("one more call")
            return
        }
        #expect(customers.calls.count == Limits.concurrentLookUps)
        customers.release()
        for task in waiting { _ = await task.value }
        #expect(directory.counts.underway == 0)
    }

    @Test("After five minutes the function is asked again behind the requests, and the keys stay")
    func refresh() async throws {
        customers.add("https://a.example")
        serve("https://a.example")
        let directory = directory()
        let verifier = verifier(directory)
        #expect(await code(verifier, token("https://a.example")) == nil)
        clock.advance(by: Limits.lifetime)
        #expect(await code(verifier, token("https://a.example")) == nil)
        while directory.counts.underway > 0 { await Task.yield() }
        #expect(customers.calls.count == 2)
        #expect(await code(verifier, token("https://a.example")) == nil)
        // The metadata and the keys were fetched once.
        #expect(fetcher.requests.count == 2)
        // A new policy applies from then on.
        var strict = IssuerConfiguration("https://a.example")
        strict.policy.requiredClaims = [.init("tenant")]
        customers.set("https://a.example", .configuration(strict))
        clock.advance(by: Limits.lifetime)
        _ = await code(verifier, token("https://a.example"))
        while directory.counts.underway > 0 { await Task.yield() }
        #expect(await code(verifier, token("https://a.example") { $0.claims["jti"] = "2" }) == "claim_missing")
        #expect(fetcher.requests.count == 2)
    }

    @Test("An issuer that the function refuses later is not trusted any more")
    func removed() async {
        customers.add("https://a.example")
        serve("https://a.example")
        let directory = directory()
        let verifier = verifier(directory)
        #expect(await code(verifier, token("https://a.example")) == nil)
        customers.set("https://a.example", .unknown)
        clock.advance(by: Limits.lifetime)
        _ = await code(verifier, token("https://a.example"))
        while directory.counts.underway > 0 { await Task.yield() }
        #expect(await code(verifier, token("https://a.example") { $0.claims["jti"] = "2" }) == "unknown_issuer")
        #expect(directory.counts.found == 0)
    }

    @Test("While the function fails, a known issuer is trusted for an hour and no longer")
    func stale() async {
        customers.add("https://a.example")
        serve("https://a.example")
        let directory = directory()
        let start = clock.elapsed
        guard case .trusted = await directory.issuer(named: "https://a.example") else {
            Issue.record("not found")
            return
        }
        customers.set("https://a.example", .failure)
        while clock.elapsed - start < Limits.hardLifetime {
            clock.advance(by: Limits.lifetime)
            guard case .trusted = await directory.issuer(named: "https://a.example") else {
                Issue.record("not trusted after \(clock.elapsed - start)")
                return
            }
            while directory.counts.underway > 0 { await Task.yield() }
        }
        clock.advance(by: .seconds(6))
        guard case .unavailable = await directory.issuer(named: "https://a.example") else {
            Issue.record("trusted too long")
            return
        }
        customers.add("https://a.example")
        clock.advance(by: Limits.failureLifetime)
        guard case .trusted = await directory.issuer(named: "https://a.example") else {
            Issue.record("not found again")
            return
        }
    }
}
