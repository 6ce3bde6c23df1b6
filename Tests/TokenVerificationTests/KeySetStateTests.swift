import HTTPMessages
import JOSE
import OAuthTestKit
import Synchronization
import Testing
import WireFormat

@testable import TokenVerification

/// Key sets whose keys differ only in their `kid`.
enum NamedKeys {
    private static let template = IssuerFixture.issuer.jwks["keys"]?.array?.first?.object ?? [:]
    private static let bodies = Mutex<[[String]: [UInt8]]>([:])

    /// The document with these keys. It is made once.
    static func body(_ names: [String]) -> [UInt8] {
        bodies.withLock { bodies in
            if let body = bodies[names] { return body }
            let keys = names.map { name in
                var key = template
                key["kid"] = .string(name)
                return JSONValue.object(key)
            }
            let body = JSONValue.object(["keys": .array(keys)]).encoded()
            bodies[names] = body
            return body
        }
    }

    static func set(_ names: [String]) throws -> JSONWebKeySet {
        try JSONWebKeySet(parsing: body(names), issuer: IssuerFixture.issuer.url)
    }
}

extension JSONWebKeySet {
    var names: String { keys.map { $0.keyID ?? "-" }.joined(separator: " ") }
}

extension KeySetState.Step {
    var text: String {
        switch self {
        case .answer(let keys): "answer \(keys.names)"
        case .wait(_, let isNew): isNew ? "start" : "join"
        case .refuse(let seconds): "refuse \(seconds)"
        }
    }
}

@Suite("KeySetState: the decision table of POLICY §8", .serialized)
struct KeySetStateTests {
    private static func document(_ names: String..., lifetime: Duration = .seconds(300)) throws -> KeySetDocument {
        KeySetDocument(
            keys: try NamedKeys.set(names), url: try AbsoluteURL(parsing: "https://issuer.example/jwks"),
            body: NamedKeys.body(names), validators: Validators(HTTPFields()), lifetime: lifetime)
    }

    private static func settings(_ rule: RemoteKeySet.RemovedKeyRule) -> RemoteKeySet.Settings {
        RemoteKeySet.Settings(hardLifetime: .seconds(3_600), dropRemovedKeys: rule)
    }

    private static func begun(_ state: inout KeySetState, _ need: KeyNeed, _ now: Duration) throws -> KeyAttempt {
        guard case .wait(let attempt, isNew: true) = state.step(for: need, now: now) else {
            throw CancellationError()
        }
        return attempt
    }

    /// A state whose set was fetched at 0.
    private static func fetched(
        _ document: KeySetDocument? = nil, settings: RemoteKeySet.Settings = RemoteKeySet.Settings(),
        fraction: Double = 0
    ) throws -> KeySetState {
        var state = KeySetState(settings, now: .zero)
        let attempt = try begun(&state, .noKeys, .zero)
        _ = state.finish(attempt, .changed(try document ?? Self.document("a")), now: .zero, fraction: fraction)
        return state
    }

    private static func refresh(
        _ state: inout KeySetState, at now: Duration, _ result: KeyAttemptResult, fraction: Double = 0
    ) throws {
        let attempt = try #require(state.look(now: now).begun)
        #expect((state.finish(attempt, result, now: now, fraction: fraction)) == true)
    }

    private static func fail(_ state: inout KeySetState, at now: Duration, fraction: Double = 1) throws {
        try refresh(&state, at: now, .failed(.status(500)), fraction: fraction)
    }

    /// Takes every permit of the unknown-key lane with good fetches of the same set, and returns when they began.
    private static func empty(_ state: inout KeySetState, at now: Duration) throws {
        for _ in 0..<3 {
            let attempt = try begun(&state, .unknownKey, now)
            #expect(attempt.cause == .unknownKey)
            _ = state.finish(attempt, .changed(try document("a")), now: now, fraction: 0)
        }
    }

    // MARK: Bad signatures (POLICY §6)

    @Test("A bad signature: one fetch in 60 s on a permit of its own, else the present set decides at once")
    func badSignature() throws {
        var state = try Self.fetched()
        let attempt = try Self.begun(&state, .badSignature, .seconds(10))
        #expect(attempt.cause == .badSignature)
        #expect(state.step(for: .badSignature, now: .seconds(10)).text == "join")
        _ = state.finish(attempt, .changed(try Self.document("a")), now: .seconds(11), fraction: 0)
        #expect(state.stepAfterWait(for: .badSignature, attempt, now: .seconds(11)).text == "answer a")
        #expect(state.step(for: .badSignature, now: .seconds(70) - .milliseconds(1)).text == "answer a")
        // The permits of the other lane are whole: it has three.
        var other = state
        try Self.empty(&other, at: .seconds(20))
        #expect(other.step(for: .badSignature, now: .seconds(70)).text == "start")
        #expect(state.step(for: .badSignature, now: .seconds(70)).text == "start")
    }

    @Test("A failed fetch for a bad signature: the present set decides, nothing backs off, and no second one for 60 s")
    func badSignatureFailed() throws {
        var state = try Self.fetched()
        let attempt = try Self.begun(&state, .badSignature, .seconds(238))
        _ = state.finish(attempt, .failed(.status(500)), now: .seconds(243), fraction: 1)
        #expect(state.stepAfterWait(for: .badSignature, attempt, now: .seconds(243)).text == "answer a")
        #expect(state.step(for: .badSignature, now: .seconds(244)).text == "answer a")
        #expect(state.look(now: .seconds(244)).begun?.cause == .aging)
        // Past the hard lifetime, the present set decides nothing.
        var expired = try Self.fetched()
        let late = try Self.begun(&expired, .badSignature, .seconds(3_598))
        _ = expired.finish(late, .failed(.fetch(.timedOut)), now: .seconds(3_603), fraction: 1)
        #expect(expired.stepAfterWait(for: .badSignature, late, now: .seconds(3_603)).text == "refuse 1")
    }

    @Test("A bad signature joins a running refresh; if that brings the same set, the issuer is asked")
    func badSignatureWhileAging() throws {
        var state = try Self.fetched()
        let aging = try #require(state.look(now: .seconds(241)).begun)
        #expect(state.step(for: .badSignature, now: .seconds(241)).text == "join")
        var same = state
        _ = same.finish(aging, .unchanged(try #require(aging.known)), now: .seconds(242), fraction: 0)
        #expect(same.stepAfterWait(for: .badSignature, aging, now: .seconds(242)).text == "start")
        #expect(same.stepAfterWait(for: .badSignature, aging, now: .seconds(242)).text == "join")
        _ = state.finish(aging, .changed(try Self.document("a", "b")), now: .seconds(242), fraction: 0)
        #expect(state.stepAfterWait(for: .badSignature, aging, now: .seconds(242)).text == "answer a b")
    }

    @Test("An unknown key joins a fetch for a bad signature, which asks the issuer too")
    func unknownKeyJoins() throws {
        var state = try Self.fetched()
        try Self.empty(&state, at: .seconds(10))
        let attempt = try Self.begun(&state, .badSignature, .seconds(20))
        #expect(state.step(for: .unknownKey, now: .seconds(20)).text == "join")
        _ = state.finish(attempt, .changed(try Self.document("a")), now: .seconds(21), fraction: 0)
        #expect(state.stepAfterWait(for: .unknownKey, attempt, now: .seconds(21)).text == "answer a")
        #expect(state.step(for: .unknownKey, now: .seconds(25)).text == "answer a")
        #expect(state.step(for: .unknownKey, now: .seconds(26)).text == "refuse 14")
    }

    // MARK: The rows

    @Test("Row 1, no set, TTL lane free: one fetch that all wait for; a set decides, else 503")
    func row1() throws {
        var state = KeySetState(RemoteKeySet.Settings(), now: .zero)
        #expect(state.look(now: .zero).keys == nil)
        let attempt = try Self.begun(&state, .noKeys, .zero)
        #expect(state.step(for: .unknownKey, now: .zero).text == "join")
        var failed = state
        _ = state.finish(attempt, .changed(try Self.document("a")), now: .seconds(1), fraction: 0)
        #expect(state.stepAfterWait(for: .noKeys, attempt, now: .seconds(1)).text == "answer a")
        _ = failed.finish(attempt, .failed(.status(500)), now: .seconds(1), fraction: 1)
        #expect(failed.stepAfterWait(for: .noKeys, attempt, now: .seconds(1)).text == "refuse 1")
    }

    @Test("Row 2, no set, TTL lane backing off: 503 with what is left of it")
    func row2() throws {
        var state = KeySetState(RemoteKeySet.Settings(), now: .zero)
        for (at, left) in [(0, 1), (1, 2), (3, 4)] {
            let attempt = try Self.begun(&state, .noKeys, .seconds(at))
            _ = state.finish(attempt, .failed(.status(500)), now: .seconds(at), fraction: 1)
            #expect(state.step(for: .noKeys, now: .seconds(at)).text == "refuse \(left)")
            #expect(state.step(for: .unknownKey, now: .seconds(at)).text == "refuse \(left)")
        }
        #expect(state.step(for: .noKeys, now: .seconds(7) - .milliseconds(1)).text == "refuse 1")
        #expect(state.step(for: .noKeys, now: .seconds(7)).text == "start")
    }

    @Test("Row 3, a set up to 0.8 of its lifetime: it verifies, and nothing else happens")
    func row3() throws {
        var state = try Self.fetched()
        for now in [Duration.zero, .seconds(240)] {
            let look = state.look(now: now)
            #expect(look.keys?.names == "a")
            #expect(look.begun == nil)
            #expect(look.event == nil)
        }
        // The set arrived after the caller's first look, so there is nothing to wait for.
        #expect(state.step(for: .noKeys, now: .seconds(240)).text == "answer a")
    }

    @Test("Row 4, past 0.8 of its lifetime, TTL lane free: one fetch in the background, the present set serves")
    func row4() throws {
        for now in [Duration.seconds(240) + .nanoseconds(1), .seconds(300), .seconds(3_600)] {
            var state = try Self.fetched()
            let look = state.look(now: now)
            #expect(look.keys?.names == "a")
            #expect(look.begun?.cause == .aging)
            // The next request finds the fetch in progress.
            #expect(state.look(now: now).begun == nil)
        }
    }

    @Test("Row 5, past 0.8 of its lifetime, TTL lane busy or backing off: the present set serves, no fetch")
    func row5() throws {
        var state = try Self.fetched()
        _ = try #require(state.look(now: .seconds(250)).begun)
        #expect(state.look(now: .seconds(251)).keys?.names == "a")
        #expect(state.look(now: .seconds(251)).begun == nil)

        var backingOff = try Self.fetched()
        try Self.fail(&backingOff, at: .seconds(250))
        #expect(backingOff.look(now: .seconds(251) - .nanoseconds(1)).begun == nil)
        #expect(backingOff.look(now: .seconds(251) - .nanoseconds(1)).keys?.names == "a")
        #expect(backingOff.look(now: .seconds(251)).begun?.cause == .aging)
    }

    @Test(
        "Row 6, unknown key, its lane free: one fetch that all wait for; a good one decides, a failed one is 503",
        arguments: [1, 100, 300, 301, 3_600])
    func row6(age: Int) throws {
        let now = Duration.seconds(age)
        var state = try Self.fetched()
        let attempt = try Self.begun(&state, .unknownKey, now)
        #expect(attempt.cause == .unknownKey)
        #expect(state.step(for: .unknownKey, now: now).text == "join")
        // A known key does not wait in the meantime.
        #expect(state.look(now: now).keys?.names == "a")
        var failed = state
        _ = state.finish(attempt, .changed(try Self.document("a", "b")), now: now, fraction: 0)
        #expect(state.stepAfterWait(for: .unknownKey, attempt, now: now).text == "answer a b")
        // For a waiting caller, a failure and the end of the wait have the same result.
        #expect(failed.stepAfterWait(for: .unknownKey, attempt, now: now).text == "refuse 1")
        _ = failed.finish(attempt, .failed(.status(500)), now: now, fraction: 1)
        #expect(failed.stepAfterWait(for: .unknownKey, attempt, now: now).text == "refuse 1")
        // The next token finds another permit.
        #expect(failed.step(for: .unknownKey, now: now).text == "start")
    }

    @Test("Row 6: a fetch for the age of the set is joined, costs no permit, and decides if it brings another set")
    func row6Joined() throws {
        var state = try Self.fetched()
        let attempt = try #require(state.look(now: .seconds(250)).begun)
        #expect(state.step(for: .unknownKey, now: .seconds(250)).text == "join")
        _ = state.finish(attempt, .changed(try Self.document("b")), now: .seconds(251), fraction: 0)
        #expect(state.stepAfterWait(for: .unknownKey, attempt, now: .seconds(251)).text == "answer b a")
        try Self.empty(&state, at: .seconds(251))
    }

    @Test(
        "RFC 9111 §5.2.1.4: a joined fetch for the age that brings the same set, as a cache does, decides nothing",
        arguments: [0, 3])
    func row6Cached(taken: Int) throws {
        let document = try Self.document("a")
        var state = try Self.fetched(document)
        let attempt = try #require(state.look(now: .seconds(250)).begun)
        #expect(state.step(for: .unknownKey, now: .seconds(250)).text == "join")
        _ = state.finish(attempt, .unchanged(document), now: .seconds(251), fraction: 0)
        // Another request may take the permits first, with or without an answer of the issuer.
        var answered = state
        for _ in 0..<taken {
            let other = try Self.begun(&state, .unknownKey, .seconds(251))
            _ = state.finish(other, .failed(.status(500)), now: .seconds(251), fraction: 1)
            let good = try Self.begun(&answered, .unknownKey, .seconds(251))
            _ = answered.finish(good, .unchanged(document), now: .seconds(251), fraction: 0)
        }
        let step = state.stepAfterWait(for: .unknownKey, attempt, now: .seconds(251))
        #expect(step.text == (taken == 0 ? "start" : "refuse 30"))
        if taken > 0 {
            #expect(answered.stepAfterWait(for: .unknownKey, attempt, now: .seconds(251)).text == "answer a")
        }
        guard case .wait(let asking, _) = step else { return }
        #expect(asking.cause == .unknownKey)
        // The others that waited share this fetch, and its answer decides.
        #expect(state.stepAfterWait(for: .unknownKey, attempt, now: .seconds(251)).text == "join")
        _ = state.finish(asking, .unchanged(document), now: .seconds(252), fraction: 0)
        #expect(state.stepAfterWait(for: .unknownKey, asking, now: .seconds(252)).text == "answer a")
        #expect(state.stepAfterWait(for: .noKeys, attempt, now: .seconds(252)).text == "answer a")
    }

    @Test("Row 7, unknown key, its lane empty, set asked for at most 5 s ago: 401 at once")
    func row7() throws {
        var state = try Self.fetched()
        try Self.empty(&state, at: .seconds(100))
        #expect(state.step(for: .unknownKey, now: .seconds(100)).text == "answer a")
        #expect(state.step(for: .unknownKey, now: .seconds(105)).text == "answer a")
        #expect(state.step(for: .unknownKey, now: .seconds(105) + .nanoseconds(1)).text == "refuse 25")
    }

    @Test("Row 7: the five seconds count from the beginning of the fetch, and only good fetches count")
    func row7Age() throws {
        var state = try Self.fetched()
        for _ in 0..<2 {
            let attempt = try Self.begun(&state, .unknownKey, .zero)
            _ = state.finish(attempt, .failed(.status(500)), now: .zero, fraction: 1)
        }
        let slow = try Self.begun(&state, .unknownKey, .seconds(1))
        var failed = state
        _ = failed.finish(slow, .failed(.status(500)), now: .seconds(2), fraction: 1)
        #expect(failed.step(for: .unknownKey, now: .seconds(2)).text == "refuse 28")
        _ = state.finish(slow, .changed(try Self.document("a")), now: .seconds(5), fraction: 0)
        #expect(state.step(for: .unknownKey, now: .seconds(6)).text == "answer a")
        #expect(state.step(for: .unknownKey, now: .seconds(6) + .nanoseconds(1)).text == "refuse 24")
    }

    @Test("Row 8, unknown key, its lane empty otherwise: 503 until the next permit; one comes back every 30 s")
    func row8() throws {
        var state = try Self.fetched()
        try Self.empty(&state, at: .seconds(10))
        for (now, left) in [(16, 24), (39, 1)] {
            #expect(state.step(for: .unknownKey, now: .seconds(now)).text == "refuse \(left)")
        }
        #expect(state.step(for: .unknownKey, now: .seconds(40) - .nanoseconds(1)).text == "refuse 1")
        let attempt = try Self.begun(&state, .unknownKey, .seconds(40))
        _ = state.finish(attempt, .failed(.status(500)), now: .seconds(41), fraction: 1)
        #expect(state.stepAfterWait(for: .unknownKey, attempt, now: .seconds(41)).text == "refuse 29")
        #expect(state.step(for: .unknownKey, now: .seconds(41)).text == "refuse 29")
        // After 90 s, the bucket is full again, and holds no more than three.
        let later = Duration.seconds(10_000)
        let renewal = try Self.begun(&state, .noKeys, later)
        _ = state.finish(renewal, .changed(try Self.document("a")), now: later, fraction: 0)
        try Self.empty(&state, at: later)
        #expect(state.step(for: .unknownKey, now: later + .seconds(6)).text == "refuse 24")
    }

    @Test("Fetches of the TTL lane take no permit, and do not let an empty lane call a key unknown")
    func lanes() throws {
        var state = try Self.fetched()
        for round in 1...5 { try Self.refresh(&state, at: .seconds(250 * round), .changed(try Self.document("a"))) }
        try Self.empty(&state, at: .seconds(1_250))

        var flooded = try Self.fetched(Self.document("a", lifetime: .seconds(60)))
        for at in [0, 0, 0, 30] {
            let attempt = try Self.begun(&flooded, .unknownKey, .seconds(at))
            _ = flooded.finish(attempt, .failed(.status(500)), now: .seconds(at), fraction: 1)
        }
        // A cache may have answered the TTL lane with an older set.
        try Self.refresh(&flooded, at: .seconds(49), .changed(try Self.document("a")))
        #expect(flooded.step(for: .unknownKey, now: .seconds(50)).text == "refuse 10")
    }

    @Test("An empty lane waits for the fetch that took its last permit, and not for one of the other lane")
    func emptyLane() throws {
        var state = try Self.fetched()
        for _ in 0..<2 {
            let attempt = try Self.begun(&state, .unknownKey, .seconds(235))
            _ = state.finish(attempt, .failed(.status(500)), now: .seconds(235), fraction: 1)
        }
        let last = try Self.begun(&state, .unknownKey, .seconds(240))
        #expect(state.step(for: .unknownKey, now: .seconds(240)).text == "join")
        _ = state.finish(last, .failed(.status(500)), now: .seconds(241), fraction: 1)
        let aging = try #require(state.look(now: .seconds(241)).begun)
        #expect(state.step(for: .unknownKey, now: .seconds(241)).text == "refuse 24")
        _ = state.finish(aging, .changed(try Self.document("a", "b")), now: .seconds(242), fraction: 0)
        #expect(state.look(now: .seconds(242)).keys?.names == "a b")
    }

    @Test("A failed fetch for an unknown key does not delay the TTL lane: a caller could cause it at any time")
    func failureOfOtherLane() throws {
        var state = try Self.fetched()
        let attempt = try Self.begun(&state, .unknownKey, .seconds(239))
        _ = state.finish(attempt, .failed(.status(500)), now: .seconds(240), fraction: 1)
        #expect(state.look(now: .seconds(241)).begun?.cause == .aging)
    }

    @Test(
        "Row 9, past the hard lifetime, TTL lane free: as if there were no set",
        arguments: [KeyNeed.noKeys, .unknownKey])
    func row9(need: KeyNeed) throws {
        let now = Duration.seconds(3_600) + .nanoseconds(1)
        var state = try Self.fetched()
        #expect(state.look(now: now).keys == nil)
        let attempt = try Self.begun(&state, need, now)
        #expect(attempt.cause == .noKeys)
        #expect(state.step(for: need, now: now).text == "join")
        var failed = state
        _ = state.finish(attempt, .changed(try Self.document("b")), now: now, fraction: 0)
        #expect(state.stepAfterWait(for: need, attempt, now: now).text == "answer b")
        _ = failed.finish(attempt, .failed(.status(500)), now: now, fraction: 1)
        #expect(failed.stepAfterWait(for: need, attempt, now: now).text == "refuse 1")
    }

    @Test("Row 10, past the hard lifetime, TTL lane backing off: 503", arguments: [KeyNeed.noKeys, .unknownKey])
    func row10(need: KeyNeed) throws {
        var state = try Self.fetched()
        try Self.fail(&state, at: .seconds(3_600))
        #expect(state.look(now: .seconds(3_600.5)).keys == nil)
        #expect(state.step(for: need, now: .seconds(3_600.5)).text == "refuse 1")
    }

    // MARK: The constants

    @Test("Soft lifetime: 300 s less 0…10 % by chance; the refresh begins at 0.8 of it", arguments: [0, 0.5, 1])
    func softLifetime(fraction: Double) throws {
        var state = try Self.fetched(fraction: fraction)
        let lifetime = Duration.seconds(300) * (1 - 0.1 * fraction)
        #expect(state.health(now: lifetime) == .healthy)
        #expect(state.health(now: lifetime + .milliseconds(1)) == .stale(age: lifetime + .milliseconds(1)))
        #expect(state.look(now: lifetime * 0.8 - .milliseconds(1)).begun == nil)
        #expect(state.look(now: lifetime * 0.8 + .milliseconds(1)).begun != nil)
    }

    @Test("The lifetime that a response asks for is the set's, never beyond the hard one")
    func askedLifetime() throws {
        let document = try Self.document("a", lifetime: .seconds(3_600))
        var long = try Self.fetched(document)
        #expect(long.look(now: .seconds(2_880)).begun == nil)
        #expect(long.look(now: .seconds(2_881)).begun != nil)
        var short = try Self.fetched(document, settings: RemoteKeySet.Settings(hardLifetime: .seconds(300)))
        #expect(short.look(now: .seconds(241)).begun != nil)
        #expect(short.look(now: .seconds(300)).keys?.names == "a")
        #expect(short.look(now: .seconds(301)).keys == nil)
    }

    @Test("Hard lifetime: 3600 s, settable 300 s…24 h", arguments: [300, 3_600, 86_400])
    func hardLifetime(seconds: Int) throws {
        #expect(RemoteKeySet.Settings().hardLifetime == .seconds(3_600))
        let hard = Duration.seconds(seconds)
        var state = try Self.fetched(settings: RemoteKeySet.Settings(hardLifetime: hard))
        #expect(state.look(now: hard).keys != nil)
        #expect(state.look(now: hard + .nanoseconds(1)).keys == nil)
        #expect(state.health(now: hard + .seconds(2)) == .unavailable(since: .seconds(2)))
    }

    @Test("A hard lifetime outside its range is a configuration error", arguments: [299, 86_401, 0, -1])
    func hardLifetimeRange(seconds: Int) {
        var faults: ConfigurationFaults = []
        RemoteKeySet.Settings(hardLifetime: .seconds(seconds)).check(at: "settings", &faults)
        #expect(
            ConfigurationError(faults).lines
                == ["settings.hardLifetime is outside 300 s…24 h; choose a time in this range"])
        #expect(throws: ConfigurationError.self) {
            try RemoteKeySet(
                of: IssuerIdentifier("https://issuer.example"),
                settings: RemoteKeySet.Settings(hardLifetime: .seconds(seconds)), fetcher: ScriptedFetcher())
        }
    }

    @Test("Back-off: 1, 2, 4 … 60 s, of which chance takes a part; reset on success")
    func backOff() throws {
        var backOff = BackOff()
        var waits: [Duration] = []
        for _ in 0..<9 {
            backOff.fail(.zero, fraction: 1)
            waits.append(try #require(backOff.nextAttempt))
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
        backOff.fail(.zero, fraction: 0.25)
        #expect(backOff.nextAttempt == .seconds(15))
        #expect(backOff.secondsLeft(.seconds(14.5)) == 1)
        #expect(backOff.secondsLeft(.seconds(13.5)) == 2)

        var state = try Self.fetched()
        for (at, next) in [(250, 251), (251, 253), (253, 257)] {
            try Self.fail(&state, at: .seconds(at))
            #expect(state.look(now: .seconds(next) - .nanoseconds(1)).begun == nil)
        }
        try Self.refresh(&state, at: .seconds(257), .changed(try Self.document("a")))
        try Self.fail(&state, at: .seconds(500))
        #expect(state.look(now: .seconds(501)).begun != nil)
    }

    // MARK: Swaps

    @Test("The new set replaces the present one; an answer that is not to the fetch under way changes nothing")
    func olderAnswer() throws {
        var state = try Self.fetched()
        let first = try #require(state.look(now: .seconds(250)).begun)
        #expect((state.finish(first, .failed(.fetch(.timedOut)), now: .seconds(255), fraction: 0)) == true)
        let second = try #require(state.look(now: .seconds(256)).begun)
        #expect(second.number > first.number)
        // While the second fetch is in progress, and after it.
        #expect((state.finish(first, .changed(try Self.document("old")), now: .seconds(256), fraction: 0)) == false)
        #expect((state.finish(second, .changed(try Self.document("a", "b")), now: .seconds(257), fraction: 0)) == true)
        #expect((state.finish(first, .changed(try Self.document("old")), now: .seconds(258), fraction: 0)) == false)
        #expect((state.finish(second, .failed(.status(500)), now: .seconds(258), fraction: 1)) == false)
        #expect(state.look(now: .seconds(258)).keys?.names == "a b")
        #expect(state.health(now: .seconds(258)) == .healthy)
    }

    @Test("A removed key keeps verifying until the next refresh misses it too")
    func removedKeys() throws {
        var state = try Self.fetched(Self.document("a", "b"))
        try Self.refresh(&state, at: .seconds(250), .changed(try Self.document("b", "c")))
        let graced = try #require(state.look(now: .seconds(251)).keys)
        #expect(graced.names == "b c a")
        // A key that is missing for the second time is removed. A key that is missing for the first time has a grace
        // period. A key that is present again stays.
        var again = state
        try Self.refresh(&again, at: .seconds(491), .changed(try Self.document("c", "a")))
        #expect(again.look(now: .seconds(492)).keys?.names == "c a b")
        try Self.refresh(&state, at: .seconds(491), .changed(try Self.document("c")))
        #expect(state.look(now: .seconds(492)).keys?.names == "c b")
        #expect(state.look(now: .seconds(492)).keys?.identity != graced.identity)
    }

    @Test("An unchanged set is a refresh too: it misses again what it missed, and keeps its identity otherwise")
    func unchanged() throws {
        let second = try Self.document("b")
        var state = try Self.fetched(Self.document("a", "b"))
        try Self.refresh(&state, at: .seconds(250), .changed(second))
        #expect(state.look(now: .seconds(251)).keys?.names == "b a")
        try Self.refresh(&state, at: .seconds(491), .unchanged(second))
        let without = try #require(state.look(now: .seconds(492)).keys)
        #expect(without.names == "b")
        try Self.refresh(&state, at: .seconds(740), .unchanged(second))
        #expect(state.look(now: .seconds(740)).keys?.identity == without.identity)
        #expect(state.health(now: .seconds(1_040)) == .healthy)
    }

    @Test("The grace of a removed key is one soft lifetime at most, and never beyond the hard one of its own set")
    func graceEnds() throws {
        var state = try Self.fetched(Self.document("a", "b"))
        try Self.refresh(&state, at: .seconds(250), .changed(try Self.document("b")), fraction: 1)
        try Self.fail(&state, at: .seconds(500), fraction: 0)
        #expect(state.look(now: .seconds(520)).keys?.names == "b a")
        #expect(state.step(for: .noKeys, now: .seconds(520)).text == "answer b a")
        #expect(state.step(for: .noKeys, now: .seconds(520) + .nanoseconds(1)).text == "answer b")
        #expect(state.look(now: .seconds(520) + .nanoseconds(1)).keys?.names == "b")

        // The key was last seen at 0. Its set expired at 3600.
        var late = try Self.fetched(Self.document("a", "b"))
        try Self.refresh(&late, at: .seconds(3_590), .changed(try Self.document("b")))
        #expect(late.look(now: .seconds(3_600)).keys?.names == "b a")
        #expect(late.look(now: .seconds(3_600) + .nanoseconds(1)).keys?.names == "b")
    }

    @Test("An expired key does not rise again with the next set")
    func expiredKeys() throws {
        var state = try Self.fetched(Self.document("a", "b"))
        let attempt = try Self.begun(&state, .noKeys, .seconds(3_601))
        _ = state.finish(attempt, .changed(try Self.document("b")), now: .seconds(3_602), fraction: 0)
        #expect(state.look(now: .seconds(3_602)).keys?.names == "b")
    }

    @Test("dropRemovedKeys .atOnce: a removed key is gone with the first refresh that misses it")
    func dropAtOnce() throws {
        var state = try Self.fetched(Self.document("a", "b"), settings: Self.settings(.atOnce))
        try Self.refresh(&state, at: .seconds(250), .changed(try Self.document("b")))
        #expect(state.look(now: .seconds(250)).keys?.names == "b")
    }

    // MARK: Events for the operator

    @Test("Being stale and being expired are told once each, until the next good fetch")
    func toldOnce() throws {
        var state = try Self.fetched()
        for round in [Duration.zero, .seconds(10_000)] {
            let attempt = try #require(state.look(now: round + .seconds(250)).begun)
            let events = [300, 301, 302, 3_600, 3_601, 3_602].map { state.look(now: round + .seconds($0)).event }
            #expect(events == [nil, .servedStale(age: .seconds(301)), nil, nil, .hardExpired, nil])
            _ = state.finish(attempt, .changed(try Self.document("a")), now: .seconds(10_000), fraction: 0)
        }
    }

    @Test("Health: unavailable since it was made, then healthy, stale, and unavailable since it expired")
    func health() throws {
        #expect(
            KeySetState(RemoteKeySet.Settings(), now: .seconds(5)).health(now: .seconds(7))
                == .unavailable(since: .seconds(2)))
        let state = try Self.fetched()
        #expect(state.health(now: .seconds(300)) == .healthy)
        #expect(state.health(now: .seconds(301)) == .stale(age: .seconds(301)))
        #expect(state.health(now: .seconds(3_600)) == .stale(age: .seconds(3_600)))
        #expect(state.health(now: .seconds(3_660)) == .unavailable(since: .seconds(60)))
    }
}
